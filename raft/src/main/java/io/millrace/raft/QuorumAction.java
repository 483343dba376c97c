package io.millrace.raft;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.LeaderChangeMessage;
import io.millrace.records.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.util.Optional;

/** What a replica of the metadata log wants done, in list order. */
public sealed interface QuorumAction {
    /** Write the election state and force it, then say {@link QuorumEvent.ElectionPersisted}. */
    record PersistElection(ElectionState election, short kraftVersion, VoterSet voters) implements QuorumAction {}

    /**
     * Append the control batch that opens a leader's epoch, then say {@link QuorumEvent.Appended}.
     *
     * @param bootstrapVoters voters and kraft.version to write into the same batch, if the log does not hold them yet
     */
    record AppendLeaderChange(int epoch, LeaderChangeMessage message, Optional<BootstrapVoters> bootstrapVoters)
            implements QuorumAction {}

    /** Everything below {@code offset} is committed; it only grows. */
    record AdvanceHighWatermark(long offset) implements QuorumAction {}

    /**
     * This replica leads: tell the state machine once it has seen everything below {@code nextOffset}, which takes in the
     * leader's own first batch (KAFKA-12619).
     */
    record AnnounceLeader(int epoch, long nextOffset) implements QuorumAction {}

    /** This replica leads no more: tell the state machine, which drops what was not committed. */
    record AnnounceResigned(int epoch) implements QuorumAction {}

    /**
     * Ask another replica; then say {@link QuorumEvent.Answered} or, within the request timeout, {@link
     * QuorumEvent.Unanswered}.
     *
     * @param number names the request in the answer
     * @param to of a replica that does not vote the directory is not known
     */
    record Ask(long number, ReplicaKey to, PeerRequest request) implements QuorumAction {}

    /**
     * Ask somebody of the quorum of whom only an address is known ({@code controller.quorum.bootstrap.servers}): the answer says
     * who leads. Otherwise as {@link Ask}.
     */
    record AskAround(long number, PeerRequest.Fetch request) implements QuorumAction {}

    /** Answer a call. */
    record Answer(long call, PeerAnswer answer) implements QuorumAction {}

    /** Answer a call with {@link PeerAnswer.Fetched}: what the log holds from {@code fromOffset} on, committed or not. */
    record AnswerWithRecords(long call, long fromOffset, long highWatermark, LeaderAndEpoch leader)
            implements QuorumAction {}

    /** Answer a call with {@link PeerAnswer.SnapshotPart}, or refuse it if there is no such snapshot or position. */
    record AnswerWithSnapshotPart(long call, OffsetAndEpoch snapshotId, long position, LeaderAndEpoch leader)
            implements QuorumAction {}

    /**
     * Check the batches a leader sent and append them with their offsets and epochs, then say {@link QuorumEvent.Appended},
     * and {@link QuorumEvent.LogForced} later; or say {@link QuorumEvent.FetchedUnusable}.
     *
     * @param epoch the leader's; no batch is of a later one
     */
    record AppendFetched(int epoch, ByteBuffer records) implements QuorumAction {}

    /** Cut the log, and who votes with it, then say {@link QuorumEvent.Truncated}. */
    record TruncateTo(long offset) implements QuorumAction {}

    /**
     * Keep bytes of a snapshot, then say {@link QuorumEvent.SnapshotPartStored} or {@link QuorumEvent.SnapshotUnusable}.
     * Position 0 begins it anew.
     */
    record StoreSnapshotPart(OffsetAndEpoch snapshotId, long position, ByteBuffer bytes) implements QuorumAction {}

    /**
     * All of a snapshot is kept: check it, force it, name it, begin the log anew behind it and give it to the state machine;
     * then say {@link QuorumEvent.SnapshotInstalled} or {@link QuorumEvent.SnapshotUnusable}.
     */
    record InstallSnapshot(OffsetAndEpoch snapshotId) implements QuorumAction {}

    /**
     * Ask a replica at its address which {@code kraft.version} it supports, then say {@link QuorumEvent.VersionsTold}.
     *
     * @param call names the question in the answer
     */
    record AskVersions(long call, Voter voter) implements QuorumAction {}

    /**
     * Append a control batch that says who votes from here on, then say {@link QuorumEvent.Appended}, or {@link
     * QuorumEvent.VotersNotAppended}.
     *
     * @param kraftVersion to be written before the voters, if it changes
     */
    record AppendVoters(int epoch, Optional<Short> kraftVersion, VoterSet voters) implements QuorumAction {}

    /**
     * Answer whoever asked for other voters.
     *
     * @param sentence why not; empty with {@link ErrorCode#NONE}
     */
    record AnswerChange(long call, ErrorCode error, String sentence) implements QuorumAction {}

    /** Nothing sensible can follow: what is committed here is not what is committed elsewhere. */
    record StopForGood(String reason) implements QuorumAction {}

    /** What a bootstrap snapshot said of the quorum. */
    record BootstrapVoters(short kraftVersion, VoterSet voters) {}
}
