package io.millrace.raft;

/** A mistake put in on purpose, which the model has to find. */
enum Mistake {
    /** None. */
    NONE,
    /** A crash takes the election state with it. */
    ELECTION_IS_FORGOTTEN,
    /** An election state is said to be on stable storage before it is. */
    ELECTION_TOLD_TOO_SOON,
    /** The log is said to be forced as soon as it is written. */
    FORCE_TOLD_TOO_SOON,
    /** A voter does not look whether a candidate's log holds enough. */
    CANDIDATES_LOG_IGNORED,
    /** A leader does not look which epoch the record before a fetch is of (KAFKA-13141). */
    DIVERGENCE_IGNORED,
    /** A snapshot takes in what is not committed. */
    SNAPSHOT_OF_UNCOMMITTED,
    /** A leader without a majority goes on (KAFKA-15489). */
    NO_STEP_DOWN,
    /** A leader changes who votes before its last change is committed. */
    CHANGES_OVERLAP,
    /** Who votes changes for a replica when that is committed, not when it is in its log. */
    VOTERS_WHEN_COMMITTED;

    /** Whether it is about changes of who votes. */
    boolean isOfChanges() {
        return this == CHANGES_OVERLAP || this == VOTERS_WHEN_COMMITTED;
    }
}
