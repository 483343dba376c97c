package io.millrace.client.sending.run;

import io.millrace.client.cluster.ClusterTopic;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.PartitionLeader;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterEvents;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.sending.Batch;
import io.millrace.client.sending.BatchAnswer;
import io.millrace.client.sending.ProducerIdAndEpoch;
import io.millrace.client.sending.ProducerIdentity;
import io.millrace.client.sending.SendDeed;
import io.millrace.client.sending.SendResult;
import io.millrace.client.sending.SendRules;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientConversation;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.InitProducerIdRequest;
import io.millrace.protocol.messages.InitProducerIdResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Sends the batches of a producer's partitions. Each partition with something to send stands in the queue of its leader;
 * a queue is emptied into requests while the broker is ready and has room, at the end of the lane's turn, so that
 * partitions share requests. Everything happens on one lane.
 */
public final class SenderLane implements ClusterEvents {
    private static final int NO_TRANSACTION_TIMEOUT_MS = Integer.MAX_VALUE;

    /** What else the owner of a sender wants to hear, on the lane. */
    public interface Listener {
        /** More is known of the cluster. */
        void onView(ClusterView view);

        /** A broker was lost, or something else went wrong that will be tried again. */
        void onTrouble(String sentence);

        /** A broker does not let this client in; it is tried again later. */
        default void onLoginRefused(String sentence) {}
    }

    private final ClientLane lane;
    private final SendRules rules;
    private final int maxRequestBytes;
    private final int requestTimeoutMs;
    private final Listener listener;
    private final ProducerIdentity identity;
    private final SendCounters counters = new SendCounters();
    private final Set<PartitionLine> lines = new LinkedHashSet<>();
    private final Map<Integer, BrokerQueue> brokers = new TreeMap<>();
    private @Nullable ClusterLine cluster;
    private @Nullable TransactionGate gate;
    private boolean isAskingIdentity;
    private boolean isWaitingForAnyBroker;
    private int identityFailures;
    private int flushes;
    private boolean isClosed;
    private SendResult.@Nullable Failed fatal;
    /** Why what is handed in now is given up at once; until the transaction it belongs to has ended. */
    private SendResult.@Nullable Failed dropping;

    private String lastTrouble = "";

    /**
     * A sender without lines; {@link #begin} gives it them.
     *
     * @param maxRequestBytes batches of a request together, save that one batch is always sent
     * @param requestTimeoutMs how long a broker may take to gather acknowledgements
     */
    public SenderLane(ClientLane lane, SendRules rules, int maxRequestBytes, int requestTimeoutMs, Listener listener) {
        this.lane = lane;
        this.rules = rules;
        this.identity = new ProducerIdentity(rules.isTransactional());
        this.maxRequestBytes = maxRequestBytes;
        this.requestTimeoutMs = requestTimeoutMs;
        this.listener = listener;
    }

    /** Gives it its lines to the brokers, whose events it is. */
    public void begin(ClusterLine itsCluster) {
        cluster = itsCluster;
        if (rules.isIdempotent() && !rules.isTransactional()) askIdentity();
    }

    /** {@link #begin(ClusterLine)} for a producer whose batches all belong to transactions; the gate tells who it is. */
    public void begin(ClusterLine itsCluster, TransactionGate itsGate) {
        if (!rules.isTransactional()) throw new IllegalStateException("a gate without transactional rules");
        gate = itsGate;
        begin(itsCluster);
    }

    /** The coordinator says who the producer is from now on. Nothing may be on its way. */
    public void isNow(ProducerIdAndEpoch given) {
        identity.given(given.id(), given.epoch());
    }

    /** Partitions that may not be sent to before may be now. */
    public void resume() {
        moveAll();
    }

    /** Gives up what waits, and whatever is handed in until {@link #endDrop}. */
    public void beginDrop(SendResult.Failed why) {
        dropping = why;
        giveUpAll(why);
    }

    /** Ends what {@link #beginDrop} began. */
    public void endDrop() {
        dropping = null;
    }

    private ClusterLine cluster() {
        ClusterLine known = cluster;
        if (known == null) throw new IllegalStateException("a sender is used before it has begun");
        return known;
    }

    /** What it has done. */
    public SendCounters counters() {
        return counters;
    }

    /** Whether nothing is open, waits or is on its way. */
    public boolean isIdle() {
        for (PartitionLine line : lines) if (line.hasWork()) return false;
        return true;
    }

