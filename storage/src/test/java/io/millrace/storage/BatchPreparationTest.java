package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.config;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.open;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.Recompression;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.server.common.RequestLocal;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.log.VerificationGuard;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Batches on their way into topics with a codec or a limit of their own, beside Apache's log. */
class BatchPreparationTest {
    private static final String FAR = Long.toString(Long.MAX_VALUE);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path temporary;

    private int runs;

    private static ByteBuffer random(SeededRandom random, int sequence) {
        String[] values = new String[random.nextInt(1, 20)];
        Arrays.setAll(values, i -> "v" + i + "x".repeat(random.nextInt(200)));
        return Batches.producer(
                random.pick(Compression.values()), 7, (short) 3, sequence, random.nextBoolean(), 1_000, values);
    }

    private static ByteBuffer copy(ByteBuffer batch) {
        return ByteBuffer.allocate(batch.remaining()).put(batch.duplicate()).flip();
    }

    private static String append(PartitionLog log, ByteBuffer batch) {
        BatchPreparation prepared = BatchPreparation.isNeeded(batch, log.config())
                ? BatchPreparation.of(batch, log.config())
                : new BatchPreparation.Ready(batch, false);
        return switch (prepared) {
            case BatchPreparation.Refused refused -> refused.refusal().error().name();
            case BatchPreparation.Ready ready ->
                switch (log.append(ready.batch(), io.millrace.storage.AppendOrigin.CLIENT, 0, 1_000, 0)) {
                    case AppendOutcome.Appended appended -> appended.baseOffset() + "-" + appended.lastOffset();
                    case AppendOutcome.Duplicate duplicate -> "duplicate " + duplicate.baseOffset();
                    case AppendOutcome.Refused refused -> refused.error().name();
                };
        };
    }

    private static String append(UnifiedLog log, ByteBuffer batch) {
        try {
            var info = log.appendAsLeader(
                    MemoryRecords.readableRecords(batch),
                    0,
                    AppendOrigin.CLIENT,
                    RequestLocal.noCaching(),
                    VerificationGuard.SENTINEL,
                    (short) 0);
            return info.firstOffset() + "-" + info.lastOffset();
        } catch (RuntimeException refused) {
            Errors error = Errors.forException(refused);
            if (error == Errors.UNKNOWN_SERVER_ERROR) throw refused;
            return ErrorCode.forCode(error.code()).name();
        }
    }

    private Path freshDirectory() throws IOException {
        return Files.createDirectories(temporary.resolve("run" + runs++).resolve("orders-3"));
    }

    @Test
    void whatIsStoredIsWhatApachesLogStoresWhateverTheCodecs() {
        Property.check(60, random -> {
            Map<String, String> properties = new HashMap<>(Map.of("message.timestamp.after.max.ms", FAR));
            String target = random.pick("producer", "uncompressed", "gzip", "snappy", "lz4", "zstd");
            properties.put("compression.type", target);
            if (target.equals("gzip")) properties.put("compression.gzip.level", random.pick("-1", "1", "9"));
            if (target.equals("lz4")) properties.put("compression.lz4.level", random.pick("1", "17"));
            if (target.equals("zstd")) properties.put("compression.zstd.level", random.pick("-5", "19"));
            Path directory = freshDirectory();
            UnifiedLog theirs = ApacheLog.open(directory, properties, 0, false);
            CrashingDisk disk = disk();
            PartitionLog ours = open(disk, LogConfig.from(properties));
            int sequence = 0;
            for (int i = 0; i < 6; i++) {
                ByteBuffer batch = random(random, sequence);
                ByteBuffer given = copy(batch);
                sequence += BatchHeader.recordCount(batch, 0);
                assertEquals(append(theirs, copy(batch)), append(ours, batch));
                if (target.equals("producer"))
                    assertEquals(given.slice(16, given.limit() - 16), batch.slice(16, batch.limit() - 16));
            }
            theirs.close();
            ours.close();
            ByteBuffer theirFile = ByteBuffer.wrap(Files.readAllBytes(directory.resolve("00000000000000000000.log")));
            ByteBuffer ourFile = ByteBuffer.wrap(
                    disk.contents(LogUnderTest.DIRECTORY).getOrDefault("00000000000000000000.log", new byte[0]));
            int ourAt = 0;
            for (int at = 0; at < theirFile.limit(); at += BatchHeader.sizeBytes(theirFile, at)) {
                assertEquals(BatchHeader.compressionId(theirFile, at), BatchHeader.compressionId(ourFile, ourAt));
                assertEquals(plain(theirFile, at), plain(ourFile, ourAt));
                ourAt += BatchHeader.sizeBytes(ourFile, ourAt);
            }
            assertEquals(ourFile.limit(), ourAt);
        });
    }

    private static ByteBuffer plain(ByteBuffer file, int at) {
        return Recompression.of(file, at, Compression.NONE, 0, DecompressionLimit.DEFAULT);
    }

