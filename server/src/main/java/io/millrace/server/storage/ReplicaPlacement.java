package io.millrace.server.storage;

import io.millrace.metadata.DirectoryIds;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.server.storage.LogDirectories.InUse;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Which log directory a new replica goes to: the one that the metadata says, or that somebody has asked for, or else the one with the fewest that
 * takes any (KIP-112, KIP-858, KIP-1066). Any thread may ask.
 */
public final class ReplicaPlacement {
    /** Is told where a replica lies, if the metadata does not say so. */
    public interface PlacedListener {
        /** Called on the partition's lane. */
        void placed(Uuid topicId, int partition, Uuid directoryId);
    }

    /** More replicas than that are not wanted anywhere before they are made; a client could ask for any number. */
    private static final int MOST_PREFERRED = 10_000;

    private final LogDirectories directories;
    private final AtomicIntegerArray partitionCounts;
    private final Map<TopicPartition, InUse> preferred = new ConcurrentHashMap<>();
    private volatile Set<Path> cordoned = Set.of();
    private volatile PlacedListener placedListener = (topicId, partition, directoryId) -> {};

    ReplicaPlacement(LogDirectories directories) {
        this.directories = directories;
        this.partitionCounts = new AtomicIntegerArray(directories.inUse().size());
    }

    /**
     * The directory with the fewest partitions among those that can be used, for a new one, of those with room if there is any;
     * nothing if none can be used. Cordoned ones are passed over, unless all are: the controller has refused the partition then,
     * or has decided before it knew.
     */
    Optional<InUse> leastUsedNow() {
        List<InUse> open =
                directories.online().stream().filter(use -> !isCordoned(use)).toList();
        return (open.isEmpty() ? directories.online() : open)
                .stream()
                        .min(Comparator.comparing(
                                        (InUse use) -> !directories.spaceOf(use).isOpen())
                                .thenComparingInt(this::partitionsIn));
    }

    /** {@link #leastUsedNow}, with one partition more counted there before another lane chooses. */
    public Optional<InUse> takeLeastUsed() {
        while (true) {
            InUse least = leastUsedNow().orElse(null);
            if (least == null) return Optional.empty();
            int count = partitionsIn(least);
            boolean isStillLeast = leastUsedNow().filter(least::equals).isPresent();
            if (isStillLeast
                    && partitionCounts.compareAndSet(directories.inUse().indexOf(least), count, count + 1))
                return Optional.of(least);
        }
    }

    private int partitionsIn(InUse use) {
        return partitionCounts.get(directories.inUse().indexOf(use));
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
            boolean mayHaveBegun = isEarlier && directories.lacksSome();
            if (mayHaveBegun || assigned.equals(DirectoryIds.LOST)) return Optional.empty();
            InUse wanted = preferred.remove(name);
            if (wanted == null || directories.isOffline(wanted)) return takeLeastUsed();
            countPartitions(wanted, 1);
            return Optional.of(wanted);
        }
        Optional<InUse> said = directories.withId(assigned).filter(use -> !directories.isOffline(use));
        said.ifPresent(use -> countPartitions(use, 1));
        return said;
    }

    /** Remembers where a replica is wanted that is not here yet; at most {@link #MOST_PREFERRED} are remembered. */
    public void prefer(TopicPartition name, InUse use) {
        if (preferred.size() < MOST_PREFERRED || preferred.containsKey(name)) preferred.put(name, use);
    }

    /**
     * Says which directories take no new replicas (KIP-1066): {@code cordoned.log.dirs}, where {@code *} stands for all.
     *
     * @return whether that is news
     */
    public boolean cordon(List<String> paths) {
        boolean all = paths.contains("*");
        Set<Path> now = new HashSet<>();
        for (InUse use : directories.inUse())
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
        return directories.inUse().stream()
                .filter(this::isCordoned)
                .map(InUse::id)
                .toList();
    }

    /** Counts partitions in a directory, for placement. */
    public void countPartitions(InUse use, int more) {
        partitionCounts.addAndGet(directories.inUse().indexOf(use), more);
    }

    /** Tells the controller, by way of the listener, where a replica lies. */
    public void tellPlaced(Uuid topicId, int partition, InUse use) {
        placedListener.placed(topicId, partition, use.id());
    }

    /** Who is told where replicas lie; said once, before the lanes work. */
    public void whenPlaced(PlacedListener listener) {
        placedListener = listener;
    }
}
