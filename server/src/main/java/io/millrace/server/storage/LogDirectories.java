package io.millrace.server.storage;

import io.millrace.environment.Disk;
import io.millrace.metadata.DirectoryIds;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.server.config.BadConfig;
import io.millrace.storage.LogDirectory;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.MetaProperties;
import io.millrace.storage.PartitionDirectoryName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The log directories of this process: those in use with what they held when they were taken into use, those that could not be,
 * and those that have failed since (KIP-112). A directory that has failed is not used again before the next start.
 *
 * <p>Any thread may ask; the operations of {@link LogDirectory} itself touch only the partition they are asked about.
 */
public final class LogDirectories {
    private static final System.Logger LOG = System.getLogger(LogDirectories.class.getName());

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

    /** Is told where a replica lies, if the metadata does not say so. */
    public interface PlacedListener {
        /** Called on the partition's lane. */
        void placed(Uuid topicId, int partition, Uuid directoryId);
    }

    private final List<InUse> inUse;
    private final Map<Path, LogDirectoryFailed> missing;
    private final Set<Path> failed = ConcurrentHashMap.newKeySet();
    private final AtomicIntegerArray partitionCounts;
    private final Map<TopicPartition, Found> found;
    private final List<Runnable> leftovers;
    private volatile PlacedListener placedListener = (topicId, partition, directoryId) -> {};

    private LogDirectories(
            List<InUse> inUse,
            Map<Path, LogDirectoryFailed> missing,
            Map<TopicPartition, Found> found,
            List<Runnable> leftovers) {
        this.inUse = List.copyOf(inUse);
        this.missing = Map.copyOf(missing);
        this.partitionCounts = new AtomicIntegerArray(inUse.size());
        this.found = found;
        this.leftovers = leftovers;
    }

    /**
     * Takes formatted directories into use: locks them, and looks at what they hold. One whose disk fails is left out. Blocks.
     *
     * @throws BadConfig if one is used by another process, or belongs to another cluster or node
     * @throws LogDirectoryFailed if all of them fail
     */
    public static LogDirectories open(Disk disk, List<Path> paths, int nodeId) {
        List<InUse> inUse = new ArrayList<>();
        Map<Path, LogDirectoryFailed> missing = new LinkedHashMap<>();
        Map<TopicPartition, Found> found = new LinkedHashMap<>();
        List<Runnable> leftovers = new ArrayList<>();
        boolean isDone = false;
        try {
            String clusterId = null;
            for (Path path : paths) {
                try {
                    LogDirectory directory = LogDirectory.open(disk, path)
                            .orElseThrow(
                                    () -> new BadConfig(path + " is in use by another process (its .lock is held)"));
                    Inspected inspected = inspect(directory, nodeId, clusterId);
                    clusterId = inspected.clusterId();
                    inUse.add(inspected.use());
                    collect(inspected.use(), inspected.listing(), found, leftovers);
                } catch (LogDirectoryFailed failure) {
                    LOG.log(System.Logger.Level.ERROR, path + " cannot be used and stays offline", failure);
                    missing.put(path, failure);
                }
            }
            if (inUse.isEmpty() && !missing.isEmpty())
                throw missing.values().iterator().next();
            isDone = true;
            return new LogDirectories(inUse, missing, found, leftovers);
        } finally {
            if (!isDone) for (InUse use : inUse) use.directory().close();
        }
    }

    private record Inspected(InUse use, String clusterId, LogDirectory.Listing listing) {}

