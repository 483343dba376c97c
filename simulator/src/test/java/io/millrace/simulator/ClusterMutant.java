package io.millrace.simulator;

import java.util.List;

/** A mistake put on purpose into what makes a cluster of nodes, which the stories of clusters have to find. */
enum ClusterMutant {
    /** A voter votes for a candidate whose log may lack what is committed (M3). */
    VOTES_FOR_ANY_LOG(instead("raft.Elections", "", "", "holdsEnough", 1)),
    /** A vote is given before it is kept, and is not known after a restart (M1). */
    FORGETS_ITS_VOTE(nothing("raft.run.QuorumStateFile", "write")),
    /** A candidate leads with its own vote alone (M1). */
    WINS_BY_ONE_VOTE(instead("raft.Elections", "", "", "isWon", 1)),
    /** What one voter has counts as held by a majority (M3, KAFKA-12619's kin). */
    COMMITS_WHAT_ONE_VOTER_HAS(nothing("raft.LeaderProgress", "highestHeldByMajority", "Arrays", "sort")),
    /** A follower of the metadata log keeps what its leader has not (M2). */
    METADATA_KEEPS_WHAT_DIVERGES(nothing("raft.Replication", "cut")),
    /** A leader of the quorum goes on without a majority (M5, KAFKA-15489). */
    LEADS_WITHOUT_MAJORITY(instead("raft.QuorumMachine", "", "", "hasMajority", 1)),
    /** What a snapshot says is not read (M6, KAFKA-13968). */
    SNAPSHOT_IS_NOT_READ(instead("server.controller.MetadataRole", "onLoadSnapshot", "MetadataDelta", "replay", 0)),
    /** Who is fenced goes on leading (M11). */
    FENCED_GO_ON_LEADING(instead("controller.Heartbeats", "fence", "LeadershipChanges", "brokerLeaves", 0)),
    /** Somebody is elected who was not in sync (R8). */
    ELECTS_ANYBODY(instead("controller.PartitionElection", "", "", "contains", 1)),
    /** Somebody becomes in-sync who is fenced, or shuts down (R7, KAFKA-13916). */
    FENCED_BECOME_IN_SYNC(
            instead("controller.PartitionAlteration", "", "", "isEligible", 1),
            instead("replication.PartitionLeader", "mayJoin", "KnownBrokers", "isActive", 1)),
    /** Somebody becomes in-sync who has not all that is committed (R7). */
    BECOMES_IN_SYNC_TOO_EARLY(instead("replication.PartitionLeader", "proposeGrowth", "Math", "max", 0)),
    /** A leader waits for no follower (R4). */
    WAITS_FOR_NO_FOLLOWER(instead("replication.PartitionLeader", "advance", "FollowerProgress", "isWaitedFor", 0)),
    /** A follower keeps what its leader has not (R2, R5). */
    KEEPS_WHAT_DIVERGES(nothing("replication.run.FollowerPartition", "truncateTo")),
    /** A follower that has other records than its leader cuts its log at the beginning (R5, KAFKA-2143). */
    CUTS_AT_THE_BEGINNING(instead("replication.PartitionFollower", "diverges", "Truncation", "offset", 0)),
    /** A leader does not compare the epochs of a follower's log with its own (R2, KAFKA-7164). */
    COMPARES_NO_EPOCHS(instead("replication.PartitionLeader", "fetched", "FollowerFetch", "lastFetchedEpoch", -1)),
    /** Epochs stay known whose records were cut off (R6, KAFKA-10706). */
    KNOWS_EPOCHS_THAT_WERE_CUT(nothing("storage.LeaderEpochs", "truncateFromEnd")),
    /** What is known of epochs is not written down (R6, KAFKA-16541). */
    WRITES_NO_EPOCHS(instead("storage.Flush", "run", "Flush", "writeLeaderEpochs", 1)),
    /** Somebody is elected who may lack records, though nobody allows that (R15). */
    ELECTS_UNCLEANLY(instead("controller.Electorate", "", "Boolean", "parseBoolean", 1)),
    /** Elections of somebody who may lack records are not noted (R15, KAFKA-13587). */
    NOTES_NO_UNCLEAN_ELECTION(instead("controller.PartitionElection", "record", "", "isUnclean", 0)),
    /** Records are acknowledged before they are on all in-sync replicas (R1). */
    ACKNOWLEDGES_AT_ONCE(instead("server.handlers.ProduceHandler", "", "", "isCommitted", 1)),
    /** Records are shown before they are on all in-sync replicas (R3). */
    SHOWS_WHAT_IS_NOT_COMMITTED(instead("server.partitions.LanePartitions", "", "", "highWatermark", 1_000_000)),
    /** What a producer sends again is appended again (T1). */
    APPENDS_DUPLICATES(
            instead("storage.ProducerCheck", "", "ProducerStates", "duplicate", 0),
            instead("storage.ProducerCheck", "", "ProducerStates", "checkData", 0)),
    /** What is known of producers does not outlive a stop (T3). */
    FORGETS_PRODUCERS_AT_A_STOP(instead("storage.LogRecovery", "trust", "ProducerSnapshots", "restore", 0)),
    /** A follower learns nothing of the producers of what it copies (T1, T3). */
    LEARNS_NO_PRODUCERS(instead("storage.LogAppender", "", "ProducerStates", "replay", 0)),
    /** Batches are said to be forced and are not (R1, R17, KAFKA-16541). */
    FORCES_NOTHING(instead("storage.Flush", "forceFiles", "DiskFile", "force", 0)),
    /** A coordinator begins with nothing of what its log holds (G2). */
    COORDINATOR_LOADS_NOTHING(instead("coordinators.shard.run.LoadedRecords", "", "", "replay", 0)),
    /** A coordinator answers before what it says is committed (G2). */
    COORDINATOR_ANSWERS_TOO_EARLY(
            instead("coordinators.shard.run.ShardRuntime", "releaseCommitted", "ShardLog", "highWatermark", 1_000_000)),
    /** A commit of an older generation is accepted (G3, KAFKA-8225). */
    ACCEPTS_OLD_GENERATIONS(instead("coordinators.group.OffsetCommits", "", "OffsetCommits", "check", 0)),
    /** A controller goes on deciding in an epoch that is over (M7). */
    GOES_ON_DECIDING(
            nothing("server.controller.MetadataRole", "onResigned"),
            instead("raft.run.QuorumWrites", "append", "QuorumMachine", "isLeader", 1)),
    /** Batches of the metadata log may have any size (M10). */
    APPENDS_ANY_SIZE(
            instead("raft.run.QuorumWrites", "append", "MetadataLogConfig", "maxBatchBytes", Integer.MAX_VALUE)),
    /** Nobody is fenced for silence (M11). */
    FENCES_NOBODY(instead("controller.BrokerSessions", "expired", "BrokerSessions", "isValid", 1)),
    /** A voter is known by its number alone, whatever disk it has (M8). */
    KNOWS_VOTERS_BY_NUMBER(instead("raft.Voter", "is", "ReplicaKey", "matches", 1));

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<ClassChange> changes;

    ClusterMutant(ClassChange... changes) {
        this.changes = List.of(changes);
    }

    /** The method does nothing. */
    private static ClassChange nothing(String className, String method) {
        return new ClassChange(className, method, "", "", 0);
    }

    /** What the method calls is not called. */
    private static ClassChange nothing(String className, String method, String owner, String called) {
        return new ClassChange(className, method, owner, called, 0);
    }

    /** What the method calls is not called, and gives that number, or nothing in its place. */
    private static ClassChange instead(String className, String method, String owner, String called, int value) {
        return new ClassChange(className, method, owner, called, value);
    }

    /** Where the mistake is. */
    List<ClassChange> changes() {
        return changes;
    }
}
