package io.millrace.server.storage;

import io.millrace.environment.Lane;
import io.millrace.environment.Randomness;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionDirectoryName;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Directories of partitions that the cluster does not know of, or whose replica here was taken away, as a crash between that and the deletion of
 * the directories leaves them. They are renamed {@code -stray} and kept, as in Kafka: an operator may still want what is in them.
 */
public final class StrayLogs {
    private static final System.Logger LOG = System.getLogger(StrayLogs.class.getName());

    private record Stray(TopicPartition name, LogsAtStart.Found found, Uuid uniqueId) {
        void setAside() {
            found.in().directory().setAside(found.path(), name, PartitionDirectoryName.State.STRAY, uniqueId);
        }
    }

    private StrayLogs() {}

    /**
     * Sets aside what was found at start and is not this broker's by the image; on a helper, since renaming forces the directory.
     *
     * @param brokerId this broker
     * @param then called on the lane when that is done, before any topic can be made that might have the name of one
     */
    public static void setAside(
            LogDirectories directories,
            int brokerId,
            MetadataImage image,
            Randomness randomness,
            Lane lane,
            Consumer<LogDirectoryFailed> diskFailed,
            Runnable then) {
        List<Stray> strays = new ArrayList<>();
        for (TopicPartition name : directories.atStart().found()) {
            TopicImage topic = image.topics().topic(name.topic());
            PartitionImage partition = topic == null ? null : topic.partition(name.partition());
            if (partition != null && partition.replicas().contains(brokerId)) continue;
            for (LogsAtStart.Found found : directories.atStart().allFound(name))
                strays.add(new Stray(name, found, new Uuid(randomness.nextLong(), randomness.nextLong())));
        }
        List<LogsAtStart.Future> copies = new ArrayList<>();
        directories.atStart().futures().forEach((name, copy) -> {
            TopicImage topic = image.topics().topic(name.topic());
            boolean isIts = topic != null
                    && topic.partition(name.partition()) != null
                    && topic.id().equals(copy.topicId());
            if (!isIts) directories.atStart().takeFuture(name).ifPresent(copies::add);
        });
        if (strays.isEmpty() && copies.isEmpty()) {
            then.run();
            return;
        }
        lane.offload(
                () -> {
                    List<LogDirectoryFailed> failures = new ArrayList<>();
                    for (Stray stray : strays) {
                        try {
                            stray.setAside();
                            LOG.log(
                                    System.Logger.Level.WARNING,
                                    stray.found().path()
                                            + " is of no partition that this broker keeps; it is set aside as -stray");
                        } catch (LogDirectoryFailed failed) {
                            failures.add(failed);
                        }
                    }
                    for (LogsAtStart.Future copy : copies) {
                        try {
                            copy.in().directory().delete(copy.path());
                        } catch (LogDirectoryFailed failed) {
                            failures.add(failed);
                        }
                    }
                    return failures;
                },
                outcome -> {
                    switch (outcome) {
                        case Lane.Outcome.Done<List<LogDirectoryFailed>>(List<LogDirectoryFailed> failures) ->
                            failures.forEach(diskFailed);
                        case Lane.Outcome.Failed<List<LogDirectoryFailed>>(Exception cause) ->
                            LOG.log(System.Logger.Level.ERROR, "unknown partitions could not be set aside", cause);
                    }
                    then.run();
                });
    }
}
