package io.millrace.cli.filter;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.records.RecordHeader;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Something that a record has: text, a number, a truth value, or nothing. */
@FunctionalInterface
interface RecordField {
    /** The bytes of a record's key. */
    Bytes KEY = ConsumerRecord::key;

    /** The bytes of a record's value. */
    Bytes VALUE = ConsumerRecord::value;

    /** Part of a record. */
    @FunctionalInterface
    interface Bytes {
        byte @Nullable [] of(ConsumerRecord<byte[], byte[]> record);
    }

    /** A {@link String}, {@link java.math.BigDecimal} or {@link Boolean}, or null. */
    @Nullable
    Object of(ConsumerRecord<byte[], byte[]> record);

    /** Bytes as text in UTF-8. */
    static RecordField text(Bytes bytes) {
        return record -> {
            byte[] there = bytes.of(record);
            return there == null ? null : new String(there, StandardCharsets.UTF_8);
        };
    }

    /** The last header of that name, as text. */
    static RecordField header(String name) {
        return record -> {
            List<RecordHeader> headers = record.headers();
            for (int i = headers.size() - 1; i >= 0; i--) {
                if (!headers.get(i).key().equals(name)) continue;
                ByteBuffer value = headers.get(i).value();
                return value == null
                        ? null
                        : StandardCharsets.UTF_8.decode(value.duplicate()).toString();
            }
            return null;
        };
    }

    /**
     * What a path leads to in a JSON text; null if it leads nowhere, or the bytes are no JSON up to there.
     *
     * @param path names as text, places in arrays as numbers
     */
    static RecordField json(Bytes bytes, List<Object> path) {
        JsonFactory json = new JsonFactory();
        List<Object> steps = List.copyOf(path);
        return record -> {
            byte[] there = bytes.of(record);
            if (there == null) return null;
            try (JsonParser parser = json.createParser(there)) {
                parser.nextToken();
                for (Object step : steps) if (!go(parser, step)) return null;
                return found(json, parser);
            } catch (IOException noJson) { // A topic may hold all kinds of records.
                return null;
            }
        };
    }

    private static boolean go(JsonParser parser, Object step) throws IOException {
        if (step instanceof Integer place) {
            if (parser.currentToken() != JsonToken.START_ARRAY) return false;
            for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
                if (parser.currentToken() == null) return false;
                if (i == place) return true;
                parser.skipChildren();
            }
            return false;
        }
        if (parser.currentToken() != JsonToken.START_OBJECT) return false;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            boolean isIt = parser.currentName().equals(step);
            parser.nextToken();
            if (isIt) return true;
            parser.skipChildren();
        }
        return false;
    }

    private static @Nullable Object found(JsonFactory json, JsonParser parser) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == null) return null;
        return switch (token) {
            case VALUE_STRING -> parser.getText();
            // A number too long to be one is compared as text.
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
                Object number = FilterScanner.asNumber(parser.getText());
                yield number == null ? parser.getText() : number;
            }
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case START_OBJECT, START_ARRAY -> {
                StringWriter text = new StringWriter();
                try (JsonGenerator out = json.createGenerator(text)) {
                    out.copyCurrentStructure(parser);
                }
                yield text.toString();
            }
            default -> null;
        };
    }
}
