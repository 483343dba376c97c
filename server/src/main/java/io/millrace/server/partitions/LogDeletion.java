package io.millrace.server.partitions;

import io.millrace.environment.Lane;
import io.millrace.environment.Randomness;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.storage.LogDirectory;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionDirectoryName;
import io.millrace.storage.PartitionLog;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Deletes logs of one lane that are wanted no more. Touched only on the lane. */
final class LogDeletion {
    private static final System.Logger LOG = System.getLogger(LogDeletion.class.getName());

    private final BrokerLane lane;
    private final Randomness randomness;
    private final Consumer<LogDirectoryFailed> diskFailed;

    LogDeletion(BrokerLane lane, Randomness randomness, Consumer<LogDirectoryFailed> diskFailed) {
        this.lane = lane;
        this.randomness = randomness;
        this.diskFailed = diskFailed;
    }

    /** Renames the directory at once, so that its name is free, and deletes it after a while. */
    void delete(TopicPartition name, PartitionLog log, LogDirectory directory, long delayMs) {
        try {
            Path aside = directory.setAside(log.directory(), name, PartitionDirectoryName.State.DELETE, new Uuid(randomness.nextLong(), randomness.nextLong()));
            log.directoryRenamed(aside);
            letGoOf(log);
            lane.lane()
                    .schedule(
                            delayMs,
                            () -> lane.lane()
                                    .offload(
                                            () -> {
                                                directory.delete(aside);
                                                return aside;
                                            },
                                            outcome -> {
                                                if (outcome instanceof Lane.Outcome.Failed<Path>(Exception cause))
                                                    LOG.log(
                                                            System.Logger.Level.WARNING,
                                                            aside
                                                                    + " could not be deleted now; the next start will try again",
                                                            cause);
                                            }));
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
        }
    }

    /** Nothing of a deleted log needs to be forced; asked twice in a row, it lets go of its files. */
    private static void letGoOf(PartitionLog log) {
        log.closeIdleFiles();
        log.closeIdleFiles();
    }
}
