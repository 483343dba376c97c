package io.millrace.raft;

import io.millrace.records.OffsetAndEpoch;
import java.util.Optional;

/** What a replica of the metadata log learns. */
public sealed interface QuorumEvent {
    /** The replica starts, with its log recovered and forced. Comes first, once. */
    record Started() implements QuorumEvent {}

    /** The moment {@link QuorumMachine#wakeAtMs} named has come; earlier or later does no harm. */
    record TimePassed() implements QuorumEvent {}

    /** An election state that {@link QuorumAction.PersistElection} asked for is on stable storage. */
    record ElectionPersisted(ElectionState election) implements QuorumEvent {}

    /** The log has grown, by this replica's own records or by {@link QuorumAction.AppendFetched}. */
    record Appended(long logEndOffset) implements QuorumEvent {}

    /** The log is on stable storage, save what is from {@code forcedOffset} on. */
    record LogForced(long forcedOffset) implements QuorumEvent {}

    /** The log was cut as {@link QuorumAction.TruncateTo} asked, on stable storage. */
    record Truncated(long logEndOffset) implements QuorumEvent {}

    /** What {@link QuorumAction.AppendFetched} brought is damaged or does not fit the log; nothing was appended. */
    record FetchedUnusable() implements QuorumEvent {}

    /** The bytes of {@link QuorumAction.StoreSnapshotPart} are kept; the next wanted are from {@code nextPosition} on. */
    record SnapshotPartStored(OffsetAndEpoch snapshotId, long nextPosition) implements QuorumEvent {}

    /** The snapshot of {@link QuorumAction.InstallSnapshot} is on stable storage, and the log begins anew behind it. */
    record SnapshotInstalled(OffsetAndEpoch snapshotId) implements QuorumEvent {}

    /** The snapshot that was fetched is damaged, or could not be kept; the log is as it was. */
    record SnapshotUnusable(OffsetAndEpoch snapshotId) implements QuorumEvent {}

    /**
     * Another replica asks something; every call is answered once.
     *
     * @param call names it in the answer
     * @param from who asks
     * @param addressee whom it takes this replica for, if it says so (KIP-853)
     */
    record Asked(long call, ReplicaKey from, Optional<ReplicaKey> addressee, PeerRequest request)
            implements QuorumEvent {}

    /**
     * Somebody asks for other voters; every call is answered once, with {@link QuorumAction.AnswerChange}.
     *
     * @param patienceMs how long whoever asks waits, at least 0
     */
    record ChangeAsked(long call, VoterChange change, int patienceMs) implements QuorumEvent {}

    /** What {@link QuorumAction.AskVersions} was answered; nothing if it was not. */
    record VersionsTold(long call, Optional<KraftVersions> versions) implements QuorumEvent {}

    /** What {@link QuorumAction.AppendVoters} asked for cannot be written for want of space. */
    record VotersNotAppended() implements QuorumEvent {}

    /** A range of {@code kraft.version}, both ends included. */
    record KraftVersions(short min, short max) {
        /** Whether a version is in it. */
        public boolean include(short kraftVersion) {
            return min <= kraftVersion && kraftVersion <= max;
        }

        @Override
        public String toString() {
            return "kraft.version " + min + " to " + max;
        }
    }

    /** A request of this replica was answered. */
    record Answered(long number, PeerAnswer answer) implements QuorumEvent {}

    /** A request of this replica was not answered: no connection, no answer in time, or one that cannot be read. */
    record Unanswered(long number) implements QuorumEvent {}

    /** The node is shutting down, or can no longer write its log. Taken at once, even while an election state is written. */
    record ResignRequested() implements QuorumEvent {}

    /** The disk takes nothing that this replica, which leads, wants to append: somebody else is to lead, if there is anybody. */
    record NothingFits() implements QuorumEvent {}
}
