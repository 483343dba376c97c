package io.millrace.storage;

/** Sequence numbers of a producer: from 0 to 2^31-1, then 0 again. */
final class Sequences {
    private Sequences() {}

    static int minus(int sequence, int steps) {
        int result = sequence - steps;
        return result >= 0 ? result : result + Integer.MAX_VALUE + 1;
    }

    static boolean follows(int last, int next) {
        return next == last + 1L || (next == 0 && last == Integer.MAX_VALUE);
    }
}
