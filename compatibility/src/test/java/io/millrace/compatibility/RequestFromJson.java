package io.millrace.compatibility;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;

/**
 * Makes requests of the official classes from JSON that says only what differs from the schema's defaults.
 *
 * <p>Bytes are text in quotes. Records are an object: {@code values} (texts, or null), {@code codec}, {@code timestampMs},
 * {@code producerId}, {@code epoch}, {@code sequence}, and {@code damage}: {@code crc}, {@code magic}, {@code length},
 * {@code tail} or {@code count}.
 */
final class RequestFromJson {
    private RequestFromJson() {}

    /** A request of this API, for example {@code Metadata}. */
    static ApiMessage request(String api, JsonNode json) throws ReflectiveOperationException {
        ApiMessageType type = Arrays.stream(ApiMessageType.values())
                .filter(candidate -> candidate.name.equals(api))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no API is called " + api));
        return (ApiMessage) fill(type.newRequest(), json);
    }

    private static Object fill(Object message, JsonNode json) throws ReflectiveOperationException {
        for (Map.Entry<String, JsonNode> field : json.properties()) {
            String name = field.getKey();
            String setterName = "set" + name.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + name.substring(1);
            Method setter = Arrays.stream(message.getClass().getMethods())
                    .filter(method -> method.getName().equals(setterName))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(message.getClass() + " has no field " + name));
            setter.invoke(message, value(setter.getGenericParameterTypes()[0], field.getValue()));
        }
        return message;
    }

    private static Object value(Type type, JsonNode json) throws ReflectiveOperationException {
        if (json.isNull()) return null;
        if (type == BaseRecords.class) return records(json);
        if (type == String.class) return json.asText();
        if (type == int.class || type == Integer.class) return json.asInt();
        if (type == long.class || type == Long.class) return json.asLong();
        if (type == short.class || type == Short.class) return (short) json.asInt();
        if (type == byte.class || type == Byte.class) return (byte) json.asInt();
        if (type == boolean.class || type == Boolean.class) return json.asBoolean();
        if (type == byte[].class) return json.asText().getBytes(StandardCharsets.UTF_8);
        if (type == Uuid.class) return Uuid.fromString(json.asText());
        if (type instanceof ParameterizedType list) {
            var elements = new ArrayList<Object>();
            for (JsonNode element : json) elements.add(value(list.getActualTypeArguments()[0], element));
            return elements;
        }
        var structure = (Class<?>) type;
        if (Collection.class.isAssignableFrom(structure)) {
            Object collection = structure.getConstructor().newInstance();
            Type elementType = ((ParameterizedType) structure.getGenericSuperclass()).getActualTypeArguments()[0];
            Method add = structure.getMethod(
                    "mustAdd", org.apache.kafka.common.utils.internals.ImplicitLinkedHashCollection.Element.class);
            for (JsonNode element : json) add.invoke(collection, value(elementType, element));
            return collection;
        }
        return fill(structure.getConstructor().newInstance(), json);
    }

    private static MemoryRecords records(JsonNode json) {
        var records = new ArrayList<SimpleRecord>();
        long timestampMs = json.path("timestampMs").asLong(1_700_000_000_000L);
        for (JsonNode value : json.path("values")) {
            byte[] bytes = value.isNull() ? null : value.asText().getBytes(StandardCharsets.UTF_8);
            byte[] key = json.has("key") ? json.path("key").asText().getBytes(StandardCharsets.UTF_8) : null;
            records.add(new SimpleRecord(timestampMs, key, bytes));
        }
        MemoryRecords batch = MemoryRecords.withRecords(
                (byte) json.path("format").asInt(RecordBatch.MAGIC_VALUE_V2),
                0,
                Compression.of(CompressionType.forName(json.path("codec").asText("none")))
                        .build(),
                TimestampType.CREATE_TIME,
                json.path("producerId").asLong(-1),
                (short) json.path("epoch").asInt(-1),
                json.path("sequence").asInt(-1),
                RecordBatch.NO_PARTITION_LEADER_EPOCH,
                false,
                records.toArray(SimpleRecord[]::new));
        return damaged(batch.buffer(), json.path("damage").asText(""));
    }

    /** Places in a batch of format 2: length at 8, magic at 16, CRC at 17, record count at 57. */
    private static MemoryRecords damaged(ByteBuffer original, String damage) {
        var batch = ByteBuffer.allocate(original.remaining());
        batch.put(original.duplicate()).flip();
        switch (damage) {
            case "" -> {}
            case "crc" -> batch.putInt(17, batch.getInt(17) ^ 1);
            case "magic" -> batch.put(16, (byte) 7);
            case "length" -> batch.putInt(8, 1_000_000);
            case "tail" -> batch.limit(batch.limit() - 1);
            case "count" -> {
                batch.putInt(57, 77);
                var crc = new java.util.zip.CRC32C();
                crc.update(batch.duplicate().position(21));
                batch.putInt(17, (int) crc.getValue());
            }
            default -> throw new IllegalArgumentException("no damage is called " + damage);
        }
        return MemoryRecords.readableRecords(batch);
    }
}
