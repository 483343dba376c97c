package io.millrace.server.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.partitions.PartitionRead;
import io.millrace.server.partitions.Reader;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.FileRecords;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PendingFetchTest {
    private static final int PARTITIONS = 4;

    private final TestBroker broker = new TestBroker(2);
    private final int here = broker.partitionOn(0, "t", 0);
    private final int there = broker.partitionOn(1, "t", 0);
    private final List<PartitionRead> reads = new ArrayList<>();
    private int finished;

    PendingFetchTest() {
        broker.create("t", PARTITIONS);
    }

    private void want(int partition, long offset, int maxBytes) {
        want(partition, offset, maxBytes, ErrorCode.NONE);
    }

    private void want(int partition, long offset, int maxBytes, ErrorCode error) {
        reads.add(new PartitionRead(
                reads.size(),
                new TopicPartition("t", partition),
                new PartitionRead.Wanted(offset, maxBytes, -1, -1, false),
                error));
    }

    private PendingFetch fetch(int minBytes, int maxBytes, long maxWaitMs) {
        PendingFetch fetch = new PendingFetch(
                broker.home(),
                new PendingFetch.Limits(minBytes, maxBytes, maxWaitMs),
                reads,
                Reader.AT_LEADERS,
                () -> finished++);
        broker.onHome(fetch::start);
        return fetch;
    }

    private int append(int partition, int valueBytes) {
        var batch = Batches.ofSize(valueBytes);
        int bytes = batch.remaining();
        broker.home()
                .ownerOf(new TopicPartition("t", partition))
                .run(() -> broker.partition("t", partition).append(batch, AppendOrigin.CLIENT));
        broker.time.run();
        return bytes;
    }

    private List<Integer> sizes() {
        return reads.stream().map(PartitionRead::sizeBytes).toList();
    }

    /** Gives everything back, lets idle files close, and expects none open. */
    private void expectNoFileHeld() {
        reads.forEach(PartitionRead::release);
        for (int i = 0; i < PARTITIONS; i++) {
            broker.partition("t", i).log().closeIdleFiles();
            broker.partition("t", i).log().closeIdleFiles();
        }
        assertEquals(0, broker.disk.openFiles());
    }

    @Test
    void whatIsThereIsAnsweredAtOnce() {
        int bytes = append(here, 100);
        want(here, 0, 1 << 20);
        fetch(1, 1 << 20, 500);
        assertEquals(1, finished);
        assertEquals(List.of(bytes), sizes());
        assertEquals(1, reads.get(0).highWatermark());
        assertEquals(0, broker.homeThread().timerCount());
        expectNoFileHeld();
    }

    @Test
    void withNothingToReadTheClientsPatienceDecides() {
        want(here, 0, 1 << 20);
        want(there, 0, 1 << 20);
        fetch(1, 1 << 20, 500);
        broker.time.advance(499);
        assertEquals(0, finished);
        broker.time.advance(1);
        assertEquals(1, finished);
        assertEquals(List.of(0, 0), sizes());
        append(here, 10);
        broker.time.advance(1_000);
        assertEquals(1, finished);
        expectNoFileHeld();
    }

    @Test
    void anAppendOnEitherLaneEndsTheWait() {
        for (int grows : List.of(here, there)) {
            finished = 0;
            reads.forEach(PartitionRead::release);
            reads.clear();
            long end = broker.partition("t", grows).highWatermark();
            want(here, broker.partition("t", here).highWatermark(), 1 << 20);
            want(there, broker.partition("t", there).highWatermark(), 1 << 20);
            fetch(1, 1 << 20, 500);
            assertEquals(0, finished);
            append(grows, 10);
            assertEquals(1, finished);
            assertEquals(end + 1, reads.get(grows == here ? 0 : 1).highWatermark());
            assertEquals(0, broker.homeThread().timerCount());
        }
        expectNoFileHeld();
    }

    @Test
    void minBytesAreGatheredOverPartitionsOfBothLanes() {
        want(here, 0, 1 << 20);
        want(there, 0, 1 << 20);
        fetch(2 * Batches.ofSize(60).remaining() + 1, 1 << 20, 500);
        int first = append(here, 60);
        assertEquals(0, finished);
        int second = append(there, 60);
        assertEquals(0, finished);
        int third = append(here, 60);
        assertEquals(1, finished);
        assertEquals(List.of(first + third, second), sizes());
        expectNoFileHeld();
    }

    @Test
    void aTimeOutAnswersWithWhatThereIs() {
        want(here, 0, 1 << 20);
        fetch(1 << 20, 1 << 20, 500);
        int bytes = append(here, 60);
        broker.time.advance(500);
        assertEquals(1, finished);
        assertEquals(List.of(bytes), sizes());
        expectNoFileHeld();
    }

    @Test
    void noPatienceOrNoMinimumIsAnsweredAtOnce() {
        want(here, 0, 1 << 20);
        fetch(1, 1 << 20, 0);
        assertEquals(1, finished);
        fetch(0, 1 << 20, 500);
        assertEquals(2, finished);
    }

    @Test
    void aRefusalIsAnsweredAtOnceWithWhatTheOthersHave() {
        int bytes = append(there, 60);
        want(here, 0, 1 << 20, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        want(there, 0, 1 << 20);
        fetch(1 << 20, 1 << 20, 500);
        assertEquals(1, finished);
        assertEquals(List.of(0, bytes), sizes());
        expectNoFileHeld();
    }

    @Test
    void anOffsetOutOfRangeIsAnsweredAtOnce() {
        append(here, 10);
        want(here, 7, 1 << 20);
        want(there, 0, 1 << 20);
        fetch(1, 1 << 20, 500);
        assertEquals(1, finished);
        assertEquals(ErrorCode.OFFSET_OUT_OF_RANGE, reads.get(0).error());
        assertEquals(ErrorCode.NONE, reads.get(1).error());
    }

    @Test
    void aTopicDeletedWhileItsReaderWaitsEndsTheWait() {
        want(here, 0, 1 << 20);
        fetch(1, 1 << 20, 500);
        broker.delete("t");
        assertEquals(1, finished);
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER, reads.get(0).error());
        broker.time.advance(1_000);
        assertEquals(1, finished);
    }

    @Test
    void theWholeAnswerKeepsToItsLimitOverLanes() {
        int bytes = append(here, 1_000);
        append(there, 1_000);
        want(there, 0, 1 << 20);
        want(here, 0, 1 << 20);
        fetch(1, bytes, 500);
        assertEquals(List.of(bytes, 0), sizes());
        assertEquals(1, reads.get(1).highWatermark(), "the watermark is told without the records");
        expectNoFileHeld();
    }

    @Test
    void theFirstPartitionWithRecordsGivesItsFirstBatchEvenIfThatIsTooLarge() {
        int bytes = append(here, 5_000);
        append(there, 5_000);
        want(here, 0, 10);
        want(there, 0, 10);
        fetch(1, 100, 500);
        assertEquals(List.of(bytes, 0), sizes());
        expectNoFileHeld();
    }

    @Test
    void negativeLimitsStillGiveTheFirstBatch() {
        int bytes = append(here, 50);
        want(here, 0, -1);
        fetch(1, -1, 500);
        assertEquals(List.of(bytes), sizes());
    }

    @Test
    void anAbandonedFetchLeavesNothingBehind() {
        append(here, 10);
        want(here, 0, 1 << 20);
        want(there, 0, 1 << 20);
        PendingFetch fetch = fetch(1 << 20, 1 << 20, 500);
        assertEquals(0, finished);
        broker.onHome(fetch::abandon);
        assertEquals(0, broker.homeThread().timerCount());
        append(here, 10);
        append(there, 10);
        broker.time.advance(1_000);
        assertEquals(0, finished);
        expectNoFileHeld();
    }

    @Test
    void aResultThatCrossesTheEndOfItsFetchIsReleased() {
        append(there, 10);
        want(here, 0, 1 << 20);
        want(there, 0, 1 << 20);
        PendingFetch fetch = new PendingFetch(
                broker.home(), new PendingFetch.Limits(1, 1 << 20, 500), reads, Reader.AT_LEADERS, () -> finished++);
        broker.homeThread().as(fetch::start);
        broker.homeThread().as(fetch::abandon);
        broker.time.run();
        assertEquals(0, finished);
        expectNoFileHeld();
    }

    @Test
    void aLeaderEpochThatIsNotTheLeadersIsRefusedInItsOwnTerms() {
        append(here, 10);
        for (int believed : List.of(3, 5)) {
            reads.clear();
            reads.add(new PartitionRead(
                    0,
                    new TopicPartition("t", here),
                    new PartitionRead.Wanted(0, 1_000, believed, -1, false),
                    ErrorCode.NONE));
            fetch(1, 1_000, 500);
            assertEquals(
                    believed < 4 ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH,
                    reads.get(0).error());
        }
    }

    @Test
    void aFailedDiskIsAnErrorOfItsPartitionAndIsReported() {
        append(here, 10);
        broker.partition("t", here).log().closeIdleFiles();
        broker.partition("t", here).log().closeIdleFiles();
        broker.disk.fail();
        want(here, 0, 1_000);
        fetch(1, 1_000, 500);
        assertEquals(1, finished);
        FileRecords records = reads.get(0).records();
        assertTrue(reads.get(0).error() == ErrorCode.KAFKA_STORAGE_ERROR || records.sizeBytes() > 0);
        assertEquals(reads.get(0).error() == ErrorCode.KAFKA_STORAGE_ERROR, !broker.failures.isEmpty());
        assertFalse(broker.homeThread().timerCount() > 0);
    }
}
