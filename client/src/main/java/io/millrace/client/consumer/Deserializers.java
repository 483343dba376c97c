package io.millrace.client.consumer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** The usual deserializers, for the same bytes as Kafka's. All make null of no bytes. */
public final class Deserializers {
    private Deserializers() {}

    /** The bytes themselves. */
    public static Deserializer<byte[]> bytes() {
        return (topic, headers, data) -> data == null ? null : copy(data);
    }

    /** UTF-8; what is none becomes U+FFFD. */
    public static Deserializer<String> string() {
        return (topic, headers, data) -> data == null ? null : new String(copy(data), StandardCharsets.UTF_8);
    }

    /** A buffer of its own. */
    public static Deserializer<ByteBuffer> byteBuffer() {
        return (topic, headers, data) -> data == null ? null : ByteBuffer.wrap(copy(data));
    }

    /** Eight bytes, big endian. */
    public static Deserializer<Long> longs() {
        return (topic, headers, data) ->
                data == null ? null : exactly(data, Long.BYTES).getLong(data.position());
    }

    /** Four bytes, big endian. */
    public static Deserializer<Integer> integers() {
        return (topic, headers, data) ->
                data == null ? null : exactly(data, Integer.BYTES).getInt(data.position());
    }

    /** Eight bytes, IEEE 754, big endian. */
    public static Deserializer<Double> doubles() {
        return (topic, headers, data) ->
                data == null ? null : exactly(data, Double.BYTES).getDouble(data.position());
    }

    /** The text form, in UTF-8. */
    public static Deserializer<UUID> uuid() {
        return (topic, headers, data) ->
                data == null ? null : UUID.fromString(new String(copy(data), StandardCharsets.UTF_8));
    }

    private static ByteBuffer exactly(ByteBuffer data, int bytes) {
        if (data.remaining() != bytes)
            throw new IllegalArgumentException(data.remaining() + " bytes came, want " + bytes);
        return data;
    }

    private static byte[] copy(ByteBuffer data) {
        byte[] bytes = new byte[data.remaining()];
        data.get(data.position(), bytes);
        return bytes;
    }
}
