package io.millrace.cli.dump;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.host.HostDisk;
import io.millrace.protocol.CoordinatorRecordFrame;
import io.millrace.protocol.MetadataRecordFrame;
import io.millrace.protocol.messages.FeatureLevelRecord;
import io.millrace.protocol.messages.OffsetCommitKey;
import io.millrace.protocol.messages.OffsetCommitValue;
import io.millrace.raft.run.SnapshotFiles;
import io.millrace.raft.run.SnapshotWriter;
import io.millrace.records.BatchBuilder;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import io.millrace.records.RecordHeader;
import io.millrace.records.TimestampType;
import io.millrace.records.TopicPartition;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.AppendOutcome;
import io.millrace.storage.LogConfig;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ProducerStateConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class DumpCommandTest {
    private static final long TIME_MS = 1_790_000_000_000L;

    @TempDir
    private Path temp;

    private String out = "";
    private String err = "";

    @Test
    void batchesAreShownInKafkasWords() throws IOException {
        Path segment = segment("orders", data(Compression.GZIP, "key", "value"));

        assertEquals(0, run(segment.toString()), () -> err);

        assertTrue(
                out.contains("baseOffset: 0 lastOffset: 0 count: 1 baseSequence: 7 lastSequence: 7 producerId: 99"
                        + " producerEpoch: 2 partitionLeaderEpoch: 5 isTransactional: false isControl: false"),
                out);
        assertTrue(out.contains("compression: gzip"), out);
        assertTrue(out.contains("isValid: true"), out);
        assertFalse(out.contains("| "), out);
    }

    @Test
    void recordsAndTheirDataAreShownOnRequest() throws IOException {
        Path segment = segment("orders", data(Compression.ZSTD, "key", "value"));

        run("--deep", segment.toString());
        assertTrue(out.contains("| offset: 0 createTime: " + TIME_MS + " keySize: 3 valueSize: 5 sequence: 7"), out);
        assertTrue(out.contains("headers: {\"trace\":\"1\"}"), out);
        assertFalse(out.contains("key: key"), out);
        run("--print-data", segment.toString());
        assertTrue(out.contains("key: key payload: value"), out);
    }

    @Test
    void bytesThatAreNotTextAndControlCharactersAreMadeHarmless() throws IOException {
        BatchBuilder batch = builder(Compression.NONE);
        batch.append(TIME_MS, ByteBuffer.wrap(new byte[] {(byte) 0xff, 1}), text("\u001b[31mred"), List.of());
        Path segment = segment("orders", batch.build());

        run("--print-data", segment.toString());

        assertTrue(out.contains("{\"base64\":\"/wE=\"}"), out);
        assertTrue(out.contains("\"\\u001b[31mred\""), out);
        assertFalse(out.contains("\u001b"), out);
    }

    @Test
    void jsonIsOneObjectPerLine() throws IOException {
        Path segment = segment("orders", data(Compression.NONE, "k", "v\"\n"));

        run("--json", "--print-data", segment.toString());

        List<String> lines = out.lines().toList();
        assertEquals(3, lines.size());
        assertTrue(lines.get(1).startsWith("{\"file\":\"" + segment + "\",\"kind\":\"batch\",\"baseOffset\":0,"), out);
        assertTrue(lines.get(2).endsWith("\"key\":\"k\",\"payload\":\"v\\\"\\n\"}"), out);
    }

    @Test
    void metadataRecordsAreDecoded() throws IOException {
        Path directory = temp.resolve("__cluster_metadata-0");
        Files.createDirectories(directory);
        ByteBuffer feature = MetadataRecordFrame.write(
                FeatureLevelRecord.builder()
                        .name("metadata.version")
                        .featureLevel((short) 33)
                        .build(),
                0);
        new SnapshotWriter(new HostDisk(), directory)
                .write(SnapshotFiles.BOOTSTRAP, 5, SnapshotWriter.QuorumInfo.STATIC, TIME_MS, List.of(feature));

        assertEquals(0, run(directory.toString()), () -> err);

        assertTrue(out.contains("endOffset: 0 epoch: 0"), out);
        assertTrue(out.contains("SnapshotHeader: {\"version\":0,\"lastContainedLogTimestamp\":5}"), out);
        assertTrue(
                out.contains("payload: {\"type\":\"FEATURE_LEVEL_RECORD\",\"version\":0,"
                        + "\"data\":{\"name\":\"metadata.version\",\"featureLevel\":33}}"),
                out);
        assertTrue(out.contains("SnapshotFooter: {\"version\":0}"), out);
    }

    @Test
    void committedOffsetsAreDecodedByTheirDirectorysName() throws IOException {
        BatchBuilder batch = builder(Compression.NONE);
        OffsetCommitKey key = OffsetCommitKey.builder()
                .group("billing")
                .topic("orders")
                .partition(3)
                .build();
        OffsetCommitValue value = OffsetCommitValue.builder().offset(42).build();
        ByteBuffer keyBytes = CoordinatorRecordFrame.writeKey(key);
        batch.append(TIME_MS, keyBytes, CoordinatorRecordFrame.writeValue(value, 3), List.of());
        batch.append(TIME_MS, keyBytes, null, List.of());
        Path segment = segment("__consumer_offsets", batch.build());

        run("--json", segment.toString());

        assertTrue(
                out.contains("\"key\":{\"type\":\"OFFSET_COMMIT\",\"data\":{\"group\":\"billing\",\"topic\":\"orders\","
                        + "\"partition\":3}}"),
                out);
        assertTrue(out.contains("\"payload\":{\"version\":3,\"data\":{\"offset\":42,"), out);
        assertTrue(out.contains("\"payload\":null"), out);
    }

    @Test
    void recordsThatCannotBeDecodedSayWhy() throws IOException {
        Path segment = segment("orders", data(Compression.NONE, "key", "value"));

        assertEquals(0, run("--decode", "metadata", "--print-data", segment.toString()), () -> err);

        assertTrue(out.contains("undecodable: "), out);
        assertTrue(out.contains("payload: value"), out);
    }

    @Test
    void transactionMarkersAndAbortedTransactionsAreShown() throws IOException {
        BatchBuilder inTransaction =
                new BatchBuilder(Compression.NONE, 0, TimestampType.CREATE_TIME, 0, 99, (short) 2, 0, 5, true, false);
        inTransaction.append(TIME_MS, text("k"), text("v"), List.of());
        Path directory = temp.resolve("orders-0");
        PartitionLog log = openLog(directory, "orders");
        append(log, inTransaction.build(), AppendOrigin.CLIENT);
        append(
                log,
                ControlRecords.endTransactionBatch(
                        1, 5, TIME_MS, 99, (short) 2, new ControlRecord.EndTransaction(false, 11)),
                AppendOrigin.COORDINATOR);
        log.close();

        assertEquals(0, run("--deep", directory.toString()), () -> err);

        assertTrue(out.contains("endTxnMarker: ABORT coordinatorEpoch: 11"), out);
        assertTrue(out.contains("producerId: 99 firstOffset: 0 lastOffset: 1 lastStableOffset: 2"), out);
        assertTrue(out.contains("producerId: 99 producerEpoch: 2 coordinatorEpoch: 11 currentTxnFirstOffset: -1"), out);
        assertTrue(out.contains("epoch: 5 startOffset: 0"), out);
    }

    @Test
    void indexesAreShown() throws IOException {
        Path directory = temp.resolve("orders-0");
        PartitionLog log = openLog(directory, "orders");
        for (int i = 0; i < 20; i++) {
            BatchBuilder batch = builderWithoutProducer();
            batch.append(TIME_MS + i, text("k"), ByteBuffer.allocate(1000), List.of());
            append(log, batch.build(), AppendOrigin.CLIENT);
        }
        log.close();

        run(directory.resolve("00000000000000000000.index").toString());
        assertTrue(out.matches("(?s)Dumping .*\noffset: \\d+ position: \\d+\n.*"), out);
        run(directory.resolve("00000000000000000000.timeindex").toString());
        assertTrue(out.contains("timestamp: " + (TIME_MS + 19) + " offset: 19"), out);
    }

    @Test
    void aTornTailIsNamedAndEndsWithOne() throws IOException {
        Path segment = segment("orders", data(Compression.NONE, "key", "value"));
        byte[] whole = Files.readAllBytes(segment);
        for (int cut : List.of(1, 11, 12, 60, 61, whole.length - 1)) {
            byte[] torn = java.util.Arrays.copyOf(whole, whole.length + cut);
            System.arraycopy(whole, 0, torn, whole.length, cut);
            Files.write(segment, torn);

            assertEquals(1, run(segment.toString()), "cut " + cut);
            assertTrue(out.contains("isValid: true"), out);
            assertTrue(out.contains("position: " + whole.length + " error: the last " + cut + " bytes"), out);
        }
    }

    @Test
    void aBatchWithAWrongChecksumIsShownAsSuchAndTheNextOneToo() throws IOException {
        Path segment = segment("orders", data(Compression.NONE, "a", "first"), data(Compression.NONE, "b", "second"));
        byte[] bytes = Files.readAllBytes(segment);
        bytes[65] ^= 1;
        Files.write(segment, bytes);

        assertEquals(1, run("--print-data", segment.toString()));

        assertTrue(out.contains("isValid: false error: "), out);
        assertFalse(out.contains("first"), out);
        assertTrue(out.contains("payload: second"), out);
    }

    @Test
    void whatIsNoLogFileIsRefusedInOneSentence() throws IOException {
        Path file = temp.resolve("notes.txt");
        Files.writeString(file, "hello");

        assertEquals(1, run(file.toString()));
        assertEquals(1, err.lines().count(), err);
        assertEquals(1, run(temp.resolve("none.log").toString()));
        assertTrue(err.contains("none.log does not exist"), err);
        assertEquals(2, run("--decode", "nonsense", file.toString()));
    }

    @Test
    void everyKindOfCheckpointIsShown() throws IOException {
        Path checkpoint = temp.resolve("recovery-point-offset-checkpoint");
        Files.writeString(checkpoint, "0\n1\norders 3 42\n");

        assertEquals(0, run(checkpoint.toString()), () -> err);

        assertTrue(out.contains("topic: orders partition: 3 offset: 42"), out);
    }

    private int run(String... arguments) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        int exitCode = new CommandLine(new DumpCommand())
                .setOut(new PrintWriter(outText))
                .setErr(new PrintWriter(errText))
                .execute(arguments);
        out = outText.toString();
        err = errText.toString();
        return exitCode;
    }

    private Path segment(String topic, ByteBuffer... batches) throws IOException {
        Path directory = temp.resolve(topic + "-0");
        PartitionLog log = openLog(directory, topic);
        for (ByteBuffer batch : batches) append(log, batch, AppendOrigin.REPLICATION);
        log.close();
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static PartitionLog openLog(Path directory, String topic) throws IOException {
        Files.createDirectories(directory);
        return PartitionLog.open(
                new HostDisk(),
                directory,
                new TopicPartition(topic, 0),
                null,
                LogConfig.from(Map.of("message.timestamp.after.max.ms", Long.toString(Long.MAX_VALUE))),
                ProducerStateConfig.DEFAULT,
                0,
                0,
                true,
                TIME_MS);
    }

    private static void append(PartitionLog log, ByteBuffer batch, AppendOrigin origin) {
        if (origin == AppendOrigin.REPLICATION) BatchHeader.setBaseOffset(batch, 0, log.logEndOffset());
        AppendOutcome outcome = log.append(batch, origin, 5, TIME_MS, 0);
        assertTrue(outcome instanceof AppendOutcome.Appended, outcome::toString);
    }

    private static ByteBuffer data(Compression compression, String key, String value) {
        BatchBuilder batch = builder(compression);
        batch.append(TIME_MS, text(key), text(value), List.of(new RecordHeader("trace", text("1"))));
        return batch.build();
    }

    private static BatchBuilder builder(Compression compression) {
        return new BatchBuilder(
                compression,
                compression.defaultLevel(),
                TimestampType.CREATE_TIME,
                0,
                99,
                (short) 2,
                7,
                5,
                false,
                false);
    }

    private static BatchBuilder builderWithoutProducer() {
        return new BatchBuilder(Compression.NONE, 0, TimestampType.CREATE_TIME, 0, -1, (short) -1, -1, 5, false, false);
    }

    private static ByteBuffer text(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
