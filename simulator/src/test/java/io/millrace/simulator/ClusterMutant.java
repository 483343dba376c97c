package io.millrace.simulator;

/** A mistake put on purpose into what makes a cluster of nodes, which the stories of clusters have to find. */
enum ClusterMutant {
    /** A voter votes for a candidate whose log may lack what is committed (M3). */
    VOTES_FOR_ANY_LOG("raft.Elections", "", "", "holdsEnough", 1),
    /** A candidate leads with its own vote alone (M1). */
    WINS_BY_ONE_VOTE("raft.Elections", "", "", "isWon", 1),
    /** A follower of the metadata log keeps what its leader has not (M2). */
    METADATA_KEEPS_WHAT_DIVERGES("raft.Replication", "cut"),
    /** A leader of the quorum goes on without a majority (M5). */
    LEADS_WITHOUT_MAJORITY("raft.QuorumMachine", "", "", "hasMajority", 1),
    /** What a snapshot says is not read (M6). */
    SNAPSHOT_IS_NOT_READ("server.controller.MetadataRole", "onLoadSnapshot", "MetadataDelta", "replay", 0),
    /** Who is fenced goes on leading (M11). */
    FENCED_GO_ON_LEADING("controller.Heartbeats", "fence", "LeadershipChanges", "brokerLeaves", 0),
    /** Somebody is elected who was not in sync (R8). */
    ELECTS_ANYBODY("controller.PartitionElection", "", "", "contains", 1),
    /** A coordinator begins with nothing of what its log holds (G2). */
    COORDINATOR_LOADS_NOTHING("coordinators.shard.run.LoadedRecords", "", "", "replay", 0),
    /** A leader waits for no follower (R4). */
    WAITS_FOR_NO_FOLLOWER("replication.PartitionLeader", "advance", "FollowerProgress", "isWaitedFor", 0),
    /** A follower keeps what its leader has not (R2, R5). */
    KEEPS_WHAT_DIVERGES("replication.run.FollowerPartition", "truncateTo"),
    /** A leader does not compare the epochs of a follower's log with its own (R2). */
    COMPARES_NO_EPOCHS("replication.PartitionLeader", "fetched", "FollowerFetch", "lastFetchedEpoch", -1),
    /** Records are acknowledged before they are on all in-sync replicas (R1). */
    ACKNOWLEDGES_AT_ONCE("server.handlers.ProduceHandler", "", "", "isCommitted", 1),
    /** Records are shown before they are on all in-sync replicas (R3). */
    SHOWS_WHAT_IS_NOT_COMMITTED("server.partitions.LanePartitions", "", "", "highWatermark", 1_000_000);

    private final String className;
    private final String method;
    private final String owner;
    private final String called;
    private final int value;

    /** The method does nothing. */
    ClusterMutant(String className, String method) {
        this(className, method, "", "", 0);
    }

    /** What the method calls is not called, and gives that number, or null. */
    ClusterMutant(String className, String method, String owner, String called, int value) {
        this.className = className;
        this.method = method;
        this.owner = owner;
        this.called = called;
        this.value = value;
    }

    /** Where the mistake is. */
    ClassChange change() {
        return new ClassChange(className, method, owner, called, value);
    }
}
