package io.millrace.server.storage;

import io.millrace.environment.Disk;
import io.millrace.metadata.DirectoryIds;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.server.config.BadConfig;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogDirectory;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.MetaProperties;
import io.millrace.storage.MoveMarker;
import io.millrace.storage.PartitionDirectoryName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
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
     * @param highWatermarks what was known to be committed, as of the last checkpoint
     * @param checkpointTopicIds of which topics the checkpoints speak; empty if they are to be taken as they are
     */
    public record InUse(
            LogDirectory directory,
            Uuid id,
            boolean wasClean,
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

    /**
     * The directory of a partition found at start.
     *
     * @param path where it is
     * @param topicId from its {@code partition.metadata}; null if it has none
     * @param marker what a move from another directory left in it; null if there was none
     */
    public record Found(
            InUse in,
            Path path,
            @Nullable Uuid topicId,
            @Nullable MoveMarker marker) {
        /** Everything below was forced: as the checkpoint says, or the marker of a log that came here just before the end. */
        public long recoveryPoint(TopicPartition name) {
            return Math.max(in.recoveryPoint(name, topicId), marker == null ? 0 : marker.recoveryPoint());
        }

        /** Where the log begins at least. */
        public long logStartOffset(TopicPartition name) {
            return Math.max(in.logStartOffset(name, topicId), marker == null ? 0 : marker.logStartOffset());
        }

        /** Everything below was known to be committed; 0 if nothing is known. */
        public long highWatermark(TopicPartition name) {
            return in.highWatermark(name, topicId);
        }

        private long generation() {
            return marker == null ? 0 : marker.generation();
        }
    }

    /**
     * A copy that was on its way from one directory to another when the process ended (KIP-113).
     *
     * @param in where it was going to
     * @param path where it is
     * @param topicId from its {@code partition.metadata}; null if it has none
     */
    public record Future(InUse in, Path path, @Nullable Uuid topicId) {}

    /** Is told where a replica lies, if the metadata does not say so. */
    public interface PlacedListener {
        /** Called on the partition's lane. */
        void placed(Uuid topicId, int partition, Uuid directoryId);
    }

    /** More replicas than that are not wanted anywhere before they are made; a client could ask for any number. */
    private static final int MOST_PREFERRED = 10_000;

    private final List<InUse> inUse;
    private final Map<Path, LogDirectoryFailed> missing;
    private final Set<Path> failed = ConcurrentHashMap.newKeySet();
    private final AtomicIntegerArray partitionCounts;
    private final IdentityHashMap<InUse, DirectorySpace> spaces = new IdentityHashMap<>();
    private final Map<TopicPartition, List<Found>> found;
    private final List<Runnable> leftovers;
    private final Map<TopicPartition, Future> futures;
    private final Map<TopicPartition, InUse> preferred = new ConcurrentHashMap<>();
    private volatile Set<Path> cordoned = Set.of();
    private volatile PlacedListener placedListener = (topicId, partition, directoryId) -> {};

    private LogDirectories(
            List<InUse> inUse,
            Map<Path, LogDirectoryFailed> missing,
            Map<TopicPartition, List<Found>> found,
            Map<TopicPartition, Future> futures,
            List<Runnable> leftovers) {
        this.inUse = List.copyOf(inUse);
        this.futures = new ConcurrentHashMap<>(futures);
        this.missing = Map.copyOf(missing);
        this.partitionCounts = new AtomicIntegerArray(inUse.size());
        for (InUse use : inUse) spaces.put(use, new DirectorySpace());
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
        Map<TopicPartition, List<Found>> found = new LinkedHashMap<>();
        Map<TopicPartition, Future> futures = new LinkedHashMap<>();
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
                    collect(inspected.use(), inspected.listing(), found, futures, leftovers);
                } catch (LogDirectoryFailed failure) {
                    LOG.log(System.Logger.Level.ERROR, path + " cannot be used and stays offline", failure);
                    missing.put(path, failure);
                }
            }
            if (inUse.isEmpty() && !missing.isEmpty())
                throw missing.values().iterator().next();
            isDone = true;
            return new LogDirectories(inUse, missing, found, futures, leftovers);
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

    private static void collect(
            InUse use,
            LogDirectory.Listing listing,
            Map<TopicPartition, List<Found>> found,
            Map<TopicPartition, Future> futures,
            List<Runnable> leftovers) {
        for (LogDirectory.Entry entry : listing.partitions()) {
            TopicPartition partition = entry.name().partition();
            if (partition.topic().equals("__cluster_metadata")) continue;
            if (entry.name().state() == PartitionDirectoryName.State.DELETE) {
                leftovers.add(() -> use.directory().delete(entry.path()));
            } else if (entry.name().state() == PartitionDirectoryName.State.FUTURE) {
                Future before = futures.putIfAbsent(
                        partition, new Future(use, entry.path(), entry.topicId().orElse(null)));
                if (before != null) leftovers.add(() -> use.directory().delete(entry.path()));
            } else if (entry.name().state() == PartitionDirectoryName.State.CURRENT) {
                Found one = new Found(use, entry.path(), entry.topicId().orElse(null), markerOf(use, entry.path()));
                List<Found> all = found.computeIfAbsent(partition, name -> new ArrayList<>());
                Found before = all.stream()
                        .filter(other -> !areOfTwoTopics(other, one))
                        .findFirst()
                        .orElse(null);
                if (before == null) all.add(one);
                else all.set(all.indexOf(before), theOneThatCounts(partition, before, one, leftovers));
            }
        }
    }

    /**
     * Whether a topic was deleted and made again while one of its directories was away, so that the log of the first was left.
     * Which of the two is wanted only the metadata can say.
     */
    private static boolean areOfTwoTopics(Found before, Found one) {
        Uuid topicId = one.topicId();
        return topicId != null && before.topicId() != null && !topicId.equals(before.topicId());
    }

    /** One that cannot be read says nothing: without a second log of the partition it is not needed. */
    private static @Nullable MoveMarker markerOf(InUse use, Path directory) {
        try {
            return use.directory().moveMarker(directory).orElse(null);
        } catch (CorruptLog damaged) {
            LOG.log(System.Logger.Level.WARNING, "passed over: " + damaged.getMessage());
            return null;
        }
    }

    /**
     * Of two directories of one partition of one topic. A directory that failed while a partition was made in it leaves one
     * without a log, and the partition was made in another: the one without goes.
     *
     * @throws BadConfig if both have logs, and neither is a copy of the other
     */
    private static Found theOneThatCounts(TopicPartition name, Found before, Found one, List<Runnable> leftovers) {
        if (isMoved(before, one)) return newer(name, before, one, leftovers);
        if (!one.in().directory().holdsLog(one.path())) {
            leftovers.add(() -> one.in().directory().delete(one.path()));
            return before;
        }
        if (!before.in().directory().holdsLog(before.path())) {
            leftovers.add(() -> before.in().directory().delete(before.path()));
            return one;
        }
        throw new BadConfig(name + " lies in two log directories, " + before.path() + " and " + one.path()
                + "; move one of them away");
    }

    /** A move was cut off between its two renames: the copy, which is whole, is the one that counts (ADR 31). */
    private static Found newer(TopicPartition name, Found before, Found one, List<Runnable> leftovers) {
        boolean isNewer = one.generation() > before.generation();
        Found newer = isNewer ? one : before;
        Found older = isNewer ? before : one;
        LogDirectory directory = older.in().directory();
        Uuid uniqueId = new Uuid(newer.generation(), name.hashCode());
        Path aside = directory.setAside(older.path(), name, PartitionDirectoryName.State.DELETE, uniqueId);
        LOG.log(System.Logger.Level.INFO, older.path() + " had been moved to " + newer.path() + "; it is deleted");
        leftovers.add(() -> directory.delete(aside));
        return newer;
    }

    /** Whether one of them is a copy of the other that had been sealed. */
    private static boolean isMoved(Found before, Found one) {
        Uuid topicId = one.topicId();
        return topicId != null && topicId.equals(before.topicId()) && one.generation() != before.generation();
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
            use.directory().checkpointTopicIds().write(topicIdsIn(use));
        } catch (LogDirectoryFailed failure) {
            if (!failure.isWantOfSpace()) throw failure;
            LOG.log(System.Logger.Level.WARNING, failure.getMessage());
            spaceOf(use).ranOut();
        }
    }

    private Map<TopicPartition, Uuid> topicIdsIn(InUse use) {
        Map<TopicPartition, Uuid> ids = new TreeMap<>();
        found.forEach((name, all) -> {
            for (Found one : all) {
                Uuid id = one.topicId();
                if (one.in().id().equals(use.id()) && id != null) ids.put(name, id);
            }
        });
        return ids;
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

    /**
     * The directory with the fewest partitions among those that can be used, for a new one, of those with room if there is any;
     * nothing if none can be used. Cordoned ones are passed over, unless all are: the controller has refused the partition then,
     * or has decided before it knew.
     */
    Optional<InUse> leastUsedNow() {
        List<InUse> open = online().stream().filter(use -> !isCordoned(use)).toList();
        return (open.isEmpty() ? online() : open)
                .stream()
                        .min(Comparator.comparing((InUse use) -> !spaceOf(use).isOpen())
                                .thenComparingInt(this::partitionsIn));
    }

    /** {@link #leastUsedNow}, with one partition more counted there before another lane chooses. */
    public Optional<InUse> takeLeastUsed() {
        while (true) {
            InUse least = leastUsedNow().orElse(null);
            if (least == null) return Optional.empty();
            int count = partitionsIn(least);
            boolean isStillLeast = leastUsedNow().filter(least::equals).isPresent();
            if (isStillLeast && partitionCounts.compareAndSet(inUse.indexOf(least), count, count + 1))
                return Optional.of(least);
        }
    }

    private int partitionsIn(InUse use) {
        return partitionCounts.get(inUse.indexOf(use));
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

    /**
     * Says which directories take no new replicas (KIP-1066): {@code cordoned.log.dirs}, where {@code *} stands for all.
     *
     * @return whether that is news
     */
    public boolean cordon(List<String> paths) {
        boolean all = paths.contains("*");
        Set<Path> now = new HashSet<>();
        for (InUse use : inUse)
            if (all || paths.contains(use.directory().path().toString()))
                now.add(use.directory().path());
        boolean isNews = !now.equals(cordoned);
        cordoned = Set.copyOf(now);
        return isNews;
    }

    /** Whether a directory takes no new replicas. */
    public boolean isCordoned(InUse use) {
        return cordoned.contains(use.directory().path());
    }

    /** The ids of those that take no new replicas. */
    public List<Uuid> cordonedIds() {
        return inUse.stream().filter(this::isCordoned).map(InUse::id).toList();
    }

    /** Remembers where a replica is wanted that is not here yet; at most {@link #MOST_PREFERRED} are remembered. */
    public void prefer(TopicPartition name, InUse use) {
        if (preferred.size() < MOST_PREFERRED || preferred.containsKey(name)) preferred.put(name, use);
    }

    /** The copy of a partition that an earlier run had not finished; nobody else gets it after that. */
    public Optional<Future> takeFuture(TopicPartition name) {
        return Optional.ofNullable(futures.remove(name));
    }

    /** As {@link #takeFuture(TopicPartition)}, if it is of that topic and in the directory that the metadata assigns the replica to. */
    public Optional<Future> takeFuture(TopicPartition name, Uuid assigned, Uuid topicId) {
        Future future = futures.get(name);
        boolean isIts = future != null
                && topicId.equals(future.topicId())
                && assigned.equals(future.in().id());
        return isIts ? takeFuture(name) : Optional.empty();
    }

    /** The copies of earlier runs that nobody has taken. */
    public Map<TopicPartition, Future> futures() {
        return Map.copyOf(futures);
    }

    /** A copy waits for its partition to be led again. */
    public void leaveFuture(TopicPartition name, Future future) {
        futures.put(name, future);
    }

    /**
     * Chooses where a new replica goes, and counts it there, so that lanes that choose at the same time do not choose the same.
     * If it is not made there after all, the caller takes that back by {@link #countPartitions}.
     *
     * @param name      which partition it is of
     * @param assigned  what the metadata says of it
     * @param isEarlier whether its topic was there before this start
     * @return nothing if it belongs, or may have begun, in a directory that is not there: it must not begin anew in another one
     *     (KAFKA-16234)
     */
    public Optional<InUse> placeFor(TopicPartition name, Uuid assigned, boolean isEarlier) {
        if (DirectoryIds.isReserved(assigned)) {
            boolean mayHaveBegun = isEarlier && lacksSome();
            if (mayHaveBegun || assigned.equals(DirectoryIds.LOST)) return Optional.empty();
            InUse wanted = preferred.remove(name);
            if (wanted == null || isOffline(wanted)) return takeLeastUsed();
            countPartitions(wanted, 1);
            return Optional.of(wanted);
        }
        Optional<InUse> said = withId(assigned).filter(use -> !isOffline(use));
        said.ifPresent(use -> countPartitions(use, 1));
        return said;
    }

    /** Whether the metadata names a directory that this node has not got, though all that it was told of are there. */
    public boolean isGone(Uuid assigned) {
        return !DirectoryIds.isReserved(assigned)
                && !lacksSome()
                && withId(assigned).isEmpty();
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

    /** The directory of a partition that was there at start; the first of them if there are those of several topics of its name. */
    public Optional<Found> found(TopicPartition partition) {
        return allFound(partition).stream().findFirst();
    }

    /** The directory of a partition of a topic that was there at start; if there is none, one of another topic of its name. */
    public Optional<Found> found(TopicPartition partition, Uuid topicId) {
        return allFound(partition).stream()
                .filter(one -> topicId.equals(one.topicId()))
                .findFirst()
                .or(() -> found(partition));
    }

    /** The directories of a partition that were there at start, each of another topic of its name. */
    public List<Found> allFound(TopicPartition partition) {
        return found.getOrDefault(partition, List.of());
    }

    /** The partitions that were there at start. */
    public Set<TopicPartition> found() {
        return found.keySet();
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
