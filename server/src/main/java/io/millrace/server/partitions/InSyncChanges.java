package io.millrace.server.partitions;

import io.millrace.replication.IsrProposal;
import io.millrace.replication.run.LeaderPartition;

/** The way of leaders' proposals to the controller. */
public interface InSyncChanges {
    /**
     * Proposes; called on the partition's lane. The partition is told there what became of it, later.
     *
     * @param home the partition's lane
     */
    void propose(BrokerLane home, LeaderPartition partition, IsrProposal proposal);
}
