package io.millrace.replication;

import java.util.List;

/**
 * The in-sync set a leader asks the controller for (AlterPartition, KIP-497).
 *
 * @param leaderEpoch    of the leader that asks
 * @param partitionEpoch of the registration that is to be changed
 * @param isr            everybody that is to be in sync, the leader among them
 */
public record IsrProposal(int leaderEpoch, int partitionEpoch, List<Member> isr) {
    /**
     * A broker in the proposal.
     *
     * @param brokerId    which
     * @param brokerEpoch the life in which its log was seen (KIP-903), or {@link KnownBrokers#NO_EPOCH} if none was seen
     */
    public record Member(int brokerId, long brokerEpoch) {}

    /** Keeps the list from changing. */
    public IsrProposal {
        isr = List.copyOf(isr);
    }

    /** Whether a broker is to be in sync. */
    boolean names(int brokerId) {
        for (Member member : isr) if (member.brokerId() == brokerId) return true;
        return false;
    }
}
