package io.millrace.simulator;

import io.millrace.simulator.scenario.GroupStory;
import java.util.List;

/** A mistake put into one of the client's machines on purpose, which the stories of groups or of transactions have to find. */
enum ClientMutant {
    /** Who was put out of the group goes on with what it had. */
    PUT_OUT_AND_LOSES_NOTHING("membership.GroupMembership", "advance", "MemberIdentity", "isMember", 1),
    /** An eager member joins without having given up anything. */
    JOINS_WITH_ITS_PARTITIONS("membership.HeldPartitions", "beforeJoining", "List", "isEmpty", 1),
    /** A member keeps what the leader has given to others. */
    KEEPS_WHAT_OTHERS_GET("membership.HeldPartitions", "settle", "List", "isEmpty", 1),
    /** A member does not join again, whatever it learns. */
    NEVER_JOINS_AGAIN("membership.GroupMembership", "settle", "GroupMembership", "prepare", 0),
    /** No heartbeats. */
    NO_HEARTBEATS("membership.Heartbeats", "next", "MembershipRules", "heartbeatMs", 3_600_000),
    /** Reading begins where there is no committed offset. */
    BEGINS_AT_THE_START("committing.run.CommittedStart", "begin", "Map", "get", 0),
    /** A commit that is to be repeated lets later ones pass. */
    COMMITS_CHANGE_PLACES("committing.OffsetsQueue", "askAgain", "OffsetsCall", "isCommit", 0),
    /** What came does not move the position. */
    FETCHES_THE_SAME_AGAIN("fetching.PartitionFetch", "fetched"),
    /** A fetch session does not say that a position has moved. */
    SESSION_SAYS_NOTHING_NEW("fetching.FetchSession", "next", "WantedPartition", "equals", 1),
    /** Records of the first batch that were not asked for are given. */
    GIVES_WHOLE_BATCHES("fetching.RangeReader", "next", "FetchedRange", "fromOffset", 0),
    /** An answer to a question from before a seek counts. */
    OLD_ANSWERS_COUNT("fetching.run.FetchIntake", "takeAll", "", "generation", 0),
    /** Room in the buffer that was given back is not used. */
    MEMORY_IS_NOT_GIVEN_BACK("fetching.run.FetcherLane", "released"),
    /** A transaction is ended while batches of it are on their way. */
    ENDS_BEFORE_ALL_IS_WRITTEN(
            Story.TRANSACTIONS, "transaction.run.TransactionLane", "step", "SenderLane", "isIdle", 1),
    /** What was written is forgotten, and its transaction not ended. */
    FORGETS_WHAT_IT_WROTE(Story.TRANSACTIONS, "transaction.run.TransactionLane", "sent"),
    /** A record that was given up does not keep its transaction from being committed. */
    FORGETS_WHAT_FAILED(Story.TRANSACTIONS, "transaction.run.TransactionLane", "failed"),
    /** Batches go on with the epoch that the producer had first. */
    NEVER_TAKES_A_NEW_EPOCH(
            Story.TRANSACTIONS, "transaction.run.TransactionLane", "obeyPhase", "SenderLane", "isNow", 0),
    /** What was not sent of an aborted transaction is sent in the next one. */
    DROPS_NOTHING(Story.TRANSACTIONS, "transaction.run.TransactionLane", "obeyPhase", "SenderLane", "beginDrop", 0),
    /** Offsets are not sent. */
    FORGETS_OFFSETS(Story.TRANSACTIONS, "transaction.ProducerTransactions", "sendOffsets"),
    /** Partitions are written to that were not announced. */
    ANNOUNCES_NO_PARTITION(Story.TRANSACTIONS, "transaction.ProducerTransactions", "maySend", "TreeSet", "contains", 1),
    /** Partitions that an earlier transaction announced are written to. */
    ANNOUNCES_ONCE_FOR_ALL(Story.TRANSACTIONS, "transaction.ProducerTransactions", "over", "TreeSet", "clear", 0),
    /** Offsets are sent to a group that was not announced. */
    ANNOUNCES_NO_GROUP(Story.TRANSACTIONS, "transaction.ProducerTransactions", "nextPart", "TreeSet", "contains", 1),
    /** A sequence with a gap is gone on with. */
    NO_NEW_EPOCH_AFTER_A_GAP(
            Story.TRANSACTIONS, "transaction.ProducerTransactions", "nextOfEnd", "ProducerTransactions", "identify", 0),
    /** Records of aborted transactions are given. */
    GIVES_WHAT_WAS_ABORTED(
            Story.TRANSACTIONS, "fetching.RangeReader", "enterBatch", "AbortedTransactions", "isAborted", 0),
    /** A transaction's abort counts for the next one of its producer. */
    ABORTS_FOR_EVER(Story.TRANSACTIONS, "fetching.AbortedTransactions", "ended"),
    /** Whoever wants committed records only does not say so. */
    ASKS_FOR_ALL_RECORDS(Story.TRANSACTIONS, "fetching.run.FetchRequests", "", "FetchRules", "isReadCommitted", 0);

    /** In which kind of stories it is told. */
    private enum Story {
        GROUPS,
        TRANSACTIONS
    }

    private final Story story;
    private final String className;
    private final String method;
    private final String owner;
    private final String called;
    private final int value;

    /** The method does nothing. */
    ClientMutant(String className, String method) {
        this(Story.GROUPS, className, method);
    }

    /** The method does nothing. */
    ClientMutant(Story story, String className, String method) {
        this(story, className, method, "", "", 0);
    }

    /** What the method calls is not called, and gives that number, or null. */
    ClientMutant(String className, String method, String owner, String called, int value) {
        this(Story.GROUPS, className, method, owner, called, value);
    }

    /** What the method calls is not called, and gives that number, or null. */
    ClientMutant(Story story, String className, String method, String owner, String called, int value) {
        this.story = story;
        this.className = "client." + className;
        this.method = method;
        this.owner = owner;
        this.called = called;
        this.value = value;
    }

    /** Stories by a client with this mistake. */
    Stories stories() {
        ClassChange mistake = new ClassChange(className, method, owner, called, value);
        return switch (story) {
            case GROUPS -> new Stories(GroupStory.class, List.of(mistake));
            case TRANSACTIONS -> TransactionStories.with(mistake);
        };
    }
}