    @Test
    void largeRecordsOfCompressedBatchesAreRefusedWhereApachesLogRefusesThem() {
        Property.check(60, random -> {
            Map<String, String> properties = Map.of(
                    "message.timestamp.after.max.ms",
                    FAR,
                    "max.decompressed.message.bytes",
                    Integer.toString(random.nextInt(50, 70)),
                    "compression.type",
                    random.pick("producer", "gzip", "uncompressed"));
            UnifiedLog theirs = ApacheLog.open(freshDirectory(), properties, 0, false);
            PartitionLog ours = open(disk(), LogConfig.from(properties));
            for (int i = 0; i < 12; i++) {
                ByteBuffer batch = Batches.of(
                        random.pick(Compression.values()), 1_000, "a", "x".repeat(random.nextInt(35, 65)), "b");
                assertEquals(append(theirs, copy(batch)), append(ours, batch));
            }
            theirs.close();
        });
    }

    @Test
    void noBatchIsLookedIntoWhereNothingAsksForIt() {
        ByteBuffer batch = Batches.of(Compression.ZSTD, 1_000, "a");
        assertFalse(BatchPreparation.isNeeded(batch, LogConfig.DEFAULT));
        assertFalse(BatchPreparation.isNeeded(batch, config("compression.type", "zstd")));
        assertTrue(BatchPreparation.isNeeded(batch, config("compression.type", "uncompressed")));
        assertTrue(BatchPreparation.isNeeded(batch, config("max.decompressed.message.bytes", "1000")));
        assertFalse(
                BatchPreparation.isNeeded(Batches.of(1_000, "a"), config("max.decompressed.message.bytes", "1000")));
        for (int length = 0; length < BatchHeader.HEADER_BYTES; length++)
            assertFalse(BatchPreparation.isNeeded(batch.duplicate().limit(length), config("compression.type", "gzip")));
    }

    @Test
    void whateverIsDoneToABatchItIsRefusedOrGivenBack() {
        LogConfig config = config("compression.type", "lz4", "message.timestamp.after.max.ms", FAR);
        Property.check(300, random -> {
            ByteBuffer batch = random(random, 0);
            ByteBuffer broken = copy(batch);
            int at = random.nextInt(broken.limit());
            broken.put(at, (byte) (broken.get(at) ^ (1 << random.nextInt(8))));
            if (random.nextBoolean()) broken.limit(random.nextInt(broken.limit() + 1));
            if (random.nextBoolean() && broken.limit() == batch.limit())
                broken.putInt(17, (int) BatchHeader.computeCrc(copy(broken).putInt(8, broken.limit() - 12), 0));
            PartitionLog log = open(disk(), config);
            append(log, broken);
            assertTrue(log.logEndOffset() <= 20);
        });
    }

    @Test
    void aBatchThatGrowsBeyondTheLargestMessageIsRefused() {
        PartitionLog log = open(disk(), config("compression.type", "uncompressed", "max.message.bytes", "500"));
        assertEquals("0-0", append(log, Batches.of(Compression.GZIP, 1_000, "x".repeat(300))));
        assertEquals("MESSAGE_TOO_LARGE", append(log, Batches.of(Compression.GZIP, 1_000, "x".repeat(600))));
        assertEquals(1, log.logEndOffset());
    }

    @Test
    void aDuplicateIsKnownThoughItIsPackedAnew() {
        PartitionLog log = open(disk(), config("compression.type", "zstd"));
        assertEquals("0-1", append(log, Batches.of(7, 0, 0, "a", "b")));
        assertEquals("duplicate 0", append(log, Batches.of(7, 0, 0, "a", "b")));
    }

    @Test
    void anOuterDefectIsLeftToTheAppend() {
        LogConfig config = config("compression.type", "gzip");
        ByteBuffer batch = Batches.of(1_000, "a");
        batch.put(batch.limit() - 1, (byte) 9);
        var ready = assertInstanceOf(BatchPreparation.Ready.class, BatchPreparation.of(batch, config));
        assertSame(batch, ready.batch());
    }

    @Test
    void codecsAndLevelsAreCheckedWhenTheyAreConfigured() {
        assertThrows(IllegalArgumentException.class, () -> config("compression.type", "none"));
        assertThrows(IllegalArgumentException.class, () -> config("compression.type", "brotli"));
        assertThrows(
                IllegalArgumentException.class,
                () -> config("compression.type", "gzip", "compression.gzip.level", "10"));
        assertEquals(
                new BrokerCompression(Compression.GZIP, -1),
                config("compression.type", "gzip", "compression.lz4.level", "3").compression());
        assertEquals(
                new BrokerCompression(Compression.LZ4, 3),
                config("compression.type", "lz4", "compression.lz4.level", "3").compression());
    }
}
