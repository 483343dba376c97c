package io.millrace.cli.produce;

import com.fasterxml.jackson.core.JsonFactory;
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
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Each line is an object: {@code {"key": ..., "value": ..., "headers": {"name": ...}, "partition": 0, "timestamp": 0}}, all of
 * them optional. A text stands for its bytes in UTF-8, null for nothing, and anything else for itself as JSON.
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
            throw new IllegalArgumentException("it is no JSON: " + e.getOriginalMessage(), e);
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
                case "value" -> value = bytes(parser);
                case "partition" -> partition = (int) number(parser, field, Integer.MAX_VALUE);
                case "timestamp" -> timestamp = number(parser, field, Long.MAX_VALUE);
                case "headers" -> addHeaders(parser, headers);
                default ->
                    throw new IllegalArgumentException(
                            "'" + field + "' is none of key, value, headers, partition, timestamp");
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

    private void addHeaders(JsonParser parser, List<RecordHeader> headers) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw new IllegalArgumentException("'headers' is no JSON object");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            byte[] value = bytes(parser);
            headers.add(new RecordHeader(name, value == null ? null : ByteBuffer.wrap(value)));
        }
    }

    private byte @Nullable [] bytes(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case VALUE_NULL -> null;
            case VALUE_STRING -> parser.getText().getBytes(StandardCharsets.UTF_8);
            default -> {
                ByteArrayOutputStream copy = new ByteArrayOutputStream();
                try (var out = json.createGenerator(copy)) {
                    out.copyCurrentStructure(parser);
                }
                yield copy.toByteArray();
            }
        };
    }
}
