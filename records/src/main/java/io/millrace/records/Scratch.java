package io.millrace.records;

import java.util.Arrays;

/** Bytes that grow as they come, up to a bound. Nobody announces a size to it: room is made for what is really there. */
final class Scratch {
    private static final int MAX_ARRAY_BYTES = Integer.MAX_VALUE - 8;

    private final int maxBytes;
    private byte[] bytes;
    private int size;

    /** Begins with an array to be reused, and never holds more than {@code maxBytes}. */
    Scratch(byte[] initial, int maxBytes) {
        this.bytes = initial;
        this.maxBytes = Math.min(maxBytes, MAX_ARRAY_BYTES);
    }

    byte[] bytes() {
        return bytes;
    }

    int size() {
        return size;
    }

    /** How many bytes may be written at {@link #size()} now; 0 once the bound is reached. */
    int room() {
        return Math.min(bytes.length, maxBytes) - size;
    }

    /** How many bytes may be added until the bound is reached. */
    int roomLeftAtMost() {
        return maxBytes - size;
    }

    /** Makes room for that many bytes more, or for as many as the bound allows; look at {@link #room()}. */
    void makeRoom(int wanted) {
        int needed = (int) Math.min((long) size + wanted, maxBytes);
        if (needed <= bytes.length) return;
        int grown = (int) Math.min(Math.max(needed, bytes.length + (long) (bytes.length >> 1)), maxBytes);
        bytes = Arrays.copyOf(bytes, grown);
    }

    /** Counts bytes that were written behind {@link #size()}. */
    void advance(int count) {
        size += count;
    }

    void append(byte[] from, int at, int count) {
        makeRoom(count);
        if (room() < count) throw tooLarge();
        System.arraycopy(from, at, bytes, size, count);
        size += count;
    }

    InvalidBatch tooLarge() {
        return new InvalidBatch("the batch unpacks to more than the " + maxBytes + " bytes allowed");
    }
}
