package io.millrace.cli.produce;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.records.RecordHeader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Each line is an object: {@code {"key": ..., "value": ..., "headers": {"name": ...}, "partition": 0, "timestamp": 0}}, all of
 * them optional. A text stands for its bytes in UTF-8, null for nothing, and anything else for itself as JSON, its numbers as they
 * are written. What {@code millrace consume --json} prints can be read: {@code keyBase64}, {@code valueBase64} and {@code
 * headersBase64} are bytes, a list is a header that repeats, {@code topic} and {@code offset} say where a record came from and are
 * passed over.
 */
final class JsonLines implements LineFormat {
    private final JsonFactory json = new JsonFactory();
    private final Common common;

    JsonLines(Common common) {
        this.common = common;
    }

    @Override
    public ProducerRecord<byte[], byte[]> record(byte[] line) {
        try (JsonParser parser = json.createParser(line)) {
            return record(parser);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("it is no JSON: " + withoutSource(e.getOriginalMessage()), e);
        } catch (IOException e) {
            throw new UncheckedIOException("memory cannot be read", e);
        }
    }

    private ProducerRecord<byte[], byte[]> record(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) throw new IllegalArgumentException("it is no JSON object");
        byte[] key = null;
        byte[] value = null;
        int partition = common.partition();
        long timestamp = ProducerRecord.NOW;
        List<RecordHeader> headers = new ArrayList<>(common.headers());
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            parser.nextToken();
            switch (field) {
                case "key" -> key = bytes(parser);
                case "keyBase64" -> key = decoded(parser, field);
                case "value" -> value = bytes(parser);
                case "valueBase64" -> value = decoded(parser, field);
                case "partition" -> partition = (int) number(parser, field, Integer.MAX_VALUE);
                case "timestamp" -> timestamp = number(parser, field, Long.MAX_VALUE);
                case "headers" -> addHeaders(parser, field, headers, this::bytes);
                case "headersBase64" -> addHeaders(parser, field, headers, each -> decoded(each, field));
                case "topic", "offset" -> parser.skipChildren();
                default ->
                    throw new IllegalArgumentException(
                            "'" + field
                                    + "' is none of key, value, headers, partition, timestamp, nor of what consume --json prints");
            }
        }
        if (parser.nextToken() != null) throw new IllegalArgumentException("there is more than one JSON object");
        return new ProducerRecord<>(common.topic(), partition, timestamp, key, value, headers);
    }

    private static long number(JsonParser parser, String field, long most) throws IOException {
        boolean isNumber = parser.currentToken() == JsonToken.VALUE_NUMBER_INT;
        long number = isNumber ? parser.getLongValue() : -1;
        if (number < 0 || number > most)
            throw new IllegalArgumentException("'" + field + "' is no number from 0 to " + most);
        return number;
    }

    /** What a value of a header stands for. */
    @FunctionalInterface
    private interface HeaderBytes {
        byte @Nullable [] of(JsonParser parser) throws IOException;
    }

    private static void addHeaders(JsonParser parser, String field, List<RecordHeader> headers, HeaderBytes bytes)
            throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw new IllegalArgumentException("'" + field + "' is no JSON object");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            if (parser.nextToken() != JsonToken.START_ARRAY) {
                headers.add(header(name, bytes.of(parser)));
                continue;
            }
            for (JsonToken each = parser.nextToken(); each != JsonToken.END_ARRAY; each = parser.nextToken()) {
                headers.add(header(name, bytes.of(parser)));
            }
        }
    }

    private static RecordHeader header(String name, byte @Nullable [] value) {
        return new RecordHeader(name, value == null ? null : ByteBuffer.wrap(value));
    }

    private static byte @Nullable [] decoded(JsonParser parser, String field) throws IOException {
        return switch (parser.currentToken()) {
            case VALUE_NULL -> null;
            case VALUE_STRING -> {
                try {
                    yield Base64.getDecoder().decode(parser.getText());
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException("'" + field + "' is no base64: " + e.getMessage(), e);
                }
            }
            default -> throw new IllegalArgumentException("'" + field + "' is no text in base64");
        };
    }

    /** The parser says where an unfinished object began in a source that it does not show. */
    private static String withoutSource(String message) {
        int at = message.indexOf(" (start marker");
        return at < 0 ? message : message.substring(0, at);
    }

    private byte @Nullable [] bytes(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case VALUE_NULL -> null;
            case VALUE_STRING -> parser.getText().getBytes(StandardCharsets.UTF_8);
            default -> {
                ByteArrayOutputStream copy = new ByteArrayOutputStream();
                try (var out = json.createGenerator(copy)) {
                    copy(parser, out);
                }
                yield copy.toByteArray();
            }
        };
    }

    /** Copies the value the parser is at, with numbers in the characters they are written in. */
    private static void copy(JsonParser from, JsonGenerator to) throws IOException {
        int depth = 0;
        while (true) {
            JsonToken token = from.currentToken();
            if (token.isNumeric()) to.writeNumber(from.getText());
            else to.copyCurrentEvent(from);
            if (token.isStructStart()) depth++;
            if (token.isStructEnd()) depth--;
            if (depth == 0) return;
            from.nextToken();
        }
    }
}
