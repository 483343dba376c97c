package io.millrace.client.committing;

import io.millrace.protocol.ErrorCode;

/** What an error of a group's coordinator means for whoever asked it to commit, or what is committed. */
public enum CoordinatorVerdict {
    /** It was done. */
    DONE,
    /** The same question may be answered a little later. */
    REPEAT,
    /** Another broker is the coordinator now, or will be soon. */
    FIND_COORDINATOR,
    /** Asking again is of no use. */
    REFUSED;

    /** By the error of an OffsetCommit or OffsetFetch answer, or of a partition in it. */
    public static CoordinatorVerdict of(ErrorCode error) {
        return switch (error) {
            case NONE -> DONE;
            // A coordinator that cannot get commits replicated in time may have lost its place.
            case NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE, REQUEST_TIMED_OUT -> FIND_COORDINATOR;
            default -> error.isRetriable() ? REPEAT : REFUSED;
        };
    }

    /** The one that decides what becomes of the whole question, if two of its partitions fared differently. */
    public CoordinatorVerdict and(CoordinatorVerdict other) {
        return compareTo(other) >= 0 ? this : other;
    }
}