    private static Inspected inspect(LogDirectory directory, int nodeId, @Nullable String clusterId) {
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
            LogDirectory.Listing listing = directory.list();
            isGood = true;
            return new Inspected(use, meta.clusterId(), listing);
        } finally {
            if (!isGood) directory.close();
        }
    }

    private static void collect(
            InUse use, LogDirectory.Listing listing, Map<TopicPartition, Found> found, List<Runnable> leftovers) {
        for (LogDirectory.Entry entry : listing.partitions()) {
            TopicPartition partition = entry.name().partition();
            if (partition.topic().equals("__cluster_metadata")) continue;
            if (entry.name().state() == PartitionDirectoryName.State.DELETE) {
                leftovers.add(() -> use.directory().delete(entry.path()));
            } else if (entry.name().state() == PartitionDirectoryName.State.CURRENT) {
                Found before = found.putIfAbsent(
                        partition, new Found(use, entry.path(), entry.topicId().orElse(null)));
                if (before != null && !settled(before, use, entry, found, leftovers))
                    throw new BadConfig(partition + " lies in two log directories, " + before.path() + " and "
                            + entry.path() + "; move one of them away");
            }
        }
    }

    /**
     * A directory that failed while a partition was made in it leaves one without a log, and the partition was made in another:
     * the one without goes.
     *
     * @return false if both have logs
     */
    private static boolean settled(
            Found before,
            InUse use,
            LogDirectory.Entry entry,
            Map<TopicPartition, Found> found,
            List<Runnable> leftovers) {
        if (!use.directory().holdsLog(entry.path())) {
            leftovers.add(() -> use.directory().delete(entry.path()));
            return true;
        }
        if (before.in().directory().holdsLog(before.path())) return false;
        leftovers.add(() -> before.in().directory().delete(before.path()));
        found.put(
                entry.name().partition(),
                new Found(use, entry.path(), entry.topicId().orElse(null)));
        return true;
    }

    /**
     * Before the first append: notes of which topics the checkpoints speak, before any topic can be made again under the name of
     * one, and removes the clean-shutdown markers. Blocks.
     *
     * @param diskFailed is told of each directory in which that fails
     */
    public void beginUse(Consumer<LogDirectoryFailed> diskFailed) {
        for (InUse use : online()) {
            try {
                if (use.checkpointTopicIds().isEmpty())
                    use.directory().checkpointTopicIds().write(topicIdsIn(use));
                use.directory().removeCleanShutdownMarker();
            } catch (LogDirectoryFailed failure) {
                diskFailed.accept(failure);
            }
        }
    }

    private Map<TopicPartition, Uuid> topicIdsIn(InUse use) {
        Map<TopicPartition, Uuid> ids = new TreeMap<>();
        found.forEach((name, one) -> {
            Uuid id = one.topicId();
            if (one.in().id().equals(use.id()) && id != null) ids.put(name, id);
        });
        return ids;
    }

    /** The directories taken into use, in the order of the configuration; some may have failed since. */
    public List<InUse> inUse() {
        return inUse;
    }

    /** Those that can be used now. */
    public List<InUse> online() {
        return inUse.stream().filter(use -> !isOffline(use)).toList();
    }

    /** Whether a directory has failed. */
    public boolean isOffline(InUse use) {
        return !failed.isEmpty() && failed.contains(use.directory().path());
    }

    /** The directory with an id, if it was taken into use. */
    public Optional<InUse> withId(Uuid id) {
        return inUse.stream().filter(use -> use.id().equals(id)).findFirst();
    }

    /** Where the directories are that cannot be used: those that failed at start, and those that failed since. */
    public List<Path> offlinePaths() {
        List<Path> offline = new ArrayList<>(missing.keySet());
        for (InUse use : inUse) if (isOffline(use)) offline.add(use.directory().path());
        offline.sort(null);
        return offline;
    }

    /** Whether one could not be taken into use at start, so that nobody knows what lies in it. */
    public boolean lacksSome() {
        return !missing.isEmpty();
    }

    /** The ids of those that failed since the start. */
    public List<Uuid> failedIds() {
        return inUse.stream().filter(this::isOffline).map(InUse::id).toList();
    }

    /** The directory that a failure happened in; nothing if it is none of these. */
    public Optional<InUse> holding(Path place) {
        return inUse.stream()
                .filter(use -> place.startsWith(use.directory().path()))
                .findFirst();
    }

    /**
     * Fences a directory until the next start.
     *
     * @return false if it was fenced already
     */
    public boolean fence(InUse use) {
        return failed.add(use.directory().path());
    }

    /** The directory with the fewest partitions among those that can be used, for a new one; nothing if none can be. */
    Optional<InUse> leastUsedNow() {
        return online().stream().min(Comparator.comparingInt(use -> partitionCounts.get(inUse.indexOf(use))));
    }

    /**
     * Chooses where a new replica goes.
     *
     * @param assigned  what the metadata says of it
     * @param isEarlier whether its topic was there before this start
     * @return nothing if it belongs, or may have begun, in a directory that is not there: it must not begin anew in another one
     *     (KAFKA-16234)
     */
    public Optional<InUse> placeFor(Uuid assigned, boolean isEarlier) {
        if (DirectoryIds.isReserved(assigned)) {
            boolean mayHaveBegun = isEarlier && lacksSome();
            return mayHaveBegun || assigned.equals(DirectoryIds.LOST) ? Optional.empty() : leastUsedNow();
        }
        return withId(assigned).filter(use -> !isOffline(use));
    }

    /** Counts partitions in a directory, for placement. */
    public void countPartitions(InUse use, int more) {
        partitionCounts.addAndGet(inUse.indexOf(use), more);
    }

    /** Tells the controller, by way of the listener, where a replica lies. */
    public void tellPlaced(Uuid topicId, int partition, InUse use) {
        placedListener.placed(topicId, partition, use.id());
    }

    /** Who is told where replicas lie; said once, before the lanes work. */
    public void whenPlaced(PlacedListener listener) {
        placedListener = listener;
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
        for (InUse use : inUse) {
            try {
                use.directory().close();
            } catch (LogDirectoryFailed failure) {
                LOG.log(System.Logger.Level.WARNING, use.directory().path() + " could not be unlocked", failure);
            }
        }
    }
}
