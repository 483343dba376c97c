package io.millrace.replication.run;

import io.millrace.replication.IsrProposal;
import io.millrace.replication.KnownBrokers;

/** The broker that leads a partition, as the partition's leader needs it: who it is, whom it knows, and its way to the controller. */
public interface LeadingBroker extends KnownBrokers {
    /** Its number. */
    int id();

    /**
     * Asks the controller for another in-sync set (AlterPartition). What becomes of it is told with {@link LeaderPartition#answered}, later and on
     * the partition's lane. There is never a second one of a leadership before that.
     */
    void propose(LeaderPartition partition, IsrProposal proposal);
}
