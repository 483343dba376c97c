package io.millrace.client.sending.run;

import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterEvents;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.sending.Batch;
import io.millrace.client.sending.ProducerIdAndEpoch;
import io.millrace.client.sending.ProducerIdentity;
import io.millrace.client.sending.SendDeed;
import io.millrace.client.sending.SendResult;
import io.millrace.client.sending.SendRules;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Sends the batches of a producer's partitions: what its owner tells it, what each partition has to do next, and when; and the ends
 * that it can come to. {@link ProduceSends} has the requests. Everything happens on one lane.
 */
public final class SenderLane implements ClusterEvents {
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
    private final Listener listener;
    private final ProducerIdentity identity;
    private final SendCounters counters = new SendCounters();
    private final Set<PartitionLine> lines = new LinkedHashSet<>();
    private final ProduceSends sends;
    private final IdentityQuestion identityQuestion;
    private @Nullable ClusterLine cluster;
    private @Nullable TransactionGate gate;
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
        this.listener = listener;
        this.identityQuestion = new IdentityQuestion(this, lane, rules.backoff(), identity);
        this.sends = new ProduceSends(this, lane, rules, maxRequestBytes, requestTimeoutMs, counters);
    }

    /** Gives it its lines to the brokers, whose events it is. */
    public void begin(ClusterLine itsCluster) {
        cluster = itsCluster;
        if (rules.isIdempotent() && !rules.isTransactional()) identityQuestion.ask();
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

    ClusterLine cluster() {
        ClusterLine known = cluster;
        if (known == null) throw new IllegalStateException("a sender is used before it has begun");
        return known;
    }

    /** Whose transactions the batches belong to; null if they belong to none. */
    @Nullable
    TransactionGate gate() {
        return gate;
    }

    /** Batches have come a step further, or more is known of the cluster. */
    void progressed() {
        if (gate != null) gate.progressed();
    }

    ProducerIdentity identity() {
        return identity;
    }

    /** A batch cannot be sent for want of a producer id. */
    void needsIdentity() {
        if (identity.isWanted() && !rules.isTransactional()) identityQuestion.ask();
    }

    /** Whether nothing more will be sent, ever. */
    boolean isOver() {
        return fatal != null;
    }

    boolean isClosed() {
        return isClosed;
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
        progressed();
    }

    /** A batch that was handed in could not be packed. */
    public void notPacked(PartitionLine line, Batch batch, String why) {
        carryOut(line.sends.notPacked(batch, why));
        move(line);
        progressed();
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
    void move(PartitionLine line) {
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
        if (line.sends.hasWaiting() || isOpenDue(line, nowMs)) sends.queue(line);
        keepTime(line, nowMs);
    }

    private long openDeadlineMs(PartitionLine line) {
        return line.openedAtMs == PartitionLine.NEVER ? Long.MAX_VALUE : line.openedAtMs + rules.deliveryTimeoutMs();
    }

    boolean isOpenDue(PartitionLine line, long nowMs) {
        if (line.openedAtMs == PartitionLine.NEVER) return false;
        return flushes > 0 || line.openedAtMs + rules.lingerMs() <= nowMs;
    }

    /** Ends the open batch, if it can be had without waiting. One that is to be packed is packed by a helper. */
    void sealIfDue(PartitionLine line, boolean isLast) {
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

    void carryOut(List<SendDeed> deeds) {
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
    void keepTime(PartitionLine line, long nowMs) {
        long dueMs = Math.min(line.sends.deadlineMs(), openDeadlineMs(line));
        long againFromMs = line.sends.againFromMs();
        if (againFromMs > nowMs) dueMs = Math.min(dueMs, againFromMs);
        if (line.openedAtMs != PartitionLine.NEVER && !line.isQueued) {
            long lingerEndsMs = line.openedAtMs + rules.lingerMs();
            if (lingerEndsMs > nowMs) dueMs = Math.min(dueMs, lingerEndsMs);
        }
        if (dueMs != Long.MAX_VALUE) line.alarm.setTo(dueMs);
    }

    /** Nothing can be sent, now or ever. */
    void fail(ErrorCode error, String why) {
        SendResult.Failed failure = new SendResult.Failed(error, why);
        fatal = failure;
        trouble(why);
        giveUpAll(failure);
    }

    void trouble(String sentence) {
        lastTrouble = sentence;
        listener.onTrouble(sentence);
    }

    void moveAll() {
        for (PartitionLine line : lines) if (line.hasWork()) move(line);
    }

    @Override
    public void onView(ClusterView view) {
        listener.onView(view);
        moveAll();
        progressed();
    }

    @Override
    public void onReady(int nodeId) {
        identityQuestion.brokersChanged();
        if (nodeId >= 0) moveAll();
        progressed();
    }

    @Override
    public void onLost(int nodeId, String sentence) {
        trouble(sentence);
        sends.lost(nodeId);
        identityQuestion.brokersChanged();
        moveAll();
        progressed();
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
