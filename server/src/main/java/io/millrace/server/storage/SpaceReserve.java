package io.millrace.server.storage;

/**
 * What is kept free on the file system of each log directory: so many bytes, or so many percent of it, whichever is less.
 * Records of clients stop at it, those of coordinators at half of it; the rest is for metadata, checkpoints, snapshots and
 * indexes, so that the directory can still be emptied and the node stopped and started.
 *
 * @param bytes from 0
 * @param percent of the size of the file system, 0 to 50
 */
public record SpaceReserve(long bytes, int percent) {
    /** Unless configured. */
    public static final SpaceReserve DEFAULT = new SpaceReserve(1L << 30, 2);

    /** What a directory takes. */
    public enum State {
        /** Everything. */
        OPEN(0),
        /** Nothing from clients. */
        RESERVED(1),
        /** Nothing from coordinators either. */
        EXHAUSTED(2);

        private final int refusedKinds;

        State(int refusedKinds) {
            this.refusedKinds = refusedKinds;
        }

        /** Of how many kinds of writers it takes nothing, for metrics: 0, 1 or 2. */
        public int refusedKinds() {
            return refusedKinds;
        }
    }

    /** Checks. */
    public SpaceReserve {
        if (bytes < 0) throw new IllegalArgumentException(bytes + " bytes in reserve are below 0");
        if (percent < 0 || percent > 50)
            throw new IllegalArgumentException(percent + " percent in reserve are not in [0, 50]");
    }

    /** Bytes kept free on a file system of this size; 0 if it does not tell its size. */
    public long bytesOf(long totalBytes) {
        if (totalBytes <= 0) return 0;
        // In this order: there are file systems of 2^63 bytes, if they are asked.
        return Math.min(bytes, totalBytes / 100 * percent);
    }

    /**
     * What follows from a look. Back to a better state leads a quarter of its bound above where it was left, so that a
     * directory at the bound does not go to and fro.
     *
     * @param reserveBytes as {@link #bytesOf} says; 0 leaves it to the disk to refuse
     */
    static State after(State before, long usableBytes, long reserveBytes) {
        if (reserveBytes == 0) return usableBytes > 0 ? State.OPEN : before;
        long half = reserveBytes / 2;
        long opens = before == State.OPEN ? reserveBytes : reserveBytes + reserveBytes / 4;
        long reserves = before == State.EXHAUSTED ? half + half / 4 : half;
        if (usableBytes >= opens) return State.OPEN;
        return usableBytes >= reserves ? State.RESERVED : State.EXHAUSTED;
    }
}
