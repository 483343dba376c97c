package io.millrace.server.storage;

import io.millrace.environment.Lane;
import io.millrace.replication.run.LocalReplica;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PendingDeletion;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What one lane's logs need from time to time: old segments go, idle files are closed, old producers are forgotten. Bounded work a turn,
 * so that a lane with many partitions goes on serving.
 */
public final class LaneUpkeep {
    private static final System.Logger LOG = System.getLogger(LaneUpkeep.class.getName());
    private static final int PARTITIONS_PER_TURN = 64;

    /** The longest pause while a log directory is short of space: whoever lowers a retention then waits for it. */
    private static final long WITHOUT_SPACE_MS = 10_000;

    private final BrokerLane lane;
    private final long intervalMs;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private Lane.@Nullable Timer next;
    private boolean isStopped;

    /**
     * Makes the upkeep of a lane.
     *
     * @param intervalMs {@code log.retention.check.interval.ms}
     */
    public LaneUpkeep(BrokerLane lane, long intervalMs, Consumer<LogDirectoryFailed> diskFailed) {
        this.lane = lane;
        this.intervalMs = intervalMs;
        this.diskFailed = diskFailed;
    }

    /** Begins; called on the lane. */
    public void start() {
        later();
    }

    private void later() {
        boolean isShort = lane.applier().isShortOfSpace();
        next = lane.lane().schedule(isShort ? Math.min(intervalMs, WITHOUT_SPACE_MS) : intervalMs, this::round);
    }

    /** Has the next round begin now, unless one is under way; called on the lane. */
    public void hurry() {
        Lane.Timer timer = next;
        if (isStopped || timer == null) return;
        timer.cancel();
        round();
    }

    /** Ends. */
    public void stop() {
        isStopped = true;
    }

    private void round() {
        next = null;
        if (!isStopped) some(List.copyOf(lane.partitions().replicas()), 0);
    }

    private void some(List<LocalReplica> partitions, int from) {
        if (isStopped) return;
        int until = Math.min(partitions.size(), from + PARTITIONS_PER_TURN);
        for (LocalReplica partition : partitions.subList(from, until))
            if (lane.partitions().replica(partition.name()) == partition) keep(partition);
        if (until < partitions.size()) lane.lane().execute(() -> some(partitions, until));
        else later();
    }

    private void keep(LocalReplica partition) {
        try {
            for (PendingDeletion deletion : partition.expire(lane.clock().wallMs()))
                deleteLater(lane, deletion, lane.applier().fileDeleteDelayMs(partition.log()));
            partition.log().expireProducers(lane.clock().wallMs());
            partition.log().closeIdleFiles();
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
        } catch (CorruptLog damage) {
            lane.partitions().damaged(partition.name(), damage);
        }
    }

    /** Deletes files that no log needs any more, after {@code file.delete.delay.ms}, on a helper; called on the lane. */
    static void deleteLater(BrokerLane lane, PendingDeletion deletion, long delayMs) {
        lane.lane().schedule(delayMs, () -> delete(lane, deletion));
    }

    private static void delete(BrokerLane lane, PendingDeletion deletion) {
        lane.lane()
                .offload(
                        () -> {
                            deletion.run();
                            return deletion;
                        },
                        outcome -> {
                            if (outcome instanceof Lane.Outcome.Failed<PendingDeletion>(Exception cause))
                                LOG.log(
                                        System.Logger.Level.WARNING,
                                        "deleting " + deletion.files() + " failed; the next start will try again",
                                        cause);
                        });
    }
}
