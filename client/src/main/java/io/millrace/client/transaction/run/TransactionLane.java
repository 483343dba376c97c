package io.millrace.client.transaction.run;

import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.sending.ProducerIdAndEpoch;
import io.millrace.client.sending.SendResult;
import io.millrace.client.sending.run.SenderLane;
import io.millrace.client.sending.run.TransactionGate;
import io.millrace.client.transaction.GroupOffsets;
import io.millrace.client.transaction.ProducerTransactions;
import io.millrace.client.transaction.TransactionPhase;
import io.millrace.client.transaction.TransactionStep;
import io.millrace.client.transaction.TransactionTrouble;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientConversation;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.AddOffsetsToTxnResponse;
import io.millrace.protocol.messages.AddPartitionsToTxnResponse;
import io.millrace.protocol.messages.ApiVersionsResponse;
import io.millrace.protocol.messages.EndTxnResponse;
import io.millrace.protocol.messages.FindCoordinatorResponse;
import io.millrace.protocol.messages.InitProducerIdResponse;
import io.millrace.protocol.messages.TxnOffsetCommitResponse;
import io.millrace.records.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Brings the transactions of a producer forward: one request at a time to their coordinator or a group's, and word to the
 * sender. Everything happens on the sender's lane.
 */
public final class TransactionLane implements TransactionGate {
    private static final String FEATURE = "transaction.version";

    /** Hears, on the lane, what threads of an application have to know before they ask. */
    public interface Listener {
        /** The producer stands elsewhere now. */
        void onPhase(TransactionPhase phase, @Nullable TransactionTrouble trouble);

        /** Something went wrong that is tried again; empty once it went well. */
        void onRetry(String sentence);
    }

    private final ClientLane lane;
    private final ProducerTransactions transactions;
    private final TransactionRequests requests;
    private final int requestTimeoutMs;
    private final SenderLane sender;
    private final Listener listener;
    private @Nullable ClusterLine cluster;
    private @Nullable CommandEnd whenEnded;
    private @Nullable CommandEnd whenOffsetsAreTaken;
    private TransactionPhase seen = TransactionPhase.UNINITIALIZED;
    private boolean isAsking;
    private boolean isStepAsked;
    private boolean isFlushing;
    private boolean isDropping;
    private boolean isClosed;
    private Lane.@Nullable Timer timer;
    private long quietUntilMs = Long.MIN_VALUE;

    /**
     * Transactions of which nothing has been asked yet.
     *
     * @param transactionTimeoutMs how long the coordinator leaves a transaction open
     */
    public TransactionLane(
            ClientLane lane,
            ProducerTransactions transactions,
            int transactionTimeoutMs,
            int requestTimeoutMs,
            SenderLane sender,
            Listener listener) {
        this.lane = lane;
        this.transactions = transactions;
        this.requests = new TransactionRequests(transactions.transactionalId(), transactionTimeoutMs);
        this.requestTimeoutMs = requestTimeoutMs;
        this.sender = sender;
        this.listener = listener;
    }

    /** Gives it and its sender their lines to the brokers. */
    public void begin(ClusterLine itsCluster) {
        cluster = itsCluster;
        sender.begin(itsCluster, this);
    }

    private ClusterLine cluster() {
        ClusterLine known = cluster;
        if (known == null) throw new IllegalStateException("transactions are used before they have begun");
        return known;
    }

    /** Asks who the producer is. Like all commands it throws IllegalStateException if the phase does not allow it. */
    public void initialize(CommandEnd then) {
        transactions.initialize();
        whenEnded = then;
        step();
    }

    /** Opens a transaction. */
    public void beginTransaction() {
        transactions.begin();
        step();
        sender.resume();
    }

    /** Takes offsets into the transaction. */
    public void sendOffsets(GroupOffsets offsets, CommandEnd then) {
        transactions.sendOffsets(offsets);
        whenOffsetsAreTaken = then;
        step();
    }

    /** Has all that was handed in written, and then committed. */
    public void commit(CommandEnd then) {
        transactions.commit();
        whenEnded = then;
        isFlushing = true;
        sender.beginFlush();
        step();
    }

    /** Drops what was not written, and has the rest aborted. */
    public void abort(CommandEnd then) {
        transactions.abort();
        whenEnded = then;
        step();
    }

    /** Where the producer stands. */
    public TransactionPhase phase() {
        return transactions.phase();
    }

    /** Why it can only be aborted, or nothing at all be done; null otherwise. */
    public @Nullable TransactionTrouble trouble() {
        return transactions.trouble();
    }

    /** Asks nothing any more. */
    public void close() {
        isClosed = true;
        if (timer != null) timer.cancel();
    }

    @Override
    public String transactionalId() {
        return transactions.transactionalId();
    }

    @Override
    public short maxProduceVersion() {
        return TransactionRequests.maxProduceVersion(transactions.isSecondVersion());
    }

