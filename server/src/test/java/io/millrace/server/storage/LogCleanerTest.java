package io.millrace.server.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.metadata.ConfigResource;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.records.BatchBuilder;
import io.millrace.records.Compression;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.LogConfig;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LogCleanerTest {
    private static final String[] COMPACTED = {"cleanup.policy", "compact", "internal.segment.bytes", "1000"};

    private final TestBroker broker = new TestBroker(2, new io.millrace.server.fixture.MemoryDisk(), Map.of());
    private final List<LogState> described = new ArrayList<>();

    private LogCleaner cleaner() {
        Map<BrokerLane, LaneCompactions> compactions = new LinkedHashMap<>();
        for (BrokerLane lane : broker.lanes)
            compactions.put(
                    lane,
                    new LaneCompactions(
                            lane,
                            broker.directories,
                            new SeededRandom(3),
                            LogCleaner.checkpoints(broker.directories, broker.failures::add),
                            broker.failures::add));
        return new LogCleaner(broker.directories, compactions, broker.home().lane(), broker.failures::add);
    }

    private void fill(LeaderPartition partition, int records) {
        broker.home().ownerOf(partition.name()).run(() -> append(partition, records));
        broker.time.run();
    }

    private static void append(LeaderPartition partition, int records) {
        append(partition, records, Compression.NONE);
    }

    private static void append(LeaderPartition partition, int records, Compression codec) {
        for (int i = 0; i < records; i++) {
            BatchBuilder batch = BatchBuilder.forProducer(codec, codec.defaultLevel());
            batch.append(1_700_000_000_000L, bytes("key-" + i % 3), bytes("value-" + i), List.of());
            partition.append(batch.build(), AppendOrigin.CLIENT);
        }
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private LogState stateOf(LogCleaner cleaner, String topic) {
        described.clear();
        broker.onHome(() -> cleaner.describe(described::addAll));
        return described.stream()
                .filter(state -> state.name().topic().equals(topic))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void dirtyLogsAreCompactedWhoeverTheirLanesAreAndTheCheckpointSaysHowFar() throws Exception {
        broker.create("t", 4, COMPACTED);
        broker.create("kept", 1, "internal.segment.bytes", "1000");
        for (int i = 0; i < 4; i++) fill(broker.partition("t", i), 100);
        fill(broker.partition("kept", 0), 100);
        long keptBytes = broker.partition("kept", 0).log().sizeBytes();
        long before = broker.partition("t", 0).log().sizeBytes();
        LogCleaner cleaner = cleaner();
        broker.onHome(cleaner::start);
        broker.time.advance(60_000);
        Map<TopicPartition, Long> checkpoint =
                broker.directories.inUse().get(0).directory().cleanedOffsets().read();
        for (int i = 0; i < 4; i++) {
            assertTrue(broker.partition("t", i).log().sizeBytes() < before / 2, "partition " + i);
            assertEquals(
                    broker.partition("t", i).log().activeSegmentBaseOffset(),
                    checkpoint.get(new TopicPartition("t", i)));
        }
        assertEquals(keptBytes, broker.partition("kept", 0).log().sizeBytes());
        assertEquals("idle", stateOf(cleaner, "t").word());
        assertEquals(List.of(), broker.failures);
    }

    @Test
    void aDamagedLogIsSetAsideWithItsReasonAndTheOthersAreCompacted() throws Exception {
        broker.create("bad", 1, COMPACTED);
        broker.create("good", 1, COMPACTED);
        fill(broker.partition("bad", 0), 100);
        fill(broker.partition("good", 0), 100);
        Path file = TestBroker.DIRECTORY.resolve("bad-0/00000000000000000000.log");
        try (var open = broker.disk.open(file, io.millrace.environment.OpenMode.READ_WRITE)) {
            open.write(70, ByteBuffer.allocate(1));
        }
        LogCleaner cleaner = cleaner();
        broker.onHome(cleaner::start);
        broker.time.advance(60_000);
        LogState bad = stateOf(cleaner, "bad");
        assertEquals("uncleanable", bad.word());
        assertTrue(bad.setAside().orElseThrow().contains("bad-0"), bad::toString);
        assertEquals(0, bad.firstDirtyOffset());
        assertTrue(stateOf(cleaner, "good").firstDirtyOffset() > 0);
        CompactionNumbers numbers = broker.lanes.stream()
                .map(lane -> cleaner.on(lane).orElseThrow().numbers())
                .filter(one -> one.setAside() > 0)
                .findFirst()
                .orElseThrow();
        assertEquals(1, numbers.failed());
        assertEquals(List.of(), broker.failures);
    }

    @Test
    void aLogWithLargerRecordsThanItMayHaveIsSetAsideUntilTheLimitIsRaised() throws Exception {
        broker.create("t", 1, COMPACTED);
        LeaderPartition partition = broker.partition("t", 0);
        broker.home().ownerOf(partition.name()).run(() -> append(partition, 100, Compression.GZIP));
        broker.time.run();
        LogConfig before = partition.log().config();
        LogConfig limited = LogConfig.from(Map.of(
                "cleanup.policy", "compact", "internal.segment.bytes", "1000", "max.decompressed.message.bytes", "10"));
        broker.home().ownerOf(partition.name()).run(() -> partition.log().updateConfig(limited));
        LogCleaner cleaner = cleaner();
        broker.onHome(cleaner::start);
        broker.time.advance(60_000);
        LogState large = stateOf(cleaner, "t");
        assertEquals("uncleanable", large.word());
        assertTrue(large.setAside().orElseThrow().contains("max.decompressed.message.bytes is 10"), large::toString);
        assertEquals(0, large.firstDirtyOffset());
        broker.home().ownerOf(partition.name()).run(() -> partition.log().updateConfig(before));
        broker.time.advance(60_000);
        assertEquals("idle", stateOf(cleaner, "t").word());
        assertTrue(stateOf(cleaner, "t").firstDirtyOffset() > 0);
        assertEquals(List.of(), broker.failures);
    }

    @Test
    void aTopicDeletedInTheMidstOfItsCompactionIsGoneAndTheCleanerStops() throws Exception {
        broker.create("t", 1, COMPACTED);
        fill(broker.partition("t", 0), 300);
        LogCleaner cleaner = cleaner();
        broker.onHome(() -> {
            cleaner.start();
            cleaner.describe(described::addAll);
        });
        broker.delete("t");
        broker.time.advance(120_000);
        assertEquals(
                List.of(),
                broker.disk.list(TestBroker.DIRECTORY).stream()
                        .filter(name -> name.startsWith("t-"))
                        .toList());
        assertEquals(List.of(), broker.failures);
        boolean[] isIdle = new boolean[1];
        broker.onHome(() -> {
            cleaner.stop();
            cleaner.whenIdle(() -> isIdle[0] = true);
        });
        assertTrue(isIdle[0]);
    }

    private long msUntilCompacted(LogCleaner cleaner, String topic) {
        long passedMs = 0;
        while (stateOf(cleaner, topic).firstDirtyOffset() == 0) {
            broker.time.advance(100);
            passedMs += 100;
            if (passedMs > 10_000_000) throw new AssertionError("never compacted");
        }
        return passedMs;
    }

    @Test
    void theThrottleBoundsWhatIsReadAndWrittenAndANewValueHoldsAtOnce() throws Exception {
        broker.publish(limit("10000"));
        broker.create("t", 1, COMPACTED);
        fill(broker.partition("t", 0), 1_000);
        LogCleaner cleaner = cleaner();
        broker.onHome(cleaner::start);
        long passedMs = msUntilCompacted(cleaner, "t");
        long bytes = workOf(cleaner);
        assertTrue(passedMs >= bytes * 1_000 / 10_000 - 1_200, bytes + " bytes in " + passedMs + " ms");
        assertTrue(passedMs <= bytes * 1_000 / 10_000 + 20_000, bytes + " bytes in " + passedMs + " ms");
        broker.publish(limit("1000"));
        broker.create("u", 1, COMPACTED);
        fill(broker.partition("u", 0), 1_000);
        broker.time.advance(60_000);
        assertEquals(0, stateOf(cleaner, "u").firstDirtyOffset());
        broker.publish(limit("1000000000"));
        assertTrue(msUntilCompacted(cleaner, "u") < 20_000);
        assertEquals(List.of(), broker.failures);
    }

    private long workOf(LogCleaner cleaner) {
        return broker.lanes.stream()
                .map(lane -> cleaner.on(lane).orElseThrow().numbers())
                .mapToLong(numbers -> numbers.bytesRead() + numbers.bytesWritten())
                .sum();
    }

    private static ConfigRecord limit(String bytesPerSecond) {
        return ConfigRecord.builder()
                .resourceType(ConfigResource.Type.BROKER.code())
                .resourceName(Integer.toString(TestBroker.ID))
                .name("log.cleaner.io.max.bytes.per.second")
                .value(bytesPerSecond)
                .build();
    }

    @Test
    void aDamagedCheckpointIsPassedOverAndWrittenAnew() throws Exception {
        broker.create("t", 1, COMPACTED);
        fill(broker.partition("t", 0), 100);
        Path file =
                broker.directories.inUse().get(0).directory().cleanedOffsets().file();
        broker.disk.replace(file, bytes("0\nx\n").array());
        LogCleaner cleaner = cleaner();
        broker.onHome(cleaner::start);
        broker.time.advance(60_000);
        assertEquals(
                broker.partition("t", 0).log().activeSegmentBaseOffset(),
                broker.directories
                        .inUse()
                        .get(0)
                        .directory()
                        .cleanedOffsets()
                        .read()
                        .get(new TopicPartition("t", 0)));
        assertEquals(List.of(), broker.failures);
    }
}
