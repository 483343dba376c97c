package io.millrace.cli.consume;

import io.millrace.cli.terminal.JsonText;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.records.RecordHeader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A record as a JSON object on one line, with the names that {@code millrace produce --json} reads. Bytes that are no UTF-8 are told
 * in base64, under {@code keyBase64} and {@code valueBase64}; the values of a header that repeats are a list.
 */
public final class JsonRecordText implements RecordText {
    /** Has no choices. */
    public JsonRecordText() {}

    @Override
    public void write(ConsumerRecord<byte[], byte[]> record, OutputStream out) throws IOException {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("topic", record.topic());
        fields.put("partition", record.partition());
        fields.put("offset", record.offset());
        fields.put("timestamp", record.timestamp());
        put(fields, "key", record.key());
        put(fields, "value", record.value());
        if (!record.headers().isEmpty()) fields.put("headers", headers(record.headers()));
        out.write(JsonText.of(fields).getBytes(StandardCharsets.UTF_8));
        out.write('\n');
    }

    private static void put(Map<String, @Nullable Object> fields, String name, byte @Nullable [] bytes) {
        if (bytes == null) {
            fields.put(name, null);
            return;
        }
        try {
            fields.put(
                    name,
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(bytes))
                            .toString());
        } catch (CharacterCodingException e) {
            fields.put(name + "Base64", Base64.getEncoder().encodeToString(bytes)); // It is no text.
        }
    }

    private static Map<String, @Nullable Object> headers(List<RecordHeader> headers) {
        Map<String, List<@Nullable String>> byName = new LinkedHashMap<>();
        for (RecordHeader each : headers) {
            ByteBuffer value = each.value();
            byName.computeIfAbsent(each.key(), name -> new ArrayList<>())
                    .add(value == null ? null : new String(PatternText.bytesOf(value), StandardCharsets.UTF_8));
        }
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        byName.forEach((name, values) -> all.put(name, values.size() == 1 ? values.getFirst() : values));
        return all;
    }
}
