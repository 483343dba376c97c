package io.millrace.raft;

import io.millrace.records.OffsetAndEpoch;
import java.util.List;

/** What replicas of the metadata log ask each other. */
public sealed interface PeerRequest {
    /** The epoch the asking replica is in. */
    int epoch();

    /**
     * Vote for me (KIP-595).
     *
     * @param logEnd where the candidate's log ends
     * @param isPreVote would you? Nothing is promised, and the epoch is the present one, not the one to lead (KIP-996)
     */
    record Vote(int epoch, OffsetAndEpoch logEnd, boolean isPreVote) implements PeerRequest {}

    /** I lead this epoch. */
    record BeginQuorumEpoch(int epoch) implements PeerRequest {}

    /**
     * I led this epoch and do so no more.
     *
     * @param preferredCandidates who should stand, the fittest first
     */
    record EndQuorumEpoch(int epoch, List<ReplicaKey> preferredCandidates) implements PeerRequest {
        /** Copies the list. */
        public EndQuorumEpoch {
            preferredCandidates = List.copyOf(preferredCandidates);
        }
    }

    /**
     * I hold everything up to here on stable storage; what comes next?
     *
     * @param logEnd fetch offset, and epoch of the record before it
     * @param highWatermark what the replica knows to be committed; {@link Long#MAX_VALUE} if it need not be told at once
     *     that more is (KIP-1166)
     * @param maxWaitMs how long the answer may wait for something new
     */
    record Fetch(int epoch, OffsetAndEpoch logEnd, long highWatermark, int maxWaitMs) implements PeerRequest {}

    /**
     * The bytes of a snapshot from a position on (KIP-630).
     *
     * @param snapshotId end offset and epoch of what it holds
     * @param position from 0
     */
    record FetchSnapshot(int epoch, OffsetAndEpoch snapshotId, long position) implements PeerRequest {}

    /** Change who votes: a follower says so of itself. */
    record ChangeVoters(int epoch, VoterChange change) implements PeerRequest {}
}
