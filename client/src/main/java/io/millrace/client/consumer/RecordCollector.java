package io.millrace.client.consumer;

import io.millrace.client.fetching.FetchPosition;
import io.millrace.client.fetching.RangeReader;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.CompressionUnavailable;
import io.millrace.records.InvalidBatch;
import java.util.Collection;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Has a taker take what has been fetched, partition after partition, on the thread that polls. A partition's position moves with
 * each record that is taken, and not with one that cannot be.
 */
final class RecordCollector {
    private final int maxPollRecords;
    private final LeftOutRecords leftOut;
    private final BiConsumer<AssignedPartition, FetchPosition> seek;
    private final Consumer<AssignedPartition> released;
    /**
     * Where the next collecting begins: at the partition whose range is being read, until it is over, as more is fetched of a partition
     * when its range is; then at the next, so that one busy partition does not starve the others.
     */
    private int nextPartition;

    /**
     * Gives nothing yet.
     *
     * @param seek has a partition read on from there
     * @param released is told when memory of a partition may be in use no more
     */
    RecordCollector(
            int maxPollRecords,
            LeftOutRecords leftOut,
            BiConsumer<AssignedPartition, FetchPosition> seek,
            Consumer<AssignedPartition> released) {
        this.maxPollRecords = maxPollRecords;
        this.leftOut = leftOut;
        this.seek = seek;
        this.released = released;
    }

    /**
     * Has the next records of these partitions taken, up to {@code max.poll.records}; none if there are none now.
     *
     * @return how many
     * @throws ConsumerFailure if the first that there is cannot be read, and none were taken before it
     */
    int collect(Collection<AssignedPartition> assigned, RecordTaker taker) {
        List<AssignedPartition> all = List.copyOf(assigned);
        int count = 0;
        for (int i = 0; i < all.size() && count < maxPollRecords; i++) {
            AssignedPartition partition = all.get((nextPartition + i) % all.size());
            if (partition.isPaused || !partition.hasNews()) continue;
            int taken;
            try {
                taken = collect(partition, taker, maxPollRecords - count, count == 0);
            } finally {
                released.accept(partition);
            }
            count += taken;
            if (taken > 0) partition.usualCount = taken;
            if (count >= maxPollRecords) {
                int behind = partition.isWithinRange() ? 0 : 1;
                nextPartition = (nextPartition + i + behind) % all.size();
            }
            if (taken == 0 && count == 0) {
                ConsumerFailure failure = partition.failure();
                if (failure != null) throw failure;
            }
        }
        return count;
    }

    private int collect(AssignedPartition partition, RecordTaker taker, int most, boolean isFirst) {
        int count = 0;
        while (count < most) {
            RangeReader reader;
            try {
                reader = partition.nextRecord();
            } catch (InvalidBatch | CompressionUnavailable unreadable) {
                long offset = partition.troubledOffset();
                long nextOffset = partition.behindTrouble();
                if (leftOut.isLeavingBatchesOut() && unreadable instanceof InvalidBatch && nextOffset >= 0) {
                    leftOut.batch(partition.partition, offset, nextOffset, unreadable);
                    partition.skipBatch();
                    continue;
                }
                readAgain(partition);
                if (!isFirst || count > 0) return count; // The next poll tells.
                throw new ConsumerFailure(
                        ErrorCode.CORRUPT_MESSAGE,
                        partition.partition + " cannot be read at offset " + offset + ": " + unreadable.getMessage(),
                        partition.partition,
                        offset,
                        nextOffset,
                        unreadable);
            }
            if (reader == null) break;
            try {
                taker.take(partition, reader, most);
            } catch (RuntimeException poison) {
                long offset = reader.offset();
                if (taker instanceof RecordTaker.Viewing) { // The application's own words to itself.
                    readAgain(partition);
                    throw poison;
                }
                if (leftOut.isLeavingRecordsOut()) {
                    try {
                        leftOut.record(partition.partition, reader, poison);
                    } catch (ConsumerFailure notPutAway) {
                        readAgain(partition);
                        if (!isFirst || count > 0) return count; // The next poll tries again, and tells.
                        throw notPutAway;
                    }
                    partition.passed(offset, reader.leaderEpoch());
                    continue;
                }
                readAgain(partition);
                if (!isFirst || count > 0) return count; // The next poll tells.
                throw new ConsumerFailure(
                        ErrorCode.INVALID_RECORD,
                        "record " + offset + " of " + partition.partition + " cannot be deserialized: " + poison,
                        partition.partition,
                        offset,
                        poison);
            } catch (Error fatal) {
                readAgain(partition);
                throw fatal;
            }
            partition.passed(reader.offset(), reader.leaderEpoch());
            count++;
        }
        return count;
    }

    /** Has what comes from the position on fetched once more: a failed poll moves nothing. */
    private void readAgain(AssignedPartition partition) {
        FetchPosition position = partition.position();
        if (position == null) throw new IllegalStateException(partition.partition + " was read without a position");
        seek.accept(partition, position);
    }
}
