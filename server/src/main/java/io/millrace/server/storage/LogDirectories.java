package io.millrace.server.storage;

import io.millrace.environment.Disk;
import io.millrace.metadata.DirectoryIds;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.server.config.BadConfig;
import io.millrace.storage.LogDirectory;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.MetaProperties;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The log directories of this process: those in use, those that could not be, and those that have failed since (KIP-112). A directory that has
 * failed is not used again before the next start. What they held is {@link LogsAtStart}, and what they get {@link ReplicaPlacement}.
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
     * @param cleanShutdownEpoch the epoch the broker had then; empty if they were not, or the marker does not say
     * @param recoveryPoints what was forced, per partition, as of the last checkpoint
     * @param logStartOffsets log start offsets within a segment, as of the last checkpoint
     * @param highWatermarks what was known to be committed, as of the last checkpoint
     * @param checkpointTopicIds of which topics the checkpoints speak; empty if they are to be taken as they are
     */
    public record InUse(
            LogDirectory directory,
            Uuid id,
            boolean wasClean,
            OptionalLong cleanShutdownEpoch,
            Map<TopicPartition, Long> recoveryPoints,
            Map<TopicPartition, Long> logStartOffsets,
            Map<TopicPartition, Long> highWatermarks,
            Optional<Map<TopicPartition, Uuid>> checkpointTopicIds) {
        /** Everything below was forced in the log of a partition found here, which is of this topic id if it is known. */
        public long recoveryPoint(TopicPartition name, @Nullable Uuid topicId) {
            return speaksOf(name, topicId) ? recoveryPoints.getOrDefault(name, 0L) : 0;
        }

        /** Where the log of a partition found here begins at least. */
        public long logStartOffset(TopicPartition name, @Nullable Uuid topicId) {
            return speaksOf(name, topicId) ? logStartOffsets.getOrDefault(name, 0L) : 0;
        }

        /** Everything below was known to be committed in the log of a partition found here. */
        public long highWatermark(TopicPartition name, @Nullable Uuid topicId) {
            return speaksOf(name, topicId) ? highWatermarks.getOrDefault(name, 0L) : 0;
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

    private final List<InUse> inUse;
    private final Map<Path, LogDirectoryFailed> missing;
    private final Set<Path> failed = ConcurrentHashMap.newKeySet();
    private final IdentityHashMap<InUse, DirectorySpace> spaces = new IdentityHashMap<>();
    private final LogsAtStart atStart;
    private final ReplicaPlacement placement;

    private LogDirectories(List<InUse> inUse, Map<Path, LogDirectoryFailed> missing, LogsAtStart atStart) {
        this.inUse = List.copyOf(inUse);
        this.missing = Map.copyOf(missing);
        for (InUse use : inUse) spaces.put(use, new DirectorySpace());
        this.atStart = atStart;
        this.placement = new ReplicaPlacement(this);
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
        LogsAtStart atStart = new LogsAtStart();
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
                    atStart.add(inspected.use(), inspected.listing());
                } catch (LogDirectoryFailed failure) {
                    LOG.log(System.Logger.Level.ERROR, path + " cannot be used and stays offline", failure);
                    missing.put(path, failure);
                }
            }
            if (inUse.isEmpty() && !missing.isEmpty())
                throw missing.values().iterator().next();
            isDone = true;
            return new LogDirectories(inUse, missing, atStart);
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
                throw new BadConfig(directory.path() + " belongs to node " + meta.nodeId() + ", as its "
                        + MetaProperties.FILE_NAME + " says, and this is node " + nodeId);
            if (clusterId != null && !clusterId.equals(meta.clusterId()))
                throw new BadConfig(directory.path() + " belongs to cluster " + meta.clusterId() + ", as its "
                        + MetaProperties.FILE_NAME + " says, and the directories before it to cluster " + clusterId);
            if (DirectoryIds.isReserved(meta.directoryId()))
                throw new BadConfig(directory.path().resolve(MetaProperties.FILE_NAME)
                        + " has no directory.id that can be used: " + meta.directoryId());
            InUse use = new InUse(
                    directory,
                    meta.directoryId(),
                    directory.wasCleanlyShutDown(),
                    directory.cleanShutdownBrokerEpoch(),
                    directory.recoveryPoints().read(),
                    directory.logStartOffsets().read(),
                    directory.highWatermarks().read(),
                    directory.checkpointTopicIds().read());
            LogDirectory.Listing listing = directory.list();
            isGood = true;
            return new Inspected(use, meta.clusterId(), listing);
        } finally {
            if (!isGood) directory.close();
        }
    }

    /**
     * Before anybody is told whom to lead or to follow: notes of which topics the checkpoints speak, before any topic can be made
     * again under the name of one, and removes the clean-shutdown markers, before a log can become longer than it was closed.
     * Blocks.
     *
     * @param diskFailed is told of each directory in which that fails
     */
    public void beginUse(Consumer<LogDirectoryFailed> diskFailed) {
        for (InUse use : online()) {
            try {
                noteTopicIds(use);
                use.directory().removeCleanShutdownMarker();
            } catch (LogDirectoryFailed failure) {
                diskFailed.accept(failure);
            }
        }
    }

    /** Without room for it the next checkpoint does it; until there is room nobody makes a topic. */
    private void noteTopicIds(InUse use) {
        if (use.checkpointTopicIds().isPresent()) return;
        try {
            use.directory().checkpointTopicIds().write(atStart.topicIdsIn(use));
        } catch (LogDirectoryFailed failure) {
            if (!failure.isWantOfSpace()) throw failure;
            LOG.log(System.Logger.Level.WARNING, failure.getMessage());
            spaceOf(use).ranOut();
        }
    }

    /** What lay in them when they were taken into use. */
    public LogsAtStart atStart() {
        return atStart;
    }

    /** Where new replicas go. */
    public ReplicaPlacement placement() {
        return placement;
    }

    /** The directories taken into use, in the order of the configuration; some may have failed since. */
    public List<InUse> inUse() {
        return inUse;
    }

    /** Those that can be used now. */
    public List<InUse> online() {
        return failed.isEmpty()
                ? inUse
                : inUse.stream().filter(use -> !isOffline(use)).toList();
    }

    /** Whether a directory has failed. */
    public boolean isOffline(InUse use) {
        return !failed.isEmpty() && failed.contains(use.directory().path());
    }

    /** How much room there is in a directory. */
    public DirectorySpace spaceOf(InUse use) {
        DirectorySpace space = spaces.get(use);
        if (space == null) throw new IllegalArgumentException(use.directory().path() + " is not in use");
        return space;
    }

    /** Whether one that can be used takes less than everything for want of room. */
    public boolean isShortOfSpace() {
        for (InUse use : inUse) if (!isOffline(use) && !spaceOf(use).isOpen()) return true;
        return false;
    }

    /** Whether each one that can be used takes less than everything for want of room. */
    public boolean isFull() {
        List<InUse> online = online();
        return !online.isEmpty()
                && online.stream().noneMatch(use -> spaceOf(use).isOpen());
    }

    /**
     * Why no partitions can be made for clients now, as a sentence; nothing if they can. Each takes files of its own and records of
     * the metadata log, and what is in reserve there is for getting rid of some.
     *
     * @param metadataLogDirectory where the metadata log is
     */
    public Optional<String> whyNoNewPartitions(Path metadataLogDirectory) {
        boolean hasOpen = false;
        for (InUse use : inUse) {
            if (isOffline(use)) continue;
            DirectorySpace space = spaceOf(use);
            hasOpen |= space.isOpen();
            if (!space.isOpen() && use.directory().path().equals(metadataLogDirectory))
                return Optional.of("the log directory of the metadata is full: "
                        + space.now().text() + "; topics can be deleted");
        }
        return hasOpen ? Optional.empty() : Optional.of("all log directories are full; topics can be deleted");
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
        return failed.isEmpty()
                ? List.of()
                : inUse.stream().filter(this::isOffline).map(InUse::id).toList();
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

    /** The directory at a path, as the server's properties name it, if it was taken into use. */
    public Optional<InUse> at(String path) {
        return inUse.stream()
                .filter(use -> use.directory().path().toString().equals(path))
                .findFirst();
    }

    /** Whether a directory of that path is known, and cannot be used. */
    public boolean isOfflinePath(String path) {
        return offlinePaths().stream().anyMatch(offline -> offline.toString().equals(path));
    }

    /** Whether the metadata names a directory that this node has not got, though all that it was told of are there. */
    public boolean isGone(Uuid assigned) {
        return !DirectoryIds.isReserved(assigned)
                && !lacksSome()
                && withId(assigned).isEmpty();
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
