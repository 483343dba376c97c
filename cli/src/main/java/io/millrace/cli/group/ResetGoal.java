package io.millrace.cli.group;

import io.millrace.client.CommittedOffset;
import io.millrace.records.TopicPartition;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Where a group is to read on. */
sealed interface ResetGoal {
    /** What is known of a partition. */
    record Known(
            TopicPartition partition,
            @Nullable CommittedOffset committed,
            long logStartOffset,
            long logEndOffset,
            long offsetOfTime) {}

    /** At the log's start. */
    record Earliest() implements ResetGoal {}

    /** At the log's end. */
    record Latest() implements ResetGoal {}

    /** At this offset. */
    record Offset(long offset) implements ResetGoal {}

    /** At the first record with at least this timestamp, or at the end if there is none. */
    record Time(long timestampMs) implements ResetGoal {}

    /** So many records on, or back if negative, from what is committed. */
    record Shift(long offsets) implements ResetGoal {}

    /** Where it is, but within the log. */
    record Current() implements ResetGoal {}

    /** What a file says. */
    record Listed(Map<TopicPartition, Long> offsets) implements ResetGoal {
        /** Fixes the map. */
        public Listed {
            offsets = Map.copyOf(offsets);
        }
    }

    /**
     * The goal in one partition, before it is brought within the log.
     *
     * @return empty if it cannot be said, since it depends on a commit that there is not
     */
    default OptionalLong wanted(Known known) {
        CommittedOffset committed = known.committed();
        return switch (this) {
            case Earliest() -> OptionalLong.of(known.logStartOffset());
            case Latest() -> OptionalLong.of(known.logEndOffset());
            case Offset(long offset) -> OptionalLong.of(offset);
            case Time(long timestampMs) ->
                OptionalLong.of(known.offsetOfTime() < 0 ? known.logEndOffset() : known.offsetOfTime());
            case Shift(long offsets) ->
                committed == null ? OptionalLong.empty() : OptionalLong.of(sum(committed.offset(), offsets));
            case Current() ->
                committed == null ? OptionalLong.of(known.logEndOffset()) : OptionalLong.of(committed.offset());
            case Listed(Map<TopicPartition, Long> offsets) -> {
                Long offset = offsets.get(known.partition());
                yield offset == null ? OptionalLong.empty() : OptionalLong.of(offset);
            }
        };
    }

    private static long sum(long offset, long shift) {
        try {
            return Math.addExact(offset, shift);
        } catch (ArithmeticException e) {
            return shift < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
    }

    /** The goal in one partition, within the log; as {@link #wanted}. */
    default OptionalLong target(Known known) {
        OptionalLong wanted = wanted(known);
        if (wanted.isEmpty()) return wanted;
        long end = Math.max(known.logStartOffset(), known.logEndOffset());
        return OptionalLong.of(Math.clamp(wanted.getAsLong(), known.logStartOffset(), end));
    }
}
