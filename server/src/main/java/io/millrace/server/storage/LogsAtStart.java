package io.millrace.server.storage;

import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.server.config.BadConfig;
import io.millrace.server.storage.LogDirectories.InUse;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogDirectory;
import io.millrace.storage.MoveMarker;
import io.millrace.storage.PartitionDirectoryName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What lay in the log directories when they were taken into use: the logs of partitions, of several for one the log that counts; copies that were
 * on their way between directories; and what an earlier run had yet to delete. Any thread may ask.
 */
public final class LogsAtStart {
    private static final System.Logger LOG = System.getLogger(LogsAtStart.class.getName());

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

    private final Map<TopicPartition, List<Found>> found = new LinkedHashMap<>();
    private final Map<TopicPartition, Future> futures = new ConcurrentHashMap<>();
    private final List<Runnable> leftovers = new ArrayList<>();

    LogsAtStart() {}

    // Looking

    /** Takes note of what one directory holds, which is in use. */
    void add(InUse use, LogDirectory.Listing listing) {
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
                else all.set(all.indexOf(before), theOneThatCounts(partition, before, one));
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
    private Found theOneThatCounts(TopicPartition name, Found before, Found one) {
        if (isMoved(before, one)) return newer(name, before, one);
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
    private Found newer(TopicPartition name, Found before, Found one) {
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

    // What was found

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

    /** Of which topics the logs in a directory are, where that is known. */
    Map<TopicPartition, Uuid> topicIdsIn(InUse use) {
        Map<TopicPartition, Uuid> ids = new TreeMap<>();
        found.forEach((name, all) -> {
            for (Found one : all) {
                Uuid id = one.topicId();
                if (one.in().id().equals(use.id()) && id != null) ids.put(name, id);
            }
        });
        return ids;
    }

    // Copies

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
}