    /** Takes care of a partition from now on. */
    public PartitionLine add(String topic, int partition, OpenBatches open) {
        PartitionLine line = new PartitionLine(topic, partition, open, rules, lane, this::move);
        lines.add(line);
        return line;
    }

    /** A batch has got its first record. */
    public void opened(PartitionLine line, long openedAtMs) {
        line.openedAtMs = openedAtMs;
        if (fatal == null) cluster().want(line.topic);
        move(line);
    }

    /** A batch takes no more records. If it is to be packed, whoever hands it in does that, and says {@link #packed}. */
    public void sealed(PartitionLine line, Batch batch) {
        line.openedAtMs = PartitionLine.NEVER;
        line.sends.add(batch);
        move(line);
    }

    /** A batch that was handed in to be packed has been. */
    public void packed(PartitionLine line, Batch batch) {
        line.sends.packed(batch);
        move(line);
        if (gate != null) gate.progressed();
    }

    /** A batch that was handed in could not be packed. */
    public void notPacked(PartitionLine line, Batch batch, String why) {
        carryOut(line.sends.notPacked(batch, why));
        move(line);
        if (gate != null) gate.progressed();
    }

    /** From now until {@link #endFlush} no batch waits for company. */
    public void beginFlush() {
        flushes++;
        for (PartitionLine line : lines) if (line.openedAtMs != PartitionLine.NEVER) move(line);
    }

    /** Ends what {@link #beginFlush} began. */
    public void endFlush() {
        flushes--;
    }

    /** Gives everything up and ends the lines to the brokers. */
    public void close(String why) {
        if (isClosed) return;
        isClosed = true;
        fatal = new SendResult.Failed(ErrorCode.NETWORK_EXCEPTION, why);
        cluster().close();
        giveUpAll(fatal);
    }

    private void giveUpAll(SendResult.Failed failure) {
        for (PartitionLine line : lines) giveUp(line, failure);
    }

    private void giveUp(PartitionLine line, SendResult.Failed failure) {
        sealIfDue(line, true);
        carryOut(line.sends.abandon(failure.error(), failure.sentence()));
    }

    /** Looks at what a partition has to send, and brings it a step on its way. */
    private void move(PartitionLine line) {
        SendResult.Failed failure = fatal == null ? dropping : fatal;
        if (failure != null) {
            giveUp(line, failure);
            return;
        }
        long nowMs = lane.nowMs();
        if (Math.min(line.sends.deadlineMs(), openDeadlineMs(line)) <= nowMs) {
            if (openDeadlineMs(line) <= nowMs) sealIfDue(line, true);
            carryOut(line.sends.expire(nowMs, lastTrouble));
        }
        if (line.sends.hasWaiting() || isOpenDue(line, nowMs)) queue(line);
        keepTime(line, nowMs);
    }

    private long openDeadlineMs(PartitionLine line) {
        return line.openedAtMs == PartitionLine.NEVER ? Long.MAX_VALUE : line.openedAtMs + rules.deliveryTimeoutMs();
    }

    private boolean isOpenDue(PartitionLine line, long nowMs) {
        if (line.openedAtMs == PartitionLine.NEVER) return false;
        return flushes > 0 || line.openedAtMs + rules.lingerMs() <= nowMs;
    }

    /** Puts it into its leader's queue, if the leader is known and ready. */
    private void queue(PartitionLine line) {
        if (line.isQueued) return;
        ClusterTopic topic = cluster().view().topic(line.topic);
        PartitionLeader leader = topic == null ? PartitionLeader.UNKNOWN : topic.leader(line.partition);
        if (!leader.isKnown()) {
            cluster().want(line.topic);
            cluster().refresh();
            return; // onView will come back to it.
        }
        if (cluster().ready(leader.brokerId()) == null) {
            long retryAtMs = cluster().connect(leader.brokerId());
            if (retryAtMs != Long.MAX_VALUE) line.alarm.setTo(retryAtMs);
            return; // onReady will come back to it.
        }
        BrokerQueue broker = brokers.computeIfAbsent(leader.brokerId(), BrokerQueue::new);
        line.isQueued = true;
        broker.waiting.add(line);
        drainSoon(broker);
    }

