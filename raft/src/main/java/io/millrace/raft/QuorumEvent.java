package io.millrace.raft;

/** What a replica of the metadata log learns. */
public sealed interface QuorumEvent {
    /** The replica starts, with its log recovered. */
    record Started() implements QuorumEvent {}

    /** An election state that {@link QuorumAction.PersistElection} asked for is on stable storage. */
    record ElectionPersisted(ElectionState election) implements QuorumEvent {}

    /** The leader's log has grown; {@code logEndOffset} is the next offset. */
    record Appended(long logEndOffset) implements QuorumEvent {}

    /** The log is on stable storage, save what is from {@code forcedOffset} on. */
    record LogForced(long forcedOffset) implements QuorumEvent {}

    /** The node is shutting down, or can no longer write its log. */
    record ResignRequested() implements QuorumEvent {}
}
