package io.millrace.server.storage;

import io.millrace.environment.Disk;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.server.config.BadConfig;
import io.millrace.storage.LogDirectory;
import io.millrace.storage.MetaProperties;
import io.millrace.storage.PartitionDirectoryName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The log directories in use by this process, and what they held when they were taken into use. Immutable after {@link #open};
 * the operations of {@link LogDirectory} itself touch only the partition they are asked about, so any lane may call them.
 */
public final class LogDirectories {
    /**
     * One directory in use.
     *
     * @param directory it
     * @param id its id, from {@code meta.properties}
     * @param wasClean whether its logs were all closed in order
     * @param recoveryPoints what was forced, per partition, as of the last checkpoint
     * @param logStartOffsets log start offsets within a segment, as of the last checkpoint
     * @param checkpointTopicIds of which topics the checkpoints speak; empty if they are to be taken as they are
     */
    public record InUse(
            LogDirectory directory,
            Uuid id,
            boolean wasClean,
            Map<TopicPartition, Long> recoveryPoints,
            Map<TopicPartition, Long> logStartOffsets,
            Optional<Map<TopicPartition, Uuid>> checkpointTopicIds) {
        /** Everything below was forced in the log of a partition found here, which is of this topic id if it is known. */
        public long recoveryPoint(TopicPartition name, @Nullable Uuid topicId) {
            return speaksOf(name, topicId) ? recoveryPoints.getOrDefault(name, 0L) : 0;
        }

        /** Where the log of a partition found here begins at least. */
        public long logStartOffset(TopicPartition name, @Nullable Uuid topicId) {
            return speaksOf(name, topicId) ? logStartOffsets.getOrDefault(name, 0L) : 0;
        }

        /** Whether its checkpoints speak of this topic under that name. */
        boolean speaksOf(TopicPartition name, @Nullable Uuid topicId) {
            return checkpointTopicIds.isEmpty()
                    || (topicId != null
                            && topicId.equals(checkpointTopicIds.get().get(name)));
        }

        /** Whether the metadata log lies in it. */
        boolean hasMetadataLog() {
            return directory.disk().exists(directory.path().resolve("__cluster_metadata-0"));
        }
    }

    /**
     * The directory of a partition found at start.
     *
     * @param path where it is
     * @param topicId from its {@code partition.metadata}; null if it has none
     */
    public record Found(InUse in, Path path, @Nullable Uuid topicId) {}

    private final List<InUse> inUse;
    private final Map<TopicPartition, Found> found;
    private final List<Runnable> leftovers;

    private LogDirectories(List<InUse> inUse, Map<TopicPartition, Found> found, List<Runnable> leftovers) {
        this.inUse = List.copyOf(inUse);
        this.found = found;
        this.leftovers = leftovers;
    }

    /**
     * Takes formatted directories into use: locks them, and looks at what they hold. Blocks.
     *
     * @throws BadConfig if one is used by another process, or belongs to another cluster or node
     */
    public static LogDirectories open(Disk disk, List<Path> paths, int nodeId) {
        List<InUse> inUse = new ArrayList<>();
        Map<TopicPartition, Found> found = new LinkedHashMap<>();
        List<Runnable> leftovers = new ArrayList<>();
        boolean isDone = false;
        try {
            String clusterId = null;
            for (Path path : paths) {
                LogDirectory directory = LogDirectory.open(disk, path)
                        .orElseThrow(() -> new BadConfig(path + " is in use by another process (its .lock is held)"));
                InUse use = inspect(directory, nodeId, clusterId);
                clusterId = directory
                        .metaProperties()
                        .map(MetaProperties::clusterId)
                        .orElse(clusterId);
                inUse.add(use);
                collect(use, found, leftovers);
            }
            isDone = true;
            return new LogDirectories(inUse, found, leftovers);
        } finally {
            if (!isDone) for (InUse use : inUse) use.directory().close();
        }
    }

    private static InUse inspect(LogDirectory directory, int nodeId, @Nullable String clusterId) {
        boolean isGood = false;
        try {
            MetaProperties meta =
                    directory.metaProperties().orElseThrow(() -> new BadConfig(directory.path() + " is not formatted"));
            if (meta.nodeId() != nodeId)
                throw new BadConfig(
                        directory.path() + " belongs to node " + meta.nodeId() + ", and this is node " + nodeId);
            if (clusterId != null && !clusterId.equals(meta.clusterId()))
                throw new BadConfig(directory.path() + " belongs to cluster " + meta.clusterId()
                        + ", and the directories before it to cluster " + clusterId);
            InUse use = new InUse(
                    directory,
                    meta.directoryId(),
                    directory.wasCleanlyShutDown(),
                    directory.recoveryPoints().read(),
                    directory.logStartOffsets().read(),
                    directory.checkpointTopicIds().read());
            isGood = true;
            return use;
        } finally {
            if (!isGood) directory.close();
        }
    }

    private static void collect(InUse use, Map<TopicPartition, Found> found, List<Runnable> leftovers) {
        for (LogDirectory.Entry entry : use.directory().list().partitions()) {
            TopicPartition partition = entry.name().partition();
            if (partition.topic().equals("__cluster_metadata")) continue;
            if (entry.name().state() == PartitionDirectoryName.State.DELETE) {
                leftovers.add(() -> use.directory().delete(entry.path()));
            } else if (entry.name().state() == PartitionDirectoryName.State.CURRENT) {
                Found before = found.putIfAbsent(
                        partition, new Found(use, entry.path(), entry.topicId().orElse(null)));
                if (before != null)
                    throw new BadConfig(partition + " lies in two log directories, " + before.path() + " and "
                            + entry.path() + "; move one of them away");
            }
        }
    }

    /**
     * Notes of which topics the checkpoints speak, before any topic can be made again under the name of one. Blocks.
     */
    public void noteCheckpointTopicIds() {
        for (InUse use : inUse) {
            if (use.checkpointTopicIds().isPresent()) continue;
            Map<TopicPartition, Uuid> ids = new TreeMap<>();
            found.forEach((name, one) -> {
                Uuid id = one.topicId();
                if (one.in().equals(use) && id != null) ids.put(name, id);
            });
            use.directory().checkpointTopicIds().write(ids);
        }
    }

    /** The directories, in the order of the configuration. */
    public List<InUse> inUse() {
        return inUse;
    }

    /** The directory of a partition that was there at start. */
    public Optional<Found> found(TopicPartition partition) {
        return Optional.ofNullable(found.get(partition));
    }

    /** The partitions that were there at start. */
    public Map<TopicPartition, Found> found() {
        return found;
    }

    /** Deletions that an earlier run did not get to; each blocks. */
    public List<Runnable> leftovers() {
        return leftovers;
    }

    /** Gives the locks back. */
    public void close() {
        for (InUse use : inUse) use.directory().close();
    }
}