    private void drainSoon(BrokerQueue broker) {
        if (broker.isDrainAsked || broker.requestsInFlight >= rules.maxInFlight()) return;
        broker.isDrainAsked = true;
        lane.lane().execute(() -> {
            broker.isDrainAsked = false;
            drain(broker);
        });
    }

    private void drain(BrokerQueue broker) {
        long nowMs = lane.nowMs();
        if (broker.throttledUntilMs > nowMs || isClosed) return;
        while (broker.requestsInFlight < rules.maxInFlight() && !broker.waiting.isEmpty()) {
            ClientConversation conversation = cluster().ready(broker.nodeId);
            if (conversation == null) break;
            List<SentBatch> batches = gather(broker, nowMs);
            if (!batches.isEmpty()) send(broker, conversation, batches, nowMs);
        }
        if (cluster().ready(broker.nodeId) == null) disperse(broker);
    }

    /** The broker is not there: its partitions find their own way again. */
    private void disperse(BrokerQueue broker) {
        List<PartitionLine> all = List.copyOf(broker.waiting);
        broker.waiting.clear();
        for (PartitionLine line : all) line.isQueued = false;
        for (PartitionLine line : all) move(line);
    }

    /** One batch of each partition in the queue, as far as a request reaches; empty if none has anything after all. */
    private List<SentBatch> gather(BrokerQueue broker, long nowMs) {
        List<SentBatch> batches = new ArrayList<>(2);
        long bytes = 0;
        for (int left = broker.waiting.size(); left > 0; left--) {
            PartitionLine line = broker.waiting.remove();
            line.isQueued = false;
            if (leaderOf(line) != broker.nodeId) {
                move(line);
                continue;
            }
            TransactionGate itsGate = gate;
            if (itsGate != null && !itsGate.maySend(line.topic, line.partition)) {
                keepTime(line, nowMs);
                continue;
            }
            if (line.sends.wantsMore(nowMs) && isOpenDue(line, nowMs)) sealIfDue(line, false);
            Batch batch = line.sends.ready(broker.nodeId, identity, nowMs);
            if (batch == null) {
                if (identity.isWanted() && rules.isIdempotent()) askIdentity();
                keepTime(line, nowMs);
                continue;
            }
            if (!batches.isEmpty() && bytes + batch.sizeBytes() > maxRequestBytes) {
                line.isQueued = true;
                broker.waiting.addFirst(line);
                break;
            }
            line.sends.take(batch, broker.nodeId);
            if (itsGate != null) itsGate.sent();
            bytes += batch.sizeBytes();
            batches.add(new SentBatch(line, batch));
            if (line.sends.hasWaiting() || isOpenDue(line, nowMs)) {
                line.isQueued = true;
                broker.waiting.add(line);
            }
        }
        return batches;
    }

    private int leaderOf(PartitionLine line) {
        ClusterTopic topic = cluster().view().topic(line.topic);
        return topic == null
                ? PartitionLeader.NOBODY
                : topic.leader(line.partition).brokerId();
    }

    /** Ends the open batch, if it can be had without waiting. One that is to be packed is packed by a helper. */
    private void sealIfDue(PartitionLine line, boolean isLast) {
        Batch batch = line.open.trySeal();
        line.openedAtMs = PartitionLine.NEVER;
        if (batch == null) return;
        line.sends.add(batch);
        if (!batch.isToBePacked()) return;
        if (isLast) { // It will not be sent any more: no use in packing it.
            line.sends.packed(batch);
            return;
        }
        lane.lane()
                .offload(
                        () -> {
                            batch.pack();
                            return batch;
                        },
                        outcome -> {
                            switch (outcome) {
                                case Lane.Outcome.Done<Batch> done -> packed(line, batch);
                                case Lane.Outcome.Failed<Batch>(Exception cause) ->
                                    notPacked(line, batch, String.valueOf(cause.getMessage()));
                            }
                        });
    }

    private void send(BrokerQueue broker, ClientConversation conversation, List<SentBatch> batches, long nowMs) {
        ClusterView view = cluster().view();
        ProduceRequest request = ProduceRequests.of(
                view, batches, rules.acks(), requestTimeoutMs, gate == null ? null : gate.transactionalId());
        short maxVersion =
                ProduceRequests.maxVersion(view, batches, gate == null ? Short.MAX_VALUE : gate.maxProduceVersion());
        count(batches, nowMs);
        broker.requestsInFlight++;
        if (rules.acks() == 0) {
            Runnable whenDone = () -> sentWithoutAnswer(broker, batches);
            if (!conversation.sendWithoutAnswer(request, maxVersion, whenDone)) {
                answeredAll(broker, batches, hopeless("broker " + broker.nodeId + " knows no version of Produce"));
            }
            return;
        }
        conversation.send(request, maxVersion, requestTimeoutMs, answer -> answered(broker, batches, answer, nowMs));
    }

