package io.millrace.server.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.OpenMode;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.records.BatchHeader;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.RecordIterator;
import io.millrace.records.TopicPartition;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.MemoryDisk;
import io.millrace.server.fixture.OldMessages;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.partitions.OldFormats;
import io.millrace.server.partitions.PartitionRead;
import io.millrace.server.partitions.Reader;
import io.millrace.storage.AppendOrigin;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Fetches of partitions whose segments were written by brokers before 0.11. */
class OldFormatsFetchTest {
    private static final Path PARTITION = TestBroker.DIRECTORY.resolve("old-0");

    private final List<PartitionRead> reads = new ArrayList<>();
    private int finished;

    private static TestBroker broker(byte[]... stored) throws IOException {
        MemoryDisk disk = new MemoryDisk();
        TestBroker.format(disk, TestBroker.DIRECTORY, TestBroker.ID);
        disk.createDirectories(PARTITION);
        try (var file = disk.open(PARTITION.resolve("00000000000000000000.log"), OpenMode.CREATE)) {
            long position = 0;
            for (byte[] bytes : stored) {
                file.write(position, ByteBuffer.wrap(bytes));
                position += bytes.length;
            }
        }
        TestBroker broker = new TestBroker(2, disk, java.util.Map.of());
        // One segment, though some time lies between the messages.
        broker.create("old", 1, "segment.ms", Long.toString(Long.MAX_VALUE));
        broker.create("new", 1);
        return broker;
    }

    private void fetch(TestBroker broker, long offset, int maxBytes, int minBytes) {
        reads.clear();
        want("old", offset, maxBytes);
        start(broker, minBytes, maxBytes);
    }

    private void want(String topic, long offset, int maxBytes) {
        reads.add(new PartitionRead(
                reads.size(),
                new TopicPartition(topic, 0),
                new PartitionRead.Wanted(offset, maxBytes, -1, -1, false),
                ErrorCode.NONE));
    }

    private void start(TestBroker broker, int minBytes, int maxBytes) {
        PendingFetch fetch = new PendingFetch(
                broker.home(),
                new PendingFetch.Limits(minBytes, maxBytes, 500),
                reads,
                Reader.AT_LEADERS,
                () -> finished++);
        broker.onHome(fetch::start);
        broker.time.run();
    }

    private static List<String> told(PartitionRead read) {
        List<String> told = new ArrayList<>();
        if (!(read.payload() instanceof RecordsPayload.Buffer(ByteBuffer bytes))) throw new AssertionError("a file");
        for (int at = 0; at < bytes.limit(); at += BatchHeader.sizeBytes(bytes, at))
            new RecordIterator(bytes, at, DecompressionLimit.DEFAULT)
                    .forEachRemaining(record ->
                            told.add(record.offset() + "@" + record.timestamp() + " " + text(record.value())));
        return told;
    }

    private static String text(@Nullable ByteBuffer bytes) {
        return bytes == null
                ? "null"
                : StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }

    private static OldFormats numbers(TestBroker broker) {
        return broker.home().ownerOf(new TopicPartition("old", 0)).partitions().oldFormats();
    }

    @Test
    void aFetchIsAnsweredInFormat2AndCounted() throws Exception {
        TestBroker broker =
                broker(OldMessages.plain(0, 0, "a", "b"), OldMessages.plain(1, 2, "c"), OldMessages.gzip(3, "d", "e"));
        fetch(broker, 0, 1 << 20, 1);
        assertEquals(1, finished);
        assertEquals(List.of("0@-1 a", "1@-1 b", "2@2 c", "3@3 d", "4@4 e"), told(reads.get(0)));
        assertEquals(1, numbers(broker).conversions());
        assertEquals(5, numbers(broker).convertedRecords());
        assertEquals(reads.get(0).sizeBytes(), numbers(broker).heldBytes());
        reads.get(0).release();
        assertEquals(0, numbers(broker).heldBytes());
        fetch(broker, 4, 1 << 20, 1);
        assertEquals(List.of("3@3 d", "4@4 e"), told(reads.get(0)));
        reads.get(0).release();
        broker.partition("old", 0).log().closeIdleFiles();
        broker.partition("old", 0).log().closeIdleFiles();
        assertEquals(0, broker.disk.openFiles());
    }

