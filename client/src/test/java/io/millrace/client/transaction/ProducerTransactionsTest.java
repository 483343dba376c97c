package io.millrace.client.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.CommittedOffset;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.client.sending.ProducerIdAndEpoch;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Commands and answers in, requests out. */
class ProducerTransactionsTest {
    private static final TopicPartition ORDERS = new TopicPartition("orders", 0);
    private static final ProducerIdAndEpoch FIRST = new ProducerIdAndEpoch(7, (short) 0);
    private static final ProducerIdAndEpoch SECOND = new ProducerIdAndEpoch(7, (short) 1);
    private static final int NODE = 3;

    private final ProducerTransactions transactions = new ProducerTransactions("id", new RetryBackoff(100, 100));
    private long nowMs = 1_000;

    private @Nullable TransactionStep next() {
        return transactions.next(true, nowMs);
    }

    private void open(int version) {
        transactions.initialize();
        TransactionStep find = Objects.requireNonNull(next());
        assertEquals(new TransactionStep.FindTransactionCoordinator(), find);
        transactions.found(find, ErrorCode.NONE, "", NODE, nowMs, 0);
        TransactionStep identify = Objects.requireNonNull(next());
        assertEquals(new TransactionStep.Identify(NODE, ProducerIdAndEpoch.NONE), identify);
        transactions.learn(version);
        transactions.identified(identify, ErrorCode.NONE, FIRST, nowMs, 0);
        assertEquals(TransactionPhase.READY, transactions.phase());
        transactions.begin();
    }

    @Test
    void inTheFirstVersionAPartitionIsAnnouncedBeforeItIsWrittenTo() {
        open(1);
        assertFalse(transactions.maySend(ORDERS));
        TransactionStep.AddPartitions add = assertInstanceOf(TransactionStep.AddPartitions.class, next());
        assertEquals(new TransactionStep.AddPartitions(NODE, FIRST, List.of(ORDERS)), add);
        transactions.partitionsAdded(add, Map.of(ORDERS, ErrorCode.NONE), nowMs, 0);
        assertTrue(transactions.maySend(ORDERS));
        transactions.commit();
        assertNull(transactions.next(false, nowMs), "batches on their way go first");
        TransactionStep.End end = assertInstanceOf(TransactionStep.End.class, next());
        transactions.ended(end, ErrorCode.NONE, ProducerIdAndEpoch.NONE, nowMs, 0);
        assertEquals(TransactionPhase.READY, transactions.phase());
        assertEquals(FIRST, transactions.identity());
        transactions.begin();
        assertFalse(transactions.maySend(ORDERS), "it was announced to the last one only");
    }

    @Test
    void inTheSecondVersionEveryEndGivesAHigherEpoch() {
        open(2);
        assertTrue(transactions.maySend(ORDERS));
        transactions.sent();
        transactions.commit();
        TransactionStep.End end = assertInstanceOf(TransactionStep.End.class, next());
        transactions.ended(end, ErrorCode.NONE, SECOND, nowMs, 0);
        assertEquals(SECOND, transactions.identity());
    }

    @Test
    void aTransactionOfNothingIsOverWithoutARequest() {
        open(2);
        transactions.commit();
        assertNull(next());
        assertEquals(TransactionPhase.READY, transactions.phase());
    }

    @Test
    void inTheFirstVersionAnAbortWithAGapAsksForAHigherEpoch() {
        open(1);
        assertFalse(transactions.maySend(ORDERS));
        TransactionStep.AddPartitions add = assertInstanceOf(TransactionStep.AddPartitions.class, next());
        transactions.partitionsAdded(add, Map.of(ORDERS, ErrorCode.NONE), nowMs, 0);
        transactions.sent();
        transactions.recordsFailed(ErrorCode.MESSAGE_TOO_LARGE, "too large");
        assertEquals(TransactionPhase.ABORTABLE, transactions.phase());
        assertNull(next());
        transactions.abort();
        TransactionStep.End end = assertInstanceOf(TransactionStep.End.class, next());
        assertFalse(end.isCommit());
        transactions.ended(end, ErrorCode.NONE, ProducerIdAndEpoch.NONE, nowMs, 0);
        assertEquals(TransactionPhase.ABORTING, transactions.phase());
        TransactionStep.Identify bump = assertInstanceOf(TransactionStep.Identify.class, next());
        assertEquals(FIRST, bump.current());
        transactions.identified(bump, ErrorCode.NONE, SECOND, nowMs, 0);
        assertEquals(TransactionPhase.READY, transactions.phase());
        assertEquals(SECOND, transactions.identity());
    }

