package io.millrace.cli.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.records.RecordHeader;
import io.millrace.records.TimestampType;
import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RecordFilterTest {
    private static final ConsumerRecord<byte[], byte[]> ORDER = record(
            "k-1",
            "{\"user\":{\"id\":7,\"name\":\"Ann\",\"vip\":true},\"items\":[{\"n\":1},{\"n\":2.50}],\"odd name\":null}");

    private static byte @Nullable [] bytes(@Nullable String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private static RecordHeader header(String name, String value) {
        return new RecordHeader(name, ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)));
    }

    private static ConsumerRecord<byte[], byte[]> record(@Nullable String key, @Nullable String value) {
        return new ConsumerRecord<>(
                "orders",
                3,
                42,
                0,
                1_767_225_600_000L, // 2026-01-01T00:00:00Z
                TimestampType.CREATE_TIME,
                bytes(key),
                bytes(value),
                List.of(header("trace-id", "old"), header("trace-id", "abc")));
    }

    private static void assertTaken(String expression) {
        assertTrue(RecordFilter.parse(expression).takes(ORDER), expression);
    }

    private static void assertLeft(String expression) {
        assertTrue(!RecordFilter.parse(expression).takes(ORDER), expression);
    }

    @Test
    void fieldsAreComparedWithLiterals() {
        for (String taken : List.of(
                "topic == 'orders'",
                "partition == 3",
                "offset >= 42",
                "offset < 43",
                "key == \"k-1\"",
                "key =~ '^k-\\d$'",
                "key !~ 'x'",
                "value contains 'Ann'",
                "timestamp >= '2026-01-01T00:00:00Z'",
                "timestamp < 1767225600001",
                "header.trace-id == 'abc'",
                "header['trace-id'] contains 'b'",
                "header.none == null")) assertTaken(taken);
        for (String left : List.of(
                "topic == 'order'",
                "partition > 3",
                "key == null",
                "key != 'k-1'",
                "timestamp > '2026-01-01'",
                "header.trace-id == 'old'",
                "header.none contains ''",
                "header.none =~ ''")) assertLeft(left);
    }

    @Test
    void pathsLeadIntoJson() {
        for (String taken : List.of(
                "value.user.id == 7",
                "value.user.id == 7.0",
                "value.user.id != 8",
                "value.user.name =~ 'nn$'",
                "value.user.vip == true",
                "value.items[1].n == 2.5",
                "value['items'][0]['n'] < 2",
                "value['odd name'] == null",
                "value.nothing.here == null",
                "value.items[9] == null",
                "value.items[0] == '{\"n\":1}'",
                "key.no.json == null")) assertTaken(taken);
        for (String left : List.of(
                "value.user.id == 'x'",
                "value.user.name > 3",
                "value.user.name < 3",
                "value.user.vip == false",
                "value.user == 7",
                "value.user.id.deeper == 7")) assertLeft(left);
    }

    @Test
    void andBindsTighterThanOrAndNotTighterThanBoth() {
        assertTaken("partition == 3 or partition == 4 and offset == 0");
        assertLeft("(partition == 3 or partition == 4) and offset == 0");
        assertTaken("not partition == 4 and offset == 42");
        assertLeft("not (partition == 4 or offset == 42)");
        assertTaken("not not partition == 3");
    }

    @Test
    void aTombstoneHasNoValue() {
        var tombstone = record("k", null);
        assertTrue(RecordFilter.parse("value == null").takes(tombstone), "it is null");
        assertTrue(RecordFilter.parse("value.a == null").takes(tombstone), "a path into null is null");
        assertTrue(!RecordFilter.parse("value contains 'a'").takes(tombstone), "it contains nothing");
    }

    @Test
    void whatIsWrongIsSaidWithItsPlace() {
        assertEquals(
                "in 'key = 3' at character 5 there is '= 3'; want an operator: == != < <= > >= =~ !~ or contains",
                refusal("key = 3"));
        assertEquals(
                "in 'key ==' at character 7 it ends; want a number, text in quotes, true, false or null",
                refusal("key =="));
        assertTrue(refusal("keys == 3").startsWith("'keys' is no field"), refusal("keys == 3"));
        assertTrue(refusal("key == 3 offset").contains("want 'and', 'or' or the end"), refusal("key == 3 offset"));
        assertTrue(refusal("(key == 3").contains("want ')'"), refusal("(key == 3"));
        assertTrue(refusal("key =~ '('").startsWith("'(' is no regular expression"), refusal("key =~ '('"));
        assertTrue(refusal("key == 'a").contains("closes the text"), refusal("key == 'a"));
        assertTrue(refusal("header == 'a'").contains("header.NAME"), refusal("header == 'a'"));
        assertTrue(refusal("timestamp > 'soon'").contains("is no moment"), refusal("timestamp > 'soon'"));
        assertTrue(refusal("(".repeat(5_000)).contains("levels"), "depth is bounded");
        assertTrue(refusal("").contains("want a field"), refusal(""));
    }

    private static String refusal(String expression) {
        return String.valueOf(assertThrows(IllegalArgumentException.class, () -> RecordFilter.parse(expression))
                .getMessage());
    }

    @Test
    void noValueOfARecordMakesAFilterFail() {
        RecordFilter filter =
                RecordFilter.parse("value.a[1].b > 3 or value.c contains 'x' or value < 10 or key.z == true");
        Property.check(random -> {
            byte[] value = new byte[random.nextInt(40)];
            String alphabet = "{}[]\":,abc0123.eE-+ntru\\ \u00e4";
            byte[] letters = alphabet.getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < value.length; i++) value[i] = letters[random.nextInt(letters.length)];
            var record = new ConsumerRecord<byte[], byte[]>(
                    "t", 0, 0, 0, 0, TimestampType.CREATE_TIME, value, value, List.of());
            boolean _ = filter.takes(record);
        });
    }

    @Test
    void aPathFindsWhatWasPutThereAmongOtherThings() {
        Property.check(random -> {
            int wanted = random.nextInt(1_000);
            String json = "{\"noise\":[1,{\"id\":-1}],\"id\":" + wanted + ",\"more\":{\"id\":-2}}";
            String wrapped = "{\"a\":[" + "null,".repeat(random.nextInt(4)) + json + "]}";
            int place = wrapped.split("null,", -1).length - 1;
            var record = record("k", wrapped);
            assertTrue(
                    RecordFilter.parse("value.a[" + place + "].id == " + wanted).takes(record), wrapped);
            assertTrue(
                    RecordFilter.parse("value.a[" + (place + 1) + "].id == null")
                            .takes(record),
                    wrapped);
        });
    }
}
