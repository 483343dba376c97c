package io.millrace.server.partitions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.TestBroker;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.FileRecords;
import org.junit.jupiter.api.Test;

class LanePartitionsTest {
    private final TestBroker broker = new TestBroker(1);

    @Test
    void anEpochIsBelievedPastOrYetToCome() {
        assertEquals(ErrorCode.NONE, LanePartitions.checkLeaderEpoch(-1, 4));
        assertEquals(ErrorCode.NONE, LanePartitions.checkLeaderEpoch(4, 4));
        assertEquals(ErrorCode.FENCED_LEADER_EPOCH, LanePartitions.checkLeaderEpoch(3, 4));
        assertEquals(ErrorCode.UNKNOWN_LEADER_EPOCH, LanePartitions.checkLeaderEpoch(5, 4));
    }

    @Test
    void aNegativePartitionNumberNamesNoPartition() {
        broker.create("t", 1);
        TopicPartition asked = AskedPartition.of("t", -7);
        assertEquals(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, broker.home().whyNotLed(asked));
        assertEquals(new TopicPartition("t", 0), AskedPartition.of("t", 0));
    }

    @Test
    void aPartitionThatExistsElsewhereIsNotUnknown() {
        broker.create("t", 1);
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER, broker.home().whyNotLed(new TopicPartition("t", 0)));
        assertEquals(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, broker.home().whyNotLed(new TopicPartition("t", 1)));
        assertEquals(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, broker.home().whyNotLed(new TopicPartition("u", 0)));
    }

    @Test
    void aReadSaysWhereTheLogStandsAndHoldsItsFileUntilReleased() {
        broker.create("t", 1);
        broker.partition("t", 0).append(Batches.of("a", "b"), AppendOrigin.CLIENT);
        PartitionRead read = read(0, false);
        assertEquals(ErrorCode.NONE, read.error());
        assertEquals(2, read.highWatermark());
        assertEquals(0, read.logStartOffset());
        assertEquals(4, read.leaderEpoch());
        FileRecords records = read.records();
        broker.partition("t", 0).log().closeIdleFiles();
        broker.partition("t", 0).log().closeIdleFiles();
        assertEquals(read.sizeBytes(), records.toBuffer().remaining());
        read.release();
        read.release();
        assertEquals(0, broker.disk.openFiles());
    }

    @Test
    void openFilesStayWithinTheirBoundHoweverManyPartitionsAreWrittenAndRead() {
        broker.create("t", 1000);
        broker.disk.boundOpenFiles(100);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 1000; i++) {
                broker.partition("t", i).append(Batches.of("a", "b"), AppendOrigin.CLIENT);
                broker.home().partitions().countAppend(1);
                assertTrue(broker.disk.openFiles() <= 100, broker.disk.openFiles() + " files are open");
            }
        }
        for (int i = 0; i < 1000; i++) {
            PartitionRead read = read(i, 2, false);
            assertEquals(4, read.highWatermark());
            read.release();
            assertTrue(broker.disk.openFiles() <= 101, broker.disk.openFiles() + " files are open");
        }
        assertTrue(broker.failures.isEmpty());
    }

    @Test
    void theFilesOfAPartitionInUseStayOpenWhileOthersAreClosed() {
        broker.create("t", 300);
        broker.disk.boundOpenFiles(100);
        for (int i = 1; i < 300; i++) {
            broker.partition("t", i).append(Batches.of("a"), AppendOrigin.CLIENT);
            broker.partition("t", 0).append(Batches.of("a"), AppendOrigin.CLIENT);
            broker.home().partitions().countAppend(1);
        }
        assertTrue(broker.partition("t", 0).log().openFileCount() > 0);
    }

    @Test
    void theEndOfTheLogIsReadAsNothingAndBeyondItIsOutOfRange() {
        broker.create("t", 1);
        broker.partition("t", 0).append(Batches.of("a"), AppendOrigin.CLIENT);
        assertEquals(ErrorCode.NONE, read(1, false).error());
        assertEquals(0, read(1, false).sizeBytes());
        assertEquals(ErrorCode.OFFSET_OUT_OF_RANGE, read(2, false).error());
        assertEquals(ErrorCode.OFFSET_OUT_OF_RANGE, read(-1, false).error());
    }

    @Test
    void onlyAReaderOfCommittedRecordsHearsOfAbortedTransactions() {
        broker.create("t", 1);
        broker.partition("t", 0).append(Batches.of("a"), AppendOrigin.CLIENT);
        PartitionRead committed = read(0, true);
        PartitionRead all = read(0, false);
        assertEquals(java.util.List.of(), committed.toPartitionData(0).abortedTransactions());
        assertEquals(null, all.toPartitionData(0).abortedTransactions());
        committed.release();
        all.release();
    }

    private PartitionRead read(long offset, boolean readCommitted) {
        return read(0, offset, readCommitted);
    }

    private PartitionRead read(int partition, long offset, boolean readCommitted) {
        return broker.home()
                .partitions()
                .read(
                        new PartitionRead(
                                0,
                                new TopicPartition("t", partition),
                                new PartitionRead.Wanted(offset, 1 << 20, -1, -1, readCommitted),
                                ErrorCode.NONE),
                        false,
                        1 << 20,
                        true);
    }
}
