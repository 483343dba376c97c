package io.millrace.server.partitions;

import io.millrace.replication.run.LocalReplica;
import io.millrace.storage.LogDirectoryFailed;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntSupplier;

/**
 * Closes files of a lane's logs when too many are open in the process (ADR 37). Goes round the partitions like the hand of a
 * clock: files that were used since it last came by are spared once, all others are closed, and opened again when they are needed.
 */
final class OpenFileSweep {
    /** Closed at once at least, so that going round the partitions pays. */
    private static final int LEAST_CLOSED = 64;

    private final LanePartitions partitions;
    private final IntSupplier surplusFiles;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private List<LocalReplica> round = List.of();
    private int hand;

    OpenFileSweep(LanePartitions partitions, IntSupplier surplusFiles, Consumer<LogDirectoryFailed> diskFailed) {
        this.partitions = partitions;
        this.surplusFiles = surplusFiles;
        this.diskFailed = diskFailed;
    }

    /** Called after anything that may have opened a file. */
    void sweepIfTooMany() {
        int surplus = surplusFiles.getAsInt();
        if (surplus > 0) sweep(Math.max(surplus, LEAST_CLOSED));
    }

    private void sweep(int wanted) {
        int closed = 0;
        // Once round to see what is in use, once more to close it all the same.
        for (int left = 2 * partitions.replicaCount(); left > 0 && closed < wanted; left--) {
            if (hand == round.size()) {
                round = List.copyOf(partitions.replicas());
                hand = 0;
            }
            LocalReplica partition = round.get(hand++);
            if (partitions.replica(partition.name()) == partition) closed += closeIdle(partition);
        }
    }

    private int closeIdle(LocalReplica partition) {
        int before = partition.log().openFileCount();
        if (before == 0) return 0;
        try {
            partition.log().closeIdleFiles();
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
            return 0;
        }
        return before - partition.log().openFileCount();
    }
}
