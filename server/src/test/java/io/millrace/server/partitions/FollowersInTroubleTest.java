package io.millrace.server.partitions;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import io.millrace.metadata.ConfigResource;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.MetadataRecord;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.protocol.messages.PartitionRecord;
import io.millrace.records.BatchBuilder;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.records.TopicPartition;
import io.millrace.replication.FollowerAnswer;
import io.millrace.replication.FollowerRequest;
import io.millrace.replication.run.FollowerPartition;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.storage.LaneCompactions;
import io.millrace.server.storage.LogCleaner;
import io.millrace.server.storage.SpaceReserve;
import io.millrace.server.storage.SpaceWatch;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ReadOutcome;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What partitions that broker 1 follows do when batches or files are damaged, the disk is full, or they are compacted. The leader, broker 2, is the test. */
class FollowersInTroubleTest {
    private static final int BACKOFF_MS = 1_000;
    private static final String[] COMPACTED = {"cleanup.policy", "compact", "internal.segment.bytes", "1000"};

    private final TestBroker broker = new TestBroker(1);
    private final Map<String, Integer> epochs = new LinkedHashMap<>();

    private void create(String topic, String... properties) {
        List<MetadataRecord> records =
                new ArrayList<>(List.of(TestBroker.topicRecords(topic, TestBroker.idOf(topic), 0, properties)));
        records.add(partition(topic, 2, 4));
        epochs.put(topic, 4);
        broker.publish(records.toArray(MetadataRecord[]::new));
    }

    private static PartitionRecord partition(String topic, int leader, int epoch) {
        return PartitionRecord.builder()
                .topicId(TestBroker.idOf(topic))
                .partitionId(0)
                .replicas(List.of(1, 2))
                .isr(List.of(1, 2))
                .leader(leader)
                .leaderEpoch(epoch)
                .partitionEpoch(epoch)
                .build();
    }

    /** Another leadership begins. */
    private void leads(String topic, int leader) {
        int epoch = requireNonNull(epochs.get(topic)) + 1;
        epochs.put(topic, epoch);
        broker.publish(partition(topic, leader, epoch));
    }

    private FollowerPartition follower(String topic) {
        FollowerPartition follower = broker.home().partitions().findFollowed(new TopicPartition(topic, 0));
        if (follower == null) throw new AssertionError(topic + "-0 is not followed");
        return follower;
    }

    private boolean asks(String topic) {
        return follower(topic).next().isPresent();
    }

    /** The leader answers what is asked with a batch, and says that all before it is committed. */
    private void sends(String topic, ByteBuffer batch, boolean isSound) {
        FollowerRequest.Fetch request =
                (FollowerRequest.Fetch) follower(topic).next().orElseThrow();
        BatchHeader.setBaseOffset(batch, 0, request.fetchOffset());
        BatchHeader.setPartitionLeaderEpoch(batch, 0, requireNonNull(epochs.get(topic)));
        if (!isSound) batch.put(batch.limit() - 1, (byte) ~batch.get(batch.limit() - 1));
        broker.onHome(() -> follower(topic).fetched(request, request.fetchOffset(), 0, batch));
    }

    private void sends(String topic, String... values) {
        sends(topic, Batches.of(values), true);
    }

    private PartitionLog log(String topic) {
        return follower(topic).log();
    }

    @Test
    void aDamagedBatchIsNotAppendedAndIsAskedForAgainAfterAWhileWhileOthersGoOn() {
        create("t");
        create("u");
        sends("t", "a");
        sends("t", Batches.of("b"), false);
        assertEquals(1, log("t").logEndOffset());
        assertFalse(asks("t"), "it waits");
        sends("u", "x");
        assertEquals(1, log("u").logEndOffset());
        broker.time.advance(BACKOFF_MS - 1);
        assertFalse(asks("t"));
        broker.time.advance(1);
        sends("t", "b", "c");
        assertEquals(3, log("t").logEndOffset());
        assertEquals(List.of(), broker.failures);
    }

    private static Path file(String topic) {
        return TestBroker.DIRECTORY.resolve(topic + "-0/00000000000000000000.log");
    }

