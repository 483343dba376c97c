package io.millrace.raft;

import io.millrace.protocol.messages.LeaderChangeMessage;
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

    /** What a bootstrap snapshot said of the quorum. */
    record BootstrapVoters(short kraftVersion, VoterSet voters) {}
}
