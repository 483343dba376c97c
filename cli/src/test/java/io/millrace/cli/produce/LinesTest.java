package io.millrace.cli.produce;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.cli.consume.JsonRecordText;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.records.RecordHeader;
import io.millrace.records.TimestampType;
import io.millrace.testkit.Property;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LinesTest {
    private static final LineFormat.Common COMMON = new LineFormat.Common("orders", -1, List.of());

    @Test
    void linesComeBackHoweverTheStreamIsCut() {
        Property.check(random -> {
            List<byte[]> lines = new ArrayList<>();
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (int count = random.nextInt(30); count > 0; count--) {
                byte[] line = random.bytes(random.pick(0, 1, 50, 100_000));
                for (int i = 0; i < line.length; i++) if (line[i] == '\n' || line[i] == '\r') line[i] = ' ';
                lines.add(line);
                all.writeBytes(line);
                all.writeBytes(random.pick("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
            }
            InputStream in = new ByteArrayInputStream(all.toByteArray()) {
                @Override
                public int read(byte[] into, int at, int length) {
                    return super.read(into, at, Math.min(length, 1 + random.nextInt(70_000)));
                }
            };
            LineReader reader = new LineReader(in, "test", 1 << 20);
            for (byte[] line : lines) assertArrayEquals(line, reader.next());
            assertNull(reader.next());
            assertEquals("test:" + lines.size(), reader.place());
        });
    }

    @Test
    void theLastLineNeedsNoEndAndALongOneIsRefused() throws IOException {
        LineReader reader = new LineReader(new ByteArrayInputStream(new byte[] {'a', '\n', 'b'}), "test", 100);
        assertArrayEquals(new byte[] {'a'}, reader.next());
        assertArrayEquals(new byte[] {'b'}, reader.next());
        assertNull(reader.next());
        LineReader tooLong = new LineReader(new ByteArrayInputStream(new byte[300_000]), "test", 1_000);
        assertEquals(
                "test:1: the line has more than 1000 bytes",
                assertThrows(IOException.class, tooLong::next).getMessage());
    }

    private static ProducerRecord<byte[], byte[]> record(LineFormat format, String line) {
        return format.record(line.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(byte @Nullable [] bytes) {
        return bytes == null ? "null" : new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    void aSeparatorDividesKeyAndValue() {
        LineFormat format = LineFormat.plain(COMMON, "::", "NIL");
        ProducerRecord<byte[], byte[]> both = record(format, "a::b::c");
        assertEquals("a", text(both.key()));
        assertEquals("b::c", text(both.value()));
        assertNull(record(format, "a::NIL").value());
        assertEquals(
                "there is no '::' after a key",
                assertThrows(IllegalArgumentException.class, () -> record(format, "a:b"))
                        .getMessage());
    }

    @Test
    void aJsonLineIsAnObjectOfKnownFields() {
        LineFormat format = new JsonLines(COMMON);
        ProducerRecord<byte[], byte[]> record =
                record(format, "{\"value\":[1, {\"x\":null}],\"timestamp\":5,\"headers\":{\"a\":\"b\"}}");
        assertEquals("[1,{\"x\":null}]", text(record.value()));
        assertNull(record.key());
        assertEquals(5, record.timestamp());
        assertEquals("a", record.headers().getFirst().key());
        for (String wrong :
                List.of("", "[]", "{\"valu\":1}", "{} {}", "{\"partition\":-1}", "{\"partition\":\"1\"}", "{"))
            assertThrows(IllegalArgumentException.class, () -> record(format, wrong), wrong);
    }

    @Test
    void numbersOfAJsonValueStayAsTheyAreWritten() {
        LineFormat format = new JsonLines(COMMON);
        for (String number : List.of("12345678901234567890.10", "2.50", "1e3", "-0.0", "1234567890123456789012345"))
            assertEquals(
                    "[" + number + "]",
                    text(record(format, "{\"value\": [" + number + "]}").value()));
    }

    @Test
    void whatIsWrongWithAJsonLineIsSaidWithoutTheParsersOwnWords() {
        String said = assertThrows(
                        IllegalArgumentException.class, () -> record(new JsonLines(COMMON), "{\"value\":\"ok\""))
                .getMessage();
        assertEquals("it is no JSON: Unexpected end-of-input: expected close marker for Object", said);
    }

    @Test
    void whatConsumePrintsAsJsonIsSentAsItWas() throws IOException {
        byte[] noText = {(byte) 0xff, 0, 1};
        List<RecordHeader> headers = List.of(
                new RecordHeader("a", ByteBuffer.wrap(new byte[] {'x'})),
                new RecordHeader("a", null),
                new RecordHeader("c", ByteBuffer.wrap(new byte[0])),
                new RecordHeader("b", ByteBuffer.wrap(noText)),
                new RecordHeader("b", ByteBuffer.wrap(new byte[] {'y'})));
        for (byte[] bytes : new byte[][] {noText, {'t'}, {}, null}) {
            var read = new ConsumerRecord<>("orders", 2, 9, 0, 5, TimestampType.CREATE_TIME, bytes, bytes, headers);
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            new JsonRecordText().write(read, line);
            ProducerRecord<byte[], byte[]> record = new JsonLines(COMMON).record(line.toByteArray());
            assertArrayEquals(bytes, record.key());
            assertArrayEquals(bytes, record.value());
            assertEquals(2, record.partition());
            assertEquals(5, record.timestamp());
            assertEquals(headers, record.headers());
        }
    }
}