    private byte[] contents(String topic) throws IOException {
        try (DiskFile file = broker.disk.open(file(topic), OpenMode.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.sizeBytes());
            file.read(0, bytes);
            return bytes.array();
        }
    }

    @Test
    void aLogThatIsFoundDamagedWhenItIsToBeCutGoesOfflineAloneAndIsLeftAsItIs() throws IOException {
        create("t");
        create("u");
        sends("t", "a", "b");
        sends("t", "c");
        sends("u", "x");
        try (DiskFile file = broker.disk.open(file("t"), OpenMode.READ_WRITE)) {
            file.write(8, ByteBuffer.allocate(4).putInt(0, 7));
        }
        byte[] before = contents("t");
        leads("t", 2);
        FollowerPartition damaged = follower("t");
        FollowerRequest request = damaged.next().orElseThrow();
        broker.onHome(() -> damaged.answered(request, new FollowerAnswer.Diverges(new OffsetAndEpoch(2, 4))));
        TopicPartition name = new TopicPartition("t", 0);
        assertNull(broker.home().partitions().replica(name));
        assertEquals(ErrorCode.KAFKA_STORAGE_ERROR, broker.home().whyNotLed(name));
        assertTrue(damaged.next().isEmpty());
        assertEquals(ByteBuffer.wrap(before), ByteBuffer.wrap(contents("t")));
        // Nothing brings it back before the next start, neither a change of roles nor of properties.
        leads("t", 1);
        leads("t", 2);
        assertNull(broker.home().partitions().replica(name));
        sends("u", "y");
        assertEquals(2, log("u").logEndOffset());
        assertEquals(List.of(), broker.failures, "the directory is not given up for one log");
        // The topic can be deleted all the same.
        broker.delete("t");
        assertEquals(0, broker.home().partitions().offlineCount());
        broker.time.advance(120_000);
        assertFalse(broker.disk.exists(file("t")));
    }

