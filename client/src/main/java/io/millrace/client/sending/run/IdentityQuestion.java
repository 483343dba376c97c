package io.millrace.client.sending.run;

import io.millrace.client.cluster.RetryBackoff;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.sending.ProducerIdentity;
import io.millrace.connection.run.Answer;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.InitProducerIdRequest;
import io.millrace.protocol.messages.InitProducerIdResponse;

/** Has the cluster say who an idempotent producer without transactions is, again and again until it does. On the lane only. */
final class IdentityQuestion {
    private static final int NO_TRANSACTION_TIMEOUT_MS = Integer.MAX_VALUE;

    private final SenderLane sender;
    private final ClientLane lane;
    private final RetryBackoff backoff;
    private final ProducerIdentity identity;
    private boolean isAsking;
    private boolean isWaitingForAnyBroker;
    private int failures;

    IdentityQuestion(SenderLane sender, ClientLane lane, RetryBackoff backoff, ProducerIdentity identity) {
        this.sender = sender;
        this.lane = lane;
        this.backoff = backoff;
        this.identity = identity;
    }

    /** There may be somebody to ask now. */
    void brokersChanged() {
        if (isWaitingForAnyBroker && identity.isWanted()) ask();
    }

    /** Asks, unless that is under way or there is nobody to ask, in which case {@link #brokersChanged} does. */
    void ask() {
        if (isAsking || sender.isOver()) return;
        InitProducerIdRequest request = InitProducerIdRequest.builder()
                .transactionalId(null)
                .transactionTimeoutMs(NO_TRANSACTION_TIMEOUT_MS)
                .build();
        isAsking = sender.cluster().askAny(request, this::answered);
        isWaitingForAnyBroker = !isAsking;
    }

    private void answered(Answer answer) {
        isAsking = false;
        if (sender.isClosed()) return;
        switch (answer) {
            case Answer.Answered(InitProducerIdResponse response, short version) -> {
                ErrorCode error = ErrorCode.forCode(response.errorCode());
                if (error == ErrorCode.NONE) {
                    failures = 0;
                    identity.given(response.producerId(), response.producerEpoch());
                    sender.moveAll();
                } else if (error.isRetriable()) {
                    askLater("no producer id: " + error);
                } else {
                    sender.fail(
                            error,
                            "the cluster gives no producer id: " + error + ", " + error.message()
                                    + " (enable.idempotence=false does without)");
                }
            }
            case Answer.Answered other -> throw new IllegalStateException("InitProducerId got another answer");
            case Answer.Failed(Answer.Reason reason, String sentence) -> {
                if (reason == Answer.Reason.UNSUPPORTED_VERSION) {
                    sender.fail(ErrorCode.UNSUPPORTED_VERSION, sentence + " (enable.idempotence=false does without)");
                } else {
                    askLater("no producer id: " + sentence);
                }
            }
        }
    }

    private void askLater(String why) {
        sender.trouble(why);
        failures++;
        isAsking = true;
        long waitMs = backoff.waitMs(failures, lane.randomness().nextLong());
        lane.lane().schedule(waitMs, () -> {
            isAsking = false;
            if (!sender.isClosed() && identity.isWanted()) ask();
        });
    }
}
