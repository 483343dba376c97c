package io.millrace.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.jspecify.annotations.Nullable;

/** Kafka's own class for the schema of one of our messages. */
record KafkaMessage(Class<? extends Message> type) {
    private static final List<String> PACKAGES = List.of(
            "org.apache.kafka.common.message",
            "org.apache.kafka.common.metadata",
            "org.apache.kafka.coordinator.group.generated",
            "org.apache.kafka.coordinator.share.generated",
            "org.apache.kafka.coordinator.transaction.generated",
            "org.apache.kafka.raft.generated",
            "org.apache.kafka.server.log.remote.metadata.storage.generated");

    static KafkaMessage of(MessageClass ours) {
        for (String in : PACKAGES) {
            for (String suffix : List.of("Data", "")) {
                Optional<Class<?>> found = find(in + "." + ours.name() + suffix);
                if (found.isPresent()) return new KafkaMessage(found.get().asSubclass(Message.class));
            }
        }
        throw new AssertionError("Kafka has no class for " + ours.name());
    }

    private static Optional<Class<?>> find(String name) {
        try {
            return Optional.of(Class.forName(name));
        } catch (ClassNotFoundException e) {
            return Optional.empty();
        }
    }

    /** How the bytes of a version are laid out, in Kafka's own words. */
    Schema schema(int version) {
        try {
            return ((Schema[]) type.getField("SCHEMAS").get(null))[version];
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    Message defaults() {
        try {
            return type.getConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    /** Reads all of the bytes. */
    Message read(byte[] bytes, int version) {
        Message message = defaults();
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        message.read(new ByteBufferAccessor(buffer), (short) version);
        assertEquals(0, buffer.remaining(), "Kafka leaves bytes over");
        return message;
    }

    static byte[] write(Message message, int version) {
        ByteBuffer buffer =
                MessageUtil.toByteBufferAccessor(message, (short) version).buffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    /** What Kafka writes, or nothing if Kafka finds that the version cannot say it. */
    static Optional<byte[]> tryWrite(Message message, int version) {
        try {
            return Optional.of(write(message, version));
        } catch (UnsupportedVersionException | NullPointerException e) {
            return Optional.empty();
        }
    }

    /** Asserts that every component of our record holds what Kafka's object holds under the same name. */
    static void assertSameContent(Object kafkas, Record ours, String path) {
        for (RecordComponent component : ours.getClass().getRecordComponents()) {
            String where = path + "." + component.getName();
            try {
                Object kafkaValue =
                        kafkas.getClass().getMethod(component.getName()).invoke(kafkas);
                assertSameValue(kafkaValue, component.getAccessor().invoke(ours), where);
            } catch (ReflectiveOperationException e) {
                throw new LinkageError(where, e);
            }
        }
    }

    private static void assertSameValue(@Nullable Object kafkas, @Nullable Object ours, String where) {
        if (kafkas == null) {
            assertNull(ours, where);
            return;
        }
        assertNotNull(ours, where);
        switch (kafkas) {
            case org.apache.kafka.common.Uuid uuid ->
                assertEquals(new Uuid(uuid.getMostSignificantBits(), uuid.getLeastSignificantBits()), ours, where);
            case byte[] bytes -> assertArrayEquals(bytes, (byte[]) ours, where);
            case ByteBuffer bytes -> assertEquals(bytes, ByteBuffer.wrap((byte[]) ours), where);
            case MemoryRecords records -> assertEquals(records.buffer(), ((RecordsPayload.Buffer) ours).bytes(), where);
            case Collection<?> elements -> {
                assertEquals(elements.size(), ((List<?>) ours).size(), where);
                Iterator<?> theirs = elements.iterator();
                for (Object our : (List<?>) ours) assertSameValue(theirs.next(), our, where + "[]");
            }
            case Message struct -> assertSameContent(struct, (Record) ours, where);
            default -> assertEquals(kafkas, ours, where);
        }
    }
}
