package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerFailure;
import io.millrace.client.consumer.Deserializers;
import io.millrace.client.consumer.RecordView;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Records read where they lie: the same as those that polls make objects of, and gone afterwards. */
class RecordViewTest {
    private static final TopicPartition PARTITION = ScriptedLog.PARTITION;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private ScriptedNode node;
    private ScriptedLog log;

    @BeforeEach
    void start() throws IOException {
        node = new ScriptedNode();
        log = new ScriptedLog(node);
    }

    @AfterEach
    void stop() throws IOException {
        node.close();
    }

    private Consumer<String, String> open(Object... namesAndValues) {
        Consumer<String, String> consumer =
                Consumer.open(log.options(namesAndValues), Deserializers.string(), Deserializers.string());
        consumer.assign(List.of(PARTITION));
        return consumer;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(@Nullable ByteBuffer buffer) {
        return buffer == null ? "none" : StandardCharsets.UTF_8.decode(buffer).toString();
    }

    private static String headers(List<io.millrace.records.RecordHeader> headers) {
        StringBuilder text = new StringBuilder();
        for (var each : headers) {
            ByteBuffer value = each.value();
            text.append(each.key())
                    .append('=')
                    .append(text(value == null ? null : value.duplicate()))
                    .append(' ');
        }
        return text.toString();
    }

    @Test
    void viewsShowWhatPollsMakeObjectsOf() {
        for (int batch = 0; batch < 40; batch++) {
            SimpleRecord[] records = new SimpleRecord[5];
            for (int i = 0; i < records.length; i++) {
                Header[] headers = i % 2 == 0
                        ? new Header[0]
                        : new Header[] {new RecordHeader("h" + i, bytes("v" + i)), new RecordHeader("none", null)};
                records[i] = new SimpleRecord(
                        1_000 + batch,
                        i == 3 ? null : bytes("key " + i),
                        i == 4 ? null : bytes("value " + batch + " " + i),
                        headers);
            }
            Compression codec =
                    batch % 2 == 0 ? Compression.NONE : Compression.gzip().build();
            log.append(MemoryRecords.withRecords(log.endOffset, codec, 1, records), records.length);
        }
        List<String> made = new ArrayList<>();
        try (var consumer = open("max.partition.fetch.bytes", 900)) {
            while (made.size() < log.endOffset) {
                for (var each : consumer.poll(PATIENCE))
                    made.add(each.offset() + " " + each.leaderEpoch() + " " + each.timestamp() + " "
                            + each.timestampType() + " " + (each.key() == null ? "none" : each.key()) + " "
                            + (each.value() == null ? "none" : each.value()) + " " + headers(each.headers()));
            }
        }
        List<String> seen = new ArrayList<>();
        try (var consumer = open("max.partition.fetch.bytes", 900, "max.poll.records", 7)) {
            while (seen.size() < log.endOffset) {
                int before = seen.size();
                int count = consumer.poll(
                        PATIENCE,
                        each -> seen.add(each.offset() + " " + each.leaderEpoch() + " "
                                + each.timestamp() + " " + each.timestampType() + " " + text(each.key()) + " "
                                + text(each.value()) + " " + headers(each.headers())));
                assertEquals(seen.size() - before, count);
                assertTrue(count <= 7, () -> count + " records at once");
                assertEquals(seen.size(), consumer.position(PARTITION));
            }
        }
        assertEquals(made, seen);
    }

    @Test
    void whatAReaderThrowsEndsThePollAndTheRecordComesAgain() {
        log.append(Compression.NONE, "first", "second", "third");
        RuntimeException thrown = new IllegalArgumentException("not now");
        List<String> seen = new ArrayList<>();
        try (var consumer = open("unreadable.records", "skip")) { // Which is about records, not about readers.
            RuntimeException caught = assertThrows(
                    RuntimeException.class,
                    () -> consumer.poll(PATIENCE, each -> {
                        if (each.offset() == 1) throw thrown;
                        seen.add(text(each.value()));
                    }));
            assertSame(thrown, caught);
            assertEquals(1, consumer.position(PARTITION));
            while (seen.size() < 3) consumer.poll(PATIENCE, each -> seen.add(text(each.value())));
        }
        assertEquals(List.of("first", "second", "third"), seen);
    }

    @Test
    void aViewIsGoneBehindItsReaderAndAReaderCannotMoveWhatItReads() {
        log.append(Compression.NONE, "first", "second");
        RecordView[] kept = new RecordView[1];
        try (var consumer = open()) {
            consumer.poll(PATIENCE, each -> {
                kept[0] = each;
                assertNull(each.key());
                assertThrows(IllegalStateException.class, () -> consumer.seek(PARTITION, 0));
                assertThrows(IllegalStateException.class, () -> consumer.poll(Duration.ZERO));
                assertThrows(IllegalStateException.class, consumer::close);
            });
            assertThrows(IllegalStateException.class, kept[0]::value);
            assertThrows(IllegalStateException.class, kept[0]::partition);
            consumer.seek(PARTITION, 1);
            List<String> seen = new ArrayList<>();
            while (seen.isEmpty()) consumer.poll(PATIENCE, each -> seen.add(text(each.value())));
            assertEquals(List.of("second"), seen);
        }
    }

    @Test
    void aDamagedBatchIsToldAfterTheRecordsBeforeIt() {
        log.append(Compression.NONE, "sound");
        log.append(Compression.NONE, "damaged");
        ByteBuffer damaged = log.batches.get(1);
        damaged.put(damaged.limit() - 2, (byte) (damaged.get(damaged.limit() - 2) ^ 1));
        List<String> seen = new ArrayList<>();
        try (var consumer = open()) {
            while (seen.isEmpty()) consumer.poll(PATIENCE, each -> seen.add(text(each.value())));
            ConsumerFailure told =
                    assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE, each -> seen.add("more")));
            assertEquals(ErrorCode.CORRUPT_MESSAGE, told.error());
            assertEquals(1, told.offset());
        }
        assertEquals(List.of("sound"), seen);
    }
}
