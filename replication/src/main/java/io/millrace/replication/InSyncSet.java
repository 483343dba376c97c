package io.millrace.replication;

import io.millrace.protocol.ErrorCode;
import io.millrace.replication.ProposalAnswer.Consequence;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who is in sync: what the controller has committed, and what the leader has proposed and not heard the end of. As long as that is open,
 * everybody counts that is in either of the two: the controller may have committed the one, and may elect a leader from it (KIP-497).
 */
final class InSyncSet {
    private final int leaderEpoch;
    private int partitionEpoch;
    private List<Integer> committed;
    private @Nullable IsrProposal underWay;

    InSyncSet(int leaderEpoch, int partitionEpoch, List<Integer> committed) {
        this.leaderEpoch = leaderEpoch;
        this.partitionEpoch = partitionEpoch;
        this.committed = committed;
    }

    int partitionEpoch() {
        return partitionEpoch;
    }

    /** As the controller has it, as far as is known. */
    List<Integer> committed() {
        return committed;
    }

    /** Whether a proposal's end is not known yet; there is never a second one. */
    boolean isChanging() {
        return underWay != null;
    }

    /** Whether the broker is in sync, or may be. */
    boolean counts(int brokerId) {
        IsrProposal open = underWay;
        return committed.contains(brokerId) || (open != null && open.names(brokerId));
    }

    /** How many are in sync, or may be. */
    int maximalSize() {
        int size = committed.size();
        IsrProposal open = underWay;
        if (open == null) return size;
        for (IsrProposal.Member member : open.isr()) if (!committed.contains(member.brokerId())) size++;
        return size;
    }

    void propose(IsrProposal proposal) {
        if (underWay != null)
            throw new IllegalStateException(underWay + " is under way, and " + proposal + " proposed");
        underWay = proposal;
    }

    /** The metadata says how it is; returns whether that is news. A proposal that was made before can no longer be carried out. */
    boolean registered(int newPartitionEpoch, List<Integer> isr) {
        if (newPartitionEpoch <= partitionEpoch) return false;
        partitionEpoch = newPartitionEpoch;
        committed = List.copyOf(isr);
        underWay = null;
        return true;
    }

    /**
     * A proposal's end, or none. An answer to any other proposal than the one that is under way changes nothing.
     */
    Consequence answered(IsrProposal proposal, ProposalAnswer answer) {
        if (!proposal.equals(underWay)) return Consequence.SETTLED;
        return switch (answer) {
            case ProposalAnswer.Committed(int epoch, int newPartitionEpoch, List<Integer> isr) -> {
                if (epoch != leaderEpoch || newPartitionEpoch < partitionEpoch) yield Consequence.AWAIT_METADATA;
                partitionEpoch = newPartitionEpoch;
                committed = List.copyOf(isr);
                underWay = null;
                yield Consequence.SETTLED;
            }
            case ProposalAnswer.Refused(ErrorCode error) -> refused(error);
            case ProposalAnswer.Unanswered() -> Consequence.ASK_AGAIN;
        };
    }

    private Consequence refused(ErrorCode error) {
        return switch (error) {
            // Nothing was changed, and nothing will be: the request has been judged with the epoch the set still has.
            case INELIGIBLE_REPLICA, OPERATION_NOT_ATTEMPTED -> {
                underWay = null;
                yield Consequence.GIVEN_UP;
            }
            // An earlier try may have been carried out: INVALID_UPDATE_VERSION is what the second one gets then.
            case INVALID_UPDATE_VERSION,
                    FENCED_LEADER_EPOCH,
                    NEW_LEADER_ELECTED,
                    INVALID_REQUEST,
                    UNKNOWN_TOPIC_OR_PARTITION,
                    UNKNOWN_TOPIC_ID -> Consequence.AWAIT_METADATA;
            default -> Consequence.ASK_AGAIN;
        };
    }
}