    @Override
    public boolean maySend(String topic, int partition) {
        boolean may = transactions.maySend(new TopicPartition(topic, partition));
        if (!may && transactions.hasUnannounced()) stepSoon();
        return may;
    }

    @Override
    public void sent() {
        transactions.sent();
    }

    @Override
    public void failed(SendResult.Failed failure) {
        transactions.recordsFailed(failure.error(), failure.sentence());
        stepSoon();
    }

    @Override
    public void progressed() {
        // While a transaction is simply open its batches are none of this one's business.
        if (transactions.phase() != TransactionPhase.OPEN || transactions.hasUnannounced() || transactions.hasOffsets())
            stepSoon();
    }

    private void stepSoon() {
        if (isStepAsked || isClosed) return;
        isStepAsked = true;
        lane.lane().execute(() -> {
            isStepAsked = false;
            step();
        });
    }

    private void step() {
        if (isClosed) return;
        obeyPhase();
        if (isAsking) return;
        long nowMs = lane.nowMs();
        if (nowMs < quietUntilMs) {
            wakeAt(quietUntilMs, nowMs);
            return;
        }
        boolean isEnding = transactions.phase() == TransactionPhase.COMMITTING
                || transactions.phase() == TransactionPhase.ABORTING;
        TransactionStep wanted = transactions.next(isEnding && sender.isIdle(), nowMs);
        if (wanted != null) ask(wanted, nowMs);
        else if (transactions.askFromMs() > nowMs) wakeAt(transactions.askFromMs(), nowMs);
        obeyPhase();
    }

    /** Has everybody do what the phase says. */
    private void obeyPhase() {
        TransactionPhase phase = transactions.phase();
        TransactionTrouble trouble = transactions.trouble();
        boolean isDoomed = phase == TransactionPhase.ABORTING
                || phase == TransactionPhase.ABORTABLE
                || phase == TransactionPhase.FATAL;
        if (isDoomed && !isDropping) {
            isDropping = true;
            ErrorCode error = trouble == null ? ErrorCode.TRANSACTION_ABORTABLE : trouble.error();
            sender.beginDrop(new SendResult.Failed(
                    error,
                    trouble == null ? "the transaction is aborted" : "not sent any more: " + trouble.sentence()));
        }
        boolean isOver = phase == TransactionPhase.READY;
        if (isOver && isDropping) {
            isDropping = false;
            sender.endDrop();
        }
        if (isFlushing && phase != TransactionPhase.COMMITTING) {
            isFlushing = false;
            sender.endFlush();
        }
        if (isOver && seen != TransactionPhase.READY) sender.isNow(transactions.identity());
        if (phase != seen) {
            seen = phase;
            listener.onPhase(phase, trouble);
        }
        CommandEnd offsetsEnd = whenOffsetsAreTaken;
        if (offsetsEnd != null && (!transactions.hasOffsets() || phase != TransactionPhase.OPEN)) {
            whenOffsetsAreTaken = null;
            offsetsEnd.ended(trouble);
        }
        CommandEnd end = whenEnded;
        boolean hasEnded = isOver || phase == TransactionPhase.FATAL || phase == TransactionPhase.ABORTABLE;
        if (end != null && hasEnded) {
            whenEnded = null;
            end.ended(isOver ? null : trouble);
        }
    }

    private void ask(TransactionStep wanted, long nowMs) {
        switch (wanted) {
            case TransactionStep.FindTransactionCoordinator find -> askAny(find);
            case TransactionStep.FindGroupCoordinator find -> askAny(find);
            case TransactionStep.Identify(int node, var current) -> askNode(wanted, node, nowMs);
            case TransactionStep.AddPartitions(int node, var producer, var partitions) -> askNode(wanted, node, nowMs);
            case TransactionStep.AddOffsets(int node, var producer, var group) -> askNode(wanted, node, nowMs);
            case TransactionStep.CommitOffsets(int node, var producer, var offsets) -> askNode(wanted, node, nowMs);
            case TransactionStep.End(int node, var producer, var isCommit) -> askNode(wanted, node, nowMs);
        }
    }

    private void askAny(TransactionStep wanted) {
        isAsking = cluster().askAny(requests.of(wanted), answer -> answered(wanted, answer));
        if (!isAsking) cluster().refresh(); // Which goes on connecting until somebody is there; then this is told.
    }