    private void count(List<SentBatch> batches, long nowMs) {
        counters.requests++;
        for (SentBatch each : batches) {
            Batch batch = each.batch();
            if (batch.attempts() > 1) continue;
            counters.batches++;
            counters.records += batch.recordCount();
            counters.bytes += batch.sizeBytes();
            counters.rawBytes += batch.rawBytes();
            long queuedMs = nowMs - batch.openedAtMs();
            counters.queueMsSum += queuedMs;
            counters.queueMsMax = Math.max(counters.queueMsMax, queuedMs);
        }
    }

    private void sentWithoutAnswer(BrokerQueue broker, List<SentBatch> batches) {
        // Called from within the conversation, which may be in the midst of ending.
        lane.lane().execute(() -> {
            broker.requestsInFlight--;
            for (SentBatch each : batches) {
                carryOut(each.line().sends.sentWithoutAnswer(each.batch()));
                move(each.line());
            }
            drainSoon(broker);
        });
    }

    private void answered(BrokerQueue broker, List<SentBatch> batches, Answer answer, long sentAtMs) {
        switch (answer) {
            case Answer.Answered(ProduceResponse response, short version) -> {
                long nowMs = lane.nowMs();
                counters.answers++;
                counters.answerMsSum += nowMs - sentAtMs;
                counters.answerMsMax = Math.max(counters.answerMsMax, nowMs - sentAtMs);
                if (response.throttleTimeMs() > 0) throttle(broker, response.throttleTimeMs(), nowMs);
                ProduceReply reply = new ProduceReply(response, cluster());
                broker.requestsInFlight--;
                for (SentBatch each : batches) take(each, reply.answerTo(each.line()), nowMs);
                drainSoon(broker);
                if (gate != null) gate.progressed();
            }
            case Answer.Answered other -> throw new IllegalStateException("a Produce request got another answer");
            case Answer.Failed(Answer.Reason reason, String sentence) -> {
                boolean isHopeless = reason == Answer.Reason.UNSUPPORTED_VERSION;
                answeredAll(broker, batches, isHopeless ? hopeless(sentence) : BatchAnswer.lost(sentence));
            }
        }
    }

    private static BatchAnswer hopeless(String sentence) {
        return new BatchAnswer(ErrorCode.UNSUPPORTED_VERSION, -1, -1, sentence, Map.of(), false);
    }

    private void answeredAll(BrokerQueue broker, List<SentBatch> batches, BatchAnswer answer) {
        broker.requestsInFlight--;
        long nowMs = lane.nowMs();
        for (SentBatch each : batches) take(each, answer, nowMs);
        drainSoon(broker);
        if (gate != null) gate.progressed();
    }

    private void take(SentBatch sent, BatchAnswer answer, long nowMs) {
        PartitionLine line = sent.line();
        if (answer.isLeaderNews()) line.sends.leaderChanged();
        carryOut(line.sends.answered(
                sent.batch(), answer, nowMs, lane.randomness().nextLong()));
        move(line);
    }

    /** A broker that asked for silence (KIP-219) is not sent to until it is over. */
    private void throttle(BrokerQueue broker, int throttleMs, long nowMs) {
        counters.throttleMsSum += throttleMs;
        broker.throttledUntilMs = nowMs + throttleMs;
        lane.lane().schedule(throttleMs, () -> drainSoon(broker));
    }

    private void carryOut(List<SendDeed> deeds) {
        for (int i = 0; i < deeds.size(); i++) {
            switch (deeds.get(i)) {
                case SendDeed.Tell(Batch batch, SendResult result) -> {
                    if (result instanceof SendResult.Written) counters.acknowledgedRecords += batch.recordCount();
                    else counters.failedRecords += batch.recordCount();
                    batch.tell(result);
                    if (gate != null && result instanceof SendResult.Failed failed) gate.failed(failed);
                }
                case SendDeed.Release(Batch batch) -> batch.release();
                case SendDeed.Refresh refresh -> {
                    if (!isClosed) cluster().refresh();
                }
                case SendDeed.NoteSplit(Batch batch, int pieces) -> counters.splits++;
                case SendDeed.NoteRetry(Batch batch) -> counters.retriedRecords += batch.recordCount();
            }
        }
    }

