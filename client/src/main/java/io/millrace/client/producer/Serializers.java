package io.millrace.client.producer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** The usual serializers, with the same bytes as Kafka's. All make no bytes of null. */
public final class Serializers {
    private Serializers() {}

    /** The bytes themselves, which are not copied before they are written into their batch. */
    public static Serializer<byte[]> bytes() {
        return (topic, headers, data) -> data;
    }

    /** UTF-8. */
    public static Serializer<String> string() {
        return (topic, headers, data) -> data == null ? null : data.getBytes(StandardCharsets.UTF_8);
    }

    /** What is between position and limit, which stay where they are. */
    public static Serializer<ByteBuffer> byteBuffer() {
        return (topic, headers, data) -> {
            if (data == null) return null;
            byte[] bytes = new byte[data.remaining()];
            data.get(data.position(), bytes);
            return bytes;
        };
    }

    /** Eight bytes, big endian. */
    public static Serializer<Long> longs() {
        return (topic, headers, data) -> data == null
                ? null
                : ByteBuffer.allocate(Long.BYTES).putLong(data).array();
    }

    /** Four bytes, big endian. */
    public static Serializer<Integer> integers() {
        return (topic, headers, data) -> data == null
                ? null
                : ByteBuffer.allocate(Integer.BYTES).putInt(data).array();
    }

    /** Eight bytes, IEEE 754, big endian. */
    public static Serializer<Double> doubles() {
        return (topic, headers, data) -> data == null
                ? null
                : ByteBuffer.allocate(Double.BYTES).putDouble(data).array();
    }

    /** The text form, in UTF-8. */
    public static Serializer<UUID> uuid() {
        return (topic, headers, data) -> data == null ? null : data.toString().getBytes(StandardCharsets.UTF_8);
    }
}