    @Test
    void newBatchesBehindOldOnesGoAlongAndWhereThereAreOnlyNewOnesNothingIsCopied() throws Exception {
        TestBroker broker = broker(OldMessages.plain(1, 0, "a"));
        broker.home()
                .ownerOf(new TopicPartition("old", 0))
                .run(() -> broker.partition("old", 0).append(Batches.of("b"), AppendOrigin.CLIENT));
        broker.time.run();
        fetch(broker, 0, 1 << 20, 1);
        assertEquals(2, told(reads.get(0)).size());
        reads.get(0).release();
        fetch(broker, 1, 1 << 20, 1);
        assertSame(reads.get(0).records(), reads.get(0).payload());
        assertFalse(reads.get(0).records().needsLook());
        assertEquals(1, numbers(broker).conversions());
        reads.get(0).release();
    }

    @Test
    void theLimitsOfAFetchHoldForWhatIsAnsweredAndTheFirstBatchComesAnyway() throws Exception {
        TestBroker broker =
                broker(OldMessages.gzip(0, "a".repeat(100)), OldMessages.gzip(1, "b"), OldMessages.gzip(2, "c"));
        fetch(broker, 0, 1, 1);
        assertEquals(1, told(reads.get(0)).size());
        reads.get(0).release();
        fetch(broker, 0, 300, 1);
        assertTrue(reads.get(0).sizeBytes() <= 300, () -> reads.get(0).sizeBytes() + " bytes");
        reads.get(0).release();
    }

    @Test
    void aRottenOldBatchIsAnErrorOfItsPartitionAndTheOthersAreRead() throws Exception {
        TestBroker broker = broker(OldMessages.rotten(0), OldMessages.plain(1, 1, "c"));
        assertEquals(2, broker.partition("old", 0).log().logEndOffset());
        broker.home()
                .ownerOf(new TopicPartition("new", 0))
                .run(() -> broker.partition("new", 0).append(Batches.of("x"), AppendOrigin.CLIENT));
        broker.time.run();
        reads.clear();
        want("old", 0, 1 << 20);
        want("new", 0, 1 << 20);
        start(broker, 1, 1 << 20);
        assertEquals(ErrorCode.CORRUPT_MESSAGE, reads.get(0).error());
        assertEquals(0, reads.get(0).sizeBytes());
        assertTrue(reads.get(1).sizeBytes() > 0);
        assertEquals(0, numbers(broker).heldBytes());
        reads.forEach(PartitionRead::release);
        fetch(broker, 1, 1 << 20, 1);
        assertEquals(List.of("1@1 c"), told(reads.get(0)));
        reads.forEach(PartitionRead::release);
        assertEquals(List.of(), broker.failures);
    }

    @Test
    void aClientThatLeavesMeanwhileLeavesNothing() throws Exception {
        TestBroker broker = broker(OldMessages.plain(1, 0, "a"));
        want("old", 0, 1 << 20);
        PendingFetch fetch = new PendingFetch(
                broker.home(), new PendingFetch.Limits(1, 1 << 20, 500), reads, Reader.AT_LEADERS, () -> finished++);
        broker.onHome(() -> {
            fetch.start();
            fetch.abandon();
        });
        broker.time.advance(1_000);
        assertEquals(0, finished);
        assertEquals(0, numbers(broker).heldBytes());
        broker.partition("old", 0).log().closeIdleFiles();
        broker.partition("old", 0).log().closeIdleFiles();
        assertEquals(0, broker.disk.openFiles());
    }
}