    @Test
    void aLostAnswerIsAskedForAgainAfterAPauseOfWhoeverCoordinatesThen() {
        open(2);
        transactions.sent();
        transactions.commit();
        TransactionStep end = Objects.requireNonNull(next());
        transactions.unanswered(end, "cut", nowMs, 0);
        assertNull(next());
        assertTrue(transactions.askFromMs() > nowMs);
        nowMs = transactions.askFromMs();
        TransactionStep find = Objects.requireNonNull(next());
        transactions.found(find, ErrorCode.COORDINATOR_NOT_AVAILABLE, "", -1, nowMs, 0);
        nowMs = transactions.askFromMs();
        transactions.found(Objects.requireNonNull(next()), ErrorCode.NONE, "", NODE + 1, nowMs, 0);
        assertEquals(new TransactionStep.End(NODE + 1, FIRST, true), next());
    }

    @Test
    void aFencedProducerIsOfNoUseAnyMore() {
        open(2);
        transactions.sent();
        transactions.commit();
        TransactionStep.End end = assertInstanceOf(TransactionStep.End.class, next());
        transactions.ended(end, ErrorCode.PRODUCER_FENCED, ProducerIdAndEpoch.NONE, nowMs, 0);
        assertEquals(TransactionPhase.FATAL, transactions.phase());
        assertTrue(Objects.requireNonNull(transactions.trouble()).isFenced());
        assertNull(next());
        assertThrows(IllegalStateException.class, transactions::abort);
    }

    @Test
    void offsetsGoStraightToTheirGroupInTheSecondVersionAndAreAnnouncedInTheFirst() {
        GroupOffsets offsets = new GroupOffsets("g", -1, "", null, Map.of(ORDERS, new CommittedOffset(5)));
        open(2);
        transactions.sendOffsets(offsets);
        TransactionStep find = Objects.requireNonNull(next());
        assertEquals(new TransactionStep.FindGroupCoordinator("g"), find);
        transactions.found(find, ErrorCode.NONE, "", NODE + 1, nowMs, 0);
        TransactionStep.CommitOffsets commit = assertInstanceOf(TransactionStep.CommitOffsets.class, next());
        transactions.offsetsCommitted(commit, Map.of(ORDERS, ErrorCode.NONE), nowMs, 0);
        assertFalse(transactions.hasOffsets());
        transactions.commit();
        TransactionStep.End end = assertInstanceOf(TransactionStep.End.class, next());
        transactions.learn(1);
        transactions.ended(end, ErrorCode.NONE, SECOND, nowMs, 0);
        transactions.begin();
        transactions.sendOffsets(offsets);
        assertEquals(new TransactionStep.AddOffsets(NODE, SECOND, "g"), next());
    }

    @Test
    void aMemberThatIsNoneEndsTheTransactionButNotTheProducer() {
        open(2);
        transactions.sendOffsets(new GroupOffsets("g", 4, "gone", null, Map.of(ORDERS, new CommittedOffset(5))));
        transactions.found(Objects.requireNonNull(next()), ErrorCode.NONE, "", NODE, nowMs, 0);
        TransactionStep.CommitOffsets commit = assertInstanceOf(TransactionStep.CommitOffsets.class, next());
        transactions.offsetsCommitted(commit, Map.of(ORDERS, ErrorCode.UNKNOWN_MEMBER_ID), nowMs, 0);
        assertEquals(TransactionPhase.ABORTABLE, transactions.phase());
        assertFalse(Objects.requireNonNull(transactions.trouble()).isFatal());
        assertThrows(IllegalStateException.class, transactions::commit);
        transactions.abort();
        assertNotNull(next());
    }

    @Test
    void anAbortEndsOnlyWhatTheCoordinatorHasBegun() {
        open(1);
        assertFalse(transactions.maySend(ORDERS));
        TransactionStep.AddPartitions add = assertInstanceOf(TransactionStep.AddPartitions.class, next());
        transactions.partitionsAdded(add, Map.of(ORDERS, ErrorCode.CONCURRENT_TRANSACTIONS), nowMs, 0);
        transactions.abort();
        assertNull(next());
        assertEquals(TransactionPhase.READY, transactions.phase());
    }

    @Test
    void whetherATransactionWasBegunIsMadeSureOfBeforeItIsAborted() {
        open(1);
        assertFalse(transactions.maySend(ORDERS));
        TransactionStep.AddPartitions add = assertInstanceOf(TransactionStep.AddPartitions.class, next());
        transactions.unanswered(add, "cut", nowMs, 0);
        transactions.abort();
        TransactionStep find = Objects.requireNonNull(next());
        transactions.found(find, ErrorCode.NONE, "", NODE, nowMs, 0);
        assertEquals(add, next());
        transactions.partitionsAdded(add, Map.of(ORDERS, ErrorCode.NONE), nowMs, 0);
        assertEquals(new TransactionStep.End(NODE, FIRST, false), next());
    }
}
