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
 * in base64, under {@code keyBase64}, {@code valueBase64} and {@code headersBase64}; the values of a header that repeats are a list.
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
        putHeaders(fields, record.headers());
        out.write(JsonText.of(fields).getBytes(StandardCharsets.UTF_8));
        out.write('\n');
    }

    private static void put(Map<String, @Nullable Object> fields, String name, byte @Nullable [] bytes) {
        String text = bytes == null ? null : textOf(bytes);
        if (bytes == null || text != null) fields.put(name, text);
        else fields.put(name + "Base64", Base64.getEncoder().encodeToString(bytes));
    }

    /** Null if they are no text. */
    private static @Nullable String textOf(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    /** All values of a name are told in one way, so that they keep their order; names whose values are texts come first. */
    private static void putHeaders(Map<String, @Nullable Object> fields, List<RecordHeader> headers) {
        Map<String, List<byte @Nullable []>> byName = new LinkedHashMap<>();
        for (RecordHeader each : headers) {
            ByteBuffer value = each.value();
            byName.computeIfAbsent(each.key(), name -> new ArrayList<>())
                    .add(value == null ? null : PatternText.bytesOf(value));
        }
        Map<String, @Nullable Object> texts = new LinkedHashMap<>();
        Map<String, @Nullable Object> others = new LinkedHashMap<>();
        byName.forEach((name, values) -> {
            boolean areTexts = values.stream().allMatch(each -> each == null || textOf(each) != null);
            List<@Nullable String> told = new ArrayList<>();
            for (byte[] each : values) {
                if (each == null) told.add(null);
                else told.add(areTexts ? textOf(each) : Base64.getEncoder().encodeToString(each));
            }
            (areTexts ? texts : others).put(name, told.size() == 1 ? told.getFirst() : told);
        });
        if (!texts.isEmpty()) fields.put("headers", texts);
        if (!others.isEmpty()) fields.put("headersBase64", others);
    }
}
