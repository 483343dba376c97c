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

    /** Renames the directory of an open log at once, so that its name is free, and deletes it after a while. */
    void delete(TopicPartition name, PartitionLog log, LogDirectory directory, long delayMs) {
        try {
            Path aside = setAside(name, log.directory(), directory);
            log.directoryRenamed(aside);
            letGoOf(log);
            deleteLater(aside, directory, delayMs);
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
        }
    }

    /** The same for a log that is closed. */
    void deleteClosed(TopicPartition name, LogDirectory directory, long delayMs) {
        try {
            Path path = directory.path().resolve(PartitionDirectoryName.of(name));
            if (directory.disk().exists(path)) deleteLater(setAside(name, path, directory), directory, delayMs);
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
        }
    }

    private Path setAside(TopicPartition name, Path path, LogDirectory directory) {
        Uuid uniqueId = new Uuid(randomness.nextLong(), randomness.nextLong());
        return directory.setAside(path, name, PartitionDirectoryName.State.DELETE, uniqueId);
    }

    private void deleteLater(Path aside, LogDirectory directory, long delayMs) {
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
    }

    /** Nothing of a deleted log needs to be forced; asked twice in a row, it lets go of its files. */
    private static void letGoOf(PartitionLog log) {
        log.closeIdleFiles();
        log.closeIdleFiles();
    }
}
