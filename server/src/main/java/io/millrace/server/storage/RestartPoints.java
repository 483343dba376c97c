package io.millrace.server.storage;

import io.millrace.replication.run.LocalReplica;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Keeps what a restart after a crash would have to scan short: one lane's logs with much behind their last checkpoint are
 * checkpointed soon, those with little every so often, one at a time and on helpers. Apache's broker forces finished segments
 * only, and reads up to a whole segment of each partition after a crash.
 */
public final class RestartPoints {
    /** About a tenth of a second of scanning. */
    private static final long MUCH_BYTES = 128 << 20;

    /** A thousand logs with less than this are scanned in the time that opening them takes. */
    private static final long LITTLE_BYTES = 64 << 10;

    private static final long LOOK_EVERY_MS = 5_000;

    private final BrokerLane lane;
    private final long intervalMs;
    private final Runnable advanced;
    private long allDueMs;
    private boolean isStopped;

    /**
     * Makes them for a lane.
     *
     * @param intervalMs {@code log.flush.offset.checkpoint.interval.ms}: how often all logs get one
     * @param advanced called on the lane after logs were checkpointed, which counts once the checkpoint files say so
     */
    public RestartPoints(BrokerLane lane, long intervalMs, Runnable advanced) {
        this.lane = lane;
        this.intervalMs = intervalMs;
        this.advanced = advanced;
    }

    /** Begins; called on the lane. */
    public void start() {
        allDueMs = lane.clock().monotonicMs() + intervalMs;
        later();
    }

    /** Ends. */
    public void stop() {
        isStopped = true;
    }

    private void later() {
        if (!isStopped) lane.lane().schedule(Math.min(LOOK_EVERY_MS, intervalMs), this::look);
    }

    private void look() {
        if (isStopped) return;
        long nowMs = lane.clock().monotonicMs();
        boolean isAllDue = nowMs >= allDueMs;
        if (isAllDue) allDueMs = nowMs + intervalMs;
        long least = isAllDue ? LITTLE_BYTES : MUCH_BYTES;
        Deque<LocalReplica> due = new ArrayDeque<>();
        for (LocalReplica partition : lane.partitions().replicas())
            if (partition.log().unscannedBytes() >= least) due.addLast(partition);
        if (due.isEmpty()) later();
        else next(due);
    }

    private void next(Deque<LocalReplica> due) {
        LocalReplica partition = due.pollFirst();
        if (isStopped) return;
        if (partition == null) {
            advanced.run();
            later();
            return;
        }
        // As its own turn, however it ends: many in a row may have nothing to do.
        Runnable goOn = () -> lane.lane().execute(() -> next(due));
        if (lane.partitions().replica(partition.name()) == partition) partition.checkpoint(goOn);
        else goOn.run();
    }
}
