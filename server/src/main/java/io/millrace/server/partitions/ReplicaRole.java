package io.millrace.server.partitions;

import io.millrace.metadata.PartitionImage;

/** What a partition is to this broker, as the metadata has it. */
enum ReplicaRole {
    LEADER,
    /** Another broker leads, and this one keeps a replica. */
    FOLLOWER,
    /** This broker keeps a replica, and nobody leads. */
    LEADERLESS,
    /** This broker keeps no replica. */
    NONE;

    static ReplicaRole of(int brokerId, PartitionImage partition) {
        if (partition.leader() == brokerId) return LEADER;
        if (!partition.replicas().contains(brokerId)) return NONE;
        return partition.leader() == PartitionImage.NO_LEADER ? LEADERLESS : FOLLOWER;
    }
}
