package io.millrace.storage;

/**
 * Which stretches of one segment file are known to hold batches of format 2 only. What is appended is; what was found at start
 * nobody has looked at, and nobody does before it is read: then a helper looks at the headers of the range that is wanted, once, and
 * it is noted here. Readers that go on from where one has been make the known stretch grow. Belongs to the log's lane.
 */
final class FormatKnowledge {
    /** From here on everything is of format 2, however far the file grows. */
    private long format2From;

    private long lookedFrom;
    private long lookedUntil;

    /** Nothing is known of the first so many bytes, which were there already. */
    FormatKnowledge(long foundBytes) {
        format2From = foundBytes;
    }

    /** Whether all batches that begin within a range, which begins with one, are of format 2 as far as anybody knows. */
    boolean isFormat2(long fromPosition, long untilPosition) {
        return fromPosition >= format2From || (fromPosition >= lookedFrom && untilPosition <= lookedUntil);
    }

    /** Notes that all batches that begin within a range are of format 2. */
    void noteFormat2(long fromPosition, long untilPosition) {
        if (fromPosition <= lookedUntil && untilPosition >= lookedFrom) {
            lookedFrom = Math.min(lookedFrom, fromPosition);
            lookedUntil = Math.max(lookedUntil, untilPosition);
        } else {
            lookedFrom = fromPosition;
            lookedUntil = untilPosition;
        }
        if (lookedUntil >= format2From) format2From = Math.min(format2From, lookedFrom);
    }

    /** The file was cut: what is appended from there on is of format 2. */
    void cut(long position) {
        format2From = Math.min(format2From, position);
    }
}
