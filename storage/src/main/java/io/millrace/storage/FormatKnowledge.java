package io.millrace.storage;

/**
 * Which stretches of one segment file are known to hold sound batches of format 2 only. What is appended is, unless a leader sent older ones; what was found at start
 * nobody has looked at, and nobody does before it is read: then a helper reads the batches of the range that is wanted, once, and
 * it is noted here. Readers that go on from where one has been make the known stretch grow. Belongs to the log's lane.
 */
final class FormatKnowledge {
    /** From here on everything is sound and of format 2, however far the file grows. */
    private long soundFrom;

    private long lookedFrom;
    private long lookedUntil;

    /** Nothing is known of the first so many bytes, which were there already. */
    FormatKnowledge(long foundBytes) {
        soundFrom = foundBytes;
    }

    /** Whether all batches that begin within a range, which begins with one, are known to be sound and of format 2. */
    boolean isSound(long fromPosition, long untilPosition) {
        return fromPosition >= soundFrom || (fromPosition >= lookedFrom && untilPosition <= lookedUntil);
    }

    /** Notes that all batches that begin within a range are sound and of format 2. */
    void noteSound(long fromPosition, long untilPosition) {
        if (fromPosition <= lookedUntil && untilPosition >= lookedFrom) {
            lookedFrom = Math.min(lookedFrom, fromPosition);
            lookedUntil = Math.max(lookedUntil, untilPosition);
        } else {
            lookedFrom = fromPosition;
            lookedUntil = untilPosition;
        }
        if (lookedUntil >= soundFrom) soundFrom = Math.min(soundFrom, lookedFrom);
    }

    /** A follower was sent a batch of format 0 or 1, which ends here. */
    void appendedOld(long untilPosition) {
        soundFrom = untilPosition;
    }

    /** The file was cut: nothing is known of what is behind, and what is appended there is sound and of format 2, unless it is said otherwise. */
    void cut(long position) {
        soundFrom = Math.min(soundFrom, position);
        lookedUntil = Math.min(lookedUntil, position);
        lookedFrom = Math.min(lookedFrom, lookedUntil);
    }
}
