package io.millrace.client.dispatch;

import java.util.BitSet;

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