    private void askNode(TransactionStep wanted, int node, long nowMs) {
        if (cluster().view().node(node) == null) {
            cluster().refresh();
            return; // More will be known.
        }
        ClientConversation conversation = cluster().ready(node);
        if (conversation == null) {
            long retryAtMs = cluster().connect(node);
            if (retryAtMs != Long.MAX_VALUE) {
                // It cannot be reached just now: perhaps another one coordinates by then.
                listener.onRetry("coordinator " + node + " cannot be reached");
                transactions.unanswered(
                        wanted,
                        "coordinator " + node + " cannot be reached",
                        nowMs,
                        lane.randomness().nextLong());
                wakeAt(transactions.askFromMs(), nowMs);
            }
            return; // Else it will be told when the coordinator is ready, or lost.
        }
        if (!(wanted instanceof TransactionStep.CommitOffsets)) transactions.learn(transactionVersion(conversation));
        isAsking = true;
        Request request = requests.of(wanted);
        short most = TransactionRequests.maxVersion(wanted, transactions.isSecondVersion());
        short latest = request.apiKey().latestStableVersion();
        conversation.send(
                request, (short) Math.min(most, latest), requestTimeoutMs, answer -> answered(wanted, answer));
    }

    private static int transactionVersion(ClientConversation conversation) {
        ApiVersionsResponse said = conversation.versions().response().orElse(null);
        if (said == null) return 0;
        for (ApiVersionsResponse.FinalizedFeatureKey each : said.finalizedFeatures()) {
            if (each.name().equals(FEATURE)) return each.maxVersionLevel();
        }
        return 0;
    }

    private void answered(TransactionStep asked, Answer answer) {
        isAsking = false;
        if (isClosed) return;
        long nowMs = lane.nowMs();
        long randomBits = lane.randomness().nextLong();
        switch (answer) {
            case Answer.Answered(Response response, short version) -> take(asked, response, nowMs, randomBits);
            case Answer.Failed(Answer.Reason reason, String sentence) -> {
                if (reason == Answer.Reason.UNSUPPORTED_VERSION) transactions.unsupported(sentence);
                else transactions.unanswered(asked, sentence, nowMs, randomBits);
            }
        }
        listener.onRetry(transactions.lastTrouble());
        boolean mayHaveAnnounced = asked instanceof TransactionStep.AddPartitions;
        step();
        if (mayHaveAnnounced) sender.resume();
    }

    private void take(TransactionStep asked, Response response, long nowMs, long randomBits) {
        switch (response) {
            case FindCoordinatorResponse found -> {
                quiet(found.throttleTimeMs(), nowMs);
                takeFound(asked, found, nowMs, randomBits);
            }
            case InitProducerIdResponse given -> {
                quiet(given.throttleTimeMs(), nowMs);
                transactions.identified(
                        asked,
                        ErrorCode.forCode(given.errorCode()),
                        new ProducerIdAndEpoch(given.producerId(), given.producerEpoch()),
                        nowMs,
                        randomBits);
            }
            case AddPartitionsToTxnResponse added
            when asked instanceof TransactionStep.AddPartitions add -> {
                quiet(added.throttleTimeMs(), nowMs);
                transactions.partitionsAdded(add, TransactionRequests.errors(added), nowMs, randomBits);
            }
            case AddOffsetsToTxnResponse added
            when asked instanceof TransactionStep.AddOffsets add -> {
                quiet(added.throttleTimeMs(), nowMs);
                transactions.groupAdded(add, ErrorCode.forCode(added.errorCode()), nowMs, randomBits);
            }
            case TxnOffsetCommitResponse taken
            when asked instanceof TransactionStep.CommitOffsets commit -> {
                quiet(taken.throttleTimeMs(), nowMs);
                transactions.offsetsCommitted(commit, TransactionRequests.errors(taken), nowMs, randomBits);
            }
            case EndTxnResponse ended
            when asked instanceof TransactionStep.End end -> {
                quiet(ended.throttleTimeMs(), nowMs);
                ProducerIdAndEpoch given = new ProducerIdAndEpoch(ended.producerId(), ended.producerEpoch());
                transactions.ended(end, ErrorCode.forCode(ended.errorCode()), given, nowMs, randomBits);
            }
            default -> throw new IllegalStateException(asked + " got another answer: " + response.apiKey());
        }
    }

    private void takeFound(TransactionStep asked, FindCoordinatorResponse found, long nowMs, long randomBits) {
        ErrorCode error = ErrorCode.forCode(found.errorCode());
        String words = found.errorMessage();
        int nodeId = found.nodeId();
        if (!found.coordinators().isEmpty()) {
            FindCoordinatorResponse.Coordinator first = found.coordinators().getFirst();
            error = ErrorCode.forCode(first.errorCode());
            words = first.errorMessage();
            nodeId = first.nodeId();
        }
        if (error == ErrorCode.NONE && nodeId < 0) error = ErrorCode.COORDINATOR_NOT_AVAILABLE;
        transactions.found(asked, error, words == null ? "" : words, nodeId, nowMs, randomBits);
    }

    /** A broker that asks for silence gets it (KIP-219). */
    private void quiet(int throttleMs, long nowMs) {
        if (throttleMs > 0) quietUntilMs = nowMs + throttleMs;
    }

    private void wakeAt(long atMs, long nowMs) {
        if (timer != null) timer.cancel();
        timer = lane.lane().schedule(Math.max(1, atMs - nowMs), () -> {
            timer = null;
            step();
        });
    }
}