    private static ByteBuffer keyed(int number) {
        BatchBuilder batch = BatchBuilder.forProducer(Compression.NONE, Compression.NONE.defaultLevel());
        batch.append(1_700_000_000_000L, bytes("key-" + number % 3), bytes("value-" + number), List.of());
        return batch.build();
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private void fill(String topic, int from, int until) {
        for (int i = from; i < until; i++) sends(topic, keyed(i), true);
    }

    private LogCleaner startCleaner() {
        LaneCompactions compactions = new LaneCompactions(
                broker.home(),
                broker.directories,
                new SeededRandom(3),
                LogCleaner.checkpoints(broker.directories, broker.failures::add),
                broker.failures::add);
        LogCleaner cleaner = new LogCleaner(
                broker.directories,
                Map.of(broker.home(), compactions),
                broker.home().lane(),
                broker.failures::add);
        broker.onHome(cleaner::start);
        return cleaner;
    }

    private static ConfigRecord cleanerRate(String bytesPerSecond) {
        return ConfigRecord.builder()
                .resourceType(ConfigResource.Type.BROKER.code())
                .resourceName(String.valueOf(TestBroker.ID))
                .name("log.cleaner.io.max.bytes.per.second")
                .value(bytesPerSecond)
                .build();
    }

    /** The offsets of the batches that are left. */
    private List<Long> offsets(PartitionLog log) throws IOException {
        List<Long> found = new ArrayList<>();
        for (long next = log.logStartOffset(); next < log.logEndOffset(); ) {
            if (!(log.read(next, 1, true, log.logEndOffset()) instanceof ReadOutcome.Slice slice))
                throw new AssertionError(next + " cannot be read");
            ByteBuffer batch = slice.records().toBuffer();
            slice.records().release();
            if (batch.remaining() == 0) break;
            if (BatchHeader.recordCount(batch, 0) > 0) found.add(BatchHeader.baseOffset(batch, 0));
            next = BatchHeader.lastOffset(batch, 0) + 1;
        }
        return found;
    }

    @Test
    void aFollowedLogIsCompactedBelowItsHighWatermarkAndGoesOnFollowing() throws IOException {
        create("t", COMPACTED);
        fill("t", 0, 100);
        long before = log("t").sizeBytes();
        LogCleaner cleaner = startCleaner();
        broker.time.advance(60_000);
        assertTrue(log("t").sizeBytes() < before / 2, log("t").sizeBytes() + " of " + before);
        assertEquals(100, log("t").logEndOffset());
        assertEquals(99, log("t").highWatermark());
        fill("t", 100, 110);
        List<Long> left = offsets(log("t"));
        assertEquals(List.of(107L, 108L, 109L), left.subList(left.size() - 3, left.size()));
        leads("t", 1);
        assertEquals(110, broker.partition("t", 0).log().logEndOffset());
        assertEquals(left, offsets(broker.partition("t", 0).log()));
        broker.onHome(cleaner::stop);
        assertEquals(List.of(), broker.failures);
    }

    @Test
    void aLogThatIsCutInTheMidstOfItsCompactionIsWhatItWasCutTo() throws IOException {
        for (int stepMs = 100; stepMs <= 2_500; stepMs += 300) new FollowersInTroubleTest().cutAfter(stepMs);
    }

    private void cutAfter(int ms) throws IOException {
        broker.publish(cleanerRate("4000"));
        create("t", COMPACTED);
        fill("t", 0, 100);
        LogCleaner cleaner = startCleaner();
        broker.time.advance(15_000 + ms);
        leads("t", 2);
        FollowerRequest request = follower("t").next().orElseThrow();
        broker.onHome(() -> follower("t").answered(request, new FollowerAnswer.Diverges(new OffsetAndEpoch(30, 4))));
        assertEquals(30, log("t").logEndOffset());
        // What waits for the lowered recovery point to be written goes on.
        broker.onHome(() -> broker.home().applier().followers().checkpointBy(Runnable::run));
        fill("t", 30, 60);
        broker.publish(cleanerRate("1000000000"));
        broker.time.advance(120_000);
        assertEquals(60, log("t").logEndOffset());
        List<Long> left = offsets(log("t"));
        assertEquals(List.of(57L, 58L, 59L), left.subList(left.size() - 3, left.size()));
        assertTrue(left.size() < 60, "it was compacted in the end: " + left);
        broker.onHome(cleaner::stop);
        broker.time.run();
        assertEquals(List.of(), broker.failures);
    }

    @Test
    void withoutSpaceForItsLaneAFollowerWaitsAndGoesOnWhenThereIsSome() {
        broker.disk.capacity(TestBroker.DIRECTORY, 8 << 20);
        create("t", "max.message.bytes", "8388608");
        SpaceWatch watch = new SpaceWatch(
                broker.directories,
                new SpaceReserve(2 << 20, 2),
                broker.homeThread(),
                broker.time,
                new SpaceWatch.Changes() {
                    @Override
                    public void shrunk(io.millrace.server.storage.LogDirectories.InUse directory) {}

                    @Override
                    public void grown(io.millrace.server.storage.LogDirectories.InUse directory) {
                        broker.home().applier().spaceHasGrown();
                    }
                },
                broker.failures::add);
        watch.lookNow();
        broker.onHome(watch::start);
        long end;
        do {
            end = log("t").logEndOffset();
            sends("t", Batches.ofSize(900_000), true);
            broker.time.advance(2_000);
        } while (log("t").logEndOffset() > end);
        assertTrue(end > 2, "some were taken");
        assertTrue(
                broker.disk.usableBytes(TestBroker.DIRECTORY) > (2 << 20) - (64 << 10),
                "the reserve is left, but for what goes with the last batch");
        sends("t", Batches.ofSize(900_000), true);
        assertEquals(end, log("t").logEndOffset(), "still none");
        assertFalse(asks("t"), "it waits");
        broker.disk.capacity(TestBroker.DIRECTORY, 32 << 20);
        broker.time.advance(5_000);
        sends("t", Batches.ofSize(900_000), true);
        assertEquals(end + 1, log("t").logEndOffset());
        assertEquals(List.of(), broker.failures);
        broker.onHome(watch::stop);
    }
}
