package io.millrace.client.dispatch;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * How far a partition may be committed: behind its last record before which, itself included, all are finished. Records come in the
 * order of their offsets, which may have gaps, and are finished in any order. It keeps those from the first unfinished one on, in a
 * ring: 12 bytes and a bit each.
 */
final class CommitWatermark {
    private static final int FIRST_CAPACITY = 16;

    private long[] offsets = new long[FIRST_CAPACITY];
    private int[] epochs = new int[FIRST_CAPACITY];
    private BitSet finished = new BitSet(FIRST_CAPACITY);
    /** Where the first is; a place is {@code (first + index) & (capacity - 1)}. */
    private int first;

    private int count;
    private long lastOffset = -1;
    private long nextOffset = -1;
    private int leaderEpoch = -1;

    /**
     * Takes a record on.
     *
     * @throws IllegalArgumentException if its offset is not above all before
     */
    void add(long offset, int itsLeaderEpoch) {
        if (!isNext(offset)) throw new IllegalArgumentException("offset " + offset + " comes after a higher one");
        if (count == offsets.length) grow();
        int place = place(count++);
        lastOffset = offset;
        offsets[place] = offset;
        epochs[place] = itsLeaderEpoch;
        finished.clear(place);
    }

    /** Whether a record of that offset may come next. */
    boolean isNext(long offset) {
        return offset > (count == 0 ? nextOffset - 1 : offsets[place(count - 1)]);
    }

    /**
     * A record is finished.
     *
     * @throws IllegalArgumentException if there is none of that offset, or it was finished before
     */
    void finish(long offset) {
        int index = indexOf(offset);
        if (index < 0 || finished.get(place(index)))
            throw new IllegalArgumentException("offset " + offset + " is not unfinished");
        finished.set(place(index));
        while (count > 0 && finished.get(first)) {
            nextOffset = offsets[first] + 1;
            leaderEpoch = epochs[first];
            first = place(1);
            count--;
        }
    }

    /** The offset that may be committed, which is behind the last of those that are finished in a row; -1 if there are none. */
    long nextOffset() {
        return nextOffset;
    }

    /** Of the record before {@link #nextOffset}; -1 if that is not known. */
    int leaderEpoch() {
        return leaderEpoch;
    }

    /** How many there are from the first unfinished one on. */
    int count() {
        return count;
    }

    /** The offset of the first unfinished one; -1 if there is none. */
    long firstUnfinishedOffset() {
        return count == 0 ? -1 : offsets[first];
    }

    /** The highest offset of all that were added; -1 if none was. */
    long lastOffset() {
        return lastOffset;
    }

    /** What is finished behind the first unfinished one; offsets between two neighbours that are finished belong to it, as no record is there. */
    List<FinishedAhead.Range> finishedAhead() {
        List<FinishedAhead.Range> ranges = new ArrayList<>();
        long fromOffset = -1;
        long untilOffset = -1;
        for (int index = 0; index < count; index++) {
            int place = place(index);
            if (finished.get(place)) {
                if (fromOffset < 0) fromOffset = offsets[place];
                untilOffset = offsets[place] + 1;
            } else if (fromOffset >= 0) {
                ranges.add(new FinishedAhead.Range(fromOffset, untilOffset));
                fromOffset = -1;
            }
        }
        if (fromOffset >= 0) ranges.add(new FinishedAhead.Range(fromOffset, untilOffset));
        return ranges;
    }

    /** The leader epoch of the last one of those; -1 if there are none, or it is not known. */
    int finishedAheadEpoch() {
        for (int index = count - 1; index > 0; index--) if (finished.get(place(index))) return epochs[place(index)];
        return -1;
    }

    private int place(int index) {
        return (first + index) & (offsets.length - 1);
    }

    private int indexOf(long offset) {
        int low = 0;
        int high = count - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            long there = offsets[place(middle)];
            if (there == offset) return middle;
            if (there < offset) low = middle + 1;
            else high = middle - 1;
        }
        return -1;
    }

    /** Doubles the ring, with the first at place 0. */
    private void grow() {
        int capacity = offsets.length;
        long[] moreOffsets = new long[2 * capacity];
        int[] moreEpochs = new int[2 * capacity];
        BitSet moreFinished = new BitSet(2 * capacity);
        for (int index = 0; index < count; index++) {
            int place = place(index);
            moreOffsets[index] = offsets[place];
            moreEpochs[index] = epochs[place];
            moreFinished.set(index, finished.get(place));
        }
        offsets = moreOffsets;
        epochs = moreEpochs;
        finished = moreFinished;
        first = 0;
    }
}