    /** Has the partition looked at when something is due. */
    private void keepTime(PartitionLine line, long nowMs) {
        long dueMs = Math.min(line.sends.deadlineMs(), openDeadlineMs(line));
        long againFromMs = line.sends.againFromMs();
        if (againFromMs > nowMs) dueMs = Math.min(dueMs, againFromMs);
        if (line.openedAtMs != PartitionLine.NEVER && !line.isQueued) {
            long lingerEndsMs = line.openedAtMs + rules.lingerMs();
            if (lingerEndsMs > nowMs) dueMs = Math.min(dueMs, lingerEndsMs);
        }
        if (dueMs != Long.MAX_VALUE) line.alarm.setTo(dueMs);
    }

    private void askIdentity() {
        if (isAskingIdentity || fatal != null || rules.isTransactional()) return;
        InitProducerIdRequest request = InitProducerIdRequest.builder()
                .transactionalId(null)
                .transactionTimeoutMs(NO_TRANSACTION_TIMEOUT_MS)
                .build();
        isAskingIdentity = cluster().askAny(request, this::identityAnswered);
        isWaitingForAnyBroker = !isAskingIdentity;
    }

    private void identityAnswered(Answer answer) {
        isAskingIdentity = false;
        if (isClosed) return;
        switch (answer) {
            case Answer.Answered(InitProducerIdResponse response, short version) -> {
                ErrorCode error = ErrorCode.forCode(response.errorCode());
                if (error == ErrorCode.NONE) {
                    identityFailures = 0;
                    identity.given(response.producerId(), response.producerEpoch());
                    moveAll();
                } else if (error.isRetriable()) {
                    askIdentityLater("no producer id: " + error);
                } else {
                    fail(
                            error,
                            "the cluster gives no producer id: " + error + ", " + error.message()
                                    + " (enable.idempotence=false does without)");
                }
            }
            case Answer.Answered other -> throw new IllegalStateException("InitProducerId got another answer");
            case Answer.Failed(Answer.Reason reason, String sentence) -> {
                if (reason == Answer.Reason.UNSUPPORTED_VERSION) {
                    fail(ErrorCode.UNSUPPORTED_VERSION, sentence + " (enable.idempotence=false does without)");
                } else {
                    askIdentityLater("no producer id: " + sentence);
                }
            }
        }
    }

    private void askIdentityLater(String why) {
        trouble(why);
        identityFailures++;
        isAskingIdentity = true;
        long waitMs = rules.backoff().waitMs(identityFailures, lane.randomness().nextLong());
        lane.lane().schedule(waitMs, () -> {
            isAskingIdentity = false;
            if (!isClosed && identity.isWanted()) askIdentity();
        });
    }

    /** Nothing can be sent, now or ever. */
    private void fail(ErrorCode error, String why) {
        SendResult.Failed failure = new SendResult.Failed(error, why);
        fatal = failure;
        trouble(why);
        giveUpAll(failure);
    }

    private void trouble(String sentence) {
        lastTrouble = sentence;
        listener.onTrouble(sentence);
    }

    private void moveAll() {
        for (PartitionLine line : lines) if (line.hasWork()) move(line);
    }

    @Override
    public void onView(ClusterView view) {
        listener.onView(view);
        moveAll();
        if (gate != null) gate.progressed();
    }

    @Override
    public void onReady(int nodeId) {
        if (isWaitingForAnyBroker && identity.isWanted()) askIdentity();
        if (nodeId >= 0) moveAll();
        if (gate != null) gate.progressed();
    }

    @Override
    public void onLost(int nodeId, String sentence) {
        trouble(sentence);
        BrokerQueue broker = brokers.get(nodeId);
        if (broker != null) disperse(broker);
        if (isWaitingForAnyBroker && identity.isWanted()) askIdentity();
        moveAll();
        if (gate != null) gate.progressed();
    }

    @Override
    public void onLoginRefused(String sentence) {
        listener.onLoginRefused(sentence);
    }

    @Override
    public void onTrouble(String sentence) {
        trouble(sentence);
    }
}
