package io.millrace.replication;

/**
 * Decides what is to be done next for a replica that is being moved to another log directory (KIP-113): its files are copied while it
 * goes on growing; the copy is opened and catches up; it is forced; and once it lacks little, it takes the replica's place.
 *
 * <p>How the copy gains on a replica that grows fast, {@link CopyRounds} says.
 *
 * <p>From {@link Step#FORCE} on the replica itself is not forced any more, so that the copy cannot be behind in what is safe: the two change
 * places after one force, however fast the replica grows.
 */
public final class FutureReplica {
    /** A copy that lacks no more than this is opened: what it lacks is appended to it after that. */
    public static final long OPEN_LAG_BYTES = 8L << 20;

    /** So many bytes are copied within the turn in which the two change places. */
    public static final long SWAP_LAG_BYTES = 512L << 10;

    private FutureReplica() {}

    /** What is done next. */
    public enum Step {
        /** Copy the next bytes of the files. */
        COPY,
        /** Open the copy as a log. */
        OPEN,
        /** Append the next batches to the copy, on a helper. */
        CATCH_UP,
        /** Append the next batches to the copy on the lane itself, and have each append to the replica do the same. */
        KEEP_UP,
        /** Hold back forces of the replica, force the copy, and seal it. */
        FORCE,
        /** Append the rest, and let the copy take the replica's place. */
        SWAP
    }

    /**
     * Where a copy stands.
     *
     * @param hasFoundation whether all that was there at the beginning has been copied
     * @param isOpen whether it has been opened
     * @param lagBytes what it lacks
     * @param lostRounds as {@link CopyRounds#lost}
     * @param endOffset the next offset it lacks; counts once it is open
     * @param isSealed whether it has been forced and sealed while the replica's forces were held back
     * @param forcedOffset everything below it is on stable storage in the copy
     * @param replicaForcedOffset the same of the replica
     */
    public record Standing(
            boolean hasFoundation,
            boolean isOpen,
            long lagBytes,
            int lostRounds,
            long endOffset,
            boolean isSealed,
            long forcedOffset,
            long replicaForcedOffset) {}

    /** The next step of a copy that stands there. */
    public static Step next(Standing at) {
        if (!at.isOpen()) return isToBeOpened(at) ? Step.OPEN : Step.COPY;
        // What is forced in the replica has to be in the copy before there is sense in a force of it.
        if (at.lagBytes() > SWAP_LAG_BYTES || at.endOffset() < at.replicaForcedOffset())
            return at.lostRounds() < CopyRounds.MAX_LOST ? Step.CATCH_UP : Step.KEEP_UP;
        return at.isSealed() && at.forcedOffset() >= at.replicaForcedOffset() ? Step.SWAP : Step.FORCE;
    }

    /** If the files grow as fast as they are copied, there is no sense in waiting for them to be nearly whole. */
    private static boolean isToBeOpened(Standing at) {
        return at.hasFoundation() && (at.lagBytes() <= OPEN_LAG_BYTES || at.lostRounds() > 0);
    }
}
