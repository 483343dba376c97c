package io.millrace.client.dispatch;

import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The rules of {@link Dispatcher}, said over a list of all records there ever were. */
final class ObviousDispatcher {
    static final class Entry {
        final TopicPartition partition;
        final int assignment;
        final long offset;
        final @Nullable String key;
        boolean isFinished;
        boolean isRunning;
        boolean isAbandoned;
        boolean isForgotten;
        long notBeforeMs;

        Entry(TopicPartition partition, int assignment, long offset, @Nullable String key) {
            this.partition = partition;
            this.assignment = assignment;
            this.offset = offset;
            this.key = key;
        }

        @Override
        public String toString() {
            return partition + "@" + offset + "/" + assignment;
        }
    }

    private final RecordOrder order;
    private final int concurrency;
    final List<Entry> entries = new ArrayList<>();
    final Set<TopicPartition> stopped = new TreeSet<>();

    ObviousDispatcher(RecordOrder order, int concurrency) {
        this.order = order;
        this.concurrency = concurrency;
    }

    private boolean isBefore(Entry first, Entry second) {
        if (!first.partition.equals(second.partition) || first.assignment != second.assignment) return false;
        if (first.offset >= second.offset) return false;
        return switch (order) {
            case PARTITION -> true;
            case KEY -> first.key != null && Objects.equals(first.key, second.key);
            case NONE -> false;
        };
    }

    /** The records that may start. */
    Set<Entry> startable(long nowMs) {
        if (entries.stream().filter(each -> each.isRunning).count() >= concurrency) return Set.of();
        return entries.stream()
                .filter(each -> !each.isFinished && !each.isRunning && !each.isForgotten && !each.isAbandoned)
                .filter(each -> each.notBeforeMs <= nowMs && !stopped.contains(each.partition))
                .filter(each -> entries.stream()
                        .noneMatch(other -> !other.isFinished && !other.isForgotten && isBefore(other, each)))
                .filter(each -> entries.stream()
                        .noneMatch(other ->
                                other.isForgotten && other.isRunning && other.partition.equals(each.partition)))
                .collect(Collectors.toSet());
    }

    /** By partition, behind the last one that is finished with all before it. */
    Map<TopicPartition, Long> watermarks() {
        Map<TopicPartition, Long> watermarks = new TreeMap<>();
        for (Entry each : entries) {
            if (each.isForgotten) continue;
            boolean isInARow = entries.stream()
                    .noneMatch(other -> !other.isForgotten
                            && !other.isFinished
                            && other.partition.equals(each.partition)
                            && other.offset <= each.offset);
            if (isInARow) watermarks.merge(each.partition, each.offset + 1, Math::max);
        }
        return watermarks;
    }

    /** Records of a partition from its first unfinished one on. */
    long fromFirstUnfinished(TopicPartition partition) {
        List<Entry> its = entries.stream()
                .filter(each -> each.partition.equals(partition) && !each.isForgotten)
                .toList();
        return its.stream().dropWhile(each -> each.isFinished).count();
    }

    long held() {
        return entries.stream()
                .filter(each -> !each.isForgotten && !each.isFinished)
                .count();
    }
}
