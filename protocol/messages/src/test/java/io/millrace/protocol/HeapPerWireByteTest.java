package io.millrace.protocol;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.millrace.protocol.SchemaBytes.Shape;
import io.millrace.protocol.messages.ApiVersionsRequest;
import io.millrace.protocol.messages.RequestHeader;
import io.millrace.protocol.messages.SaslAuthenticateRequest;
import io.millrace.protocol.messages.SaslHandshakeRequest;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** No bytes, honest or hostile, make the reader allocate much more than they are (CVE-2026-111108, 2026-111115). */
class HeapPerWireByteTest {
    private static final int HEAP_PER_WIRE_BYTE = 64;
    private static final int HEAP_PER_WIRE_BYTE_BEFORE_AUTHENTICATION = 16;

    /** The reader, the record itself, the exception and its words: once per message, whatever is in it. */
    private static final int HEAP_PER_MESSAGE = 1536;

    private static final int MANY = 600;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final List<MessageClass> MESSAGES = MessageClass.all();
    private static final Set<Class<?>> BEFORE_AUTHENTICATION = Set.of(
            RequestHeader.class, ApiVersionsRequest.class, SaslHandshakeRequest.class, SaslAuthenticateRequest.class);

    private static void forEveryVersion(MessageInVersion body) {
        for (MessageClass message : MESSAGES)
            for (int version = message.lowestVersion(); version <= message.highestVersion(); version++)
                body.check(message, version);
    }

    private interface MessageInVersion {
        void check(MessageClass message, int version);
    }

    @Test
    void ofManySmallElements() {
        Property.check(
                2,
                random -> forEveryVersion((message, version) -> {
                    var schema = KafkaMessage.of(message).schema(version);
                    assertBounded(message, version, SchemaBytes.of(schema, random, smallElements(random)));
                }));
    }

    /** Elements with as little as possible in them, which is where objects outweigh their bytes most. */
    private static Shape smallElements(SeededRandom random) {
        return new Shape(
                random.nextInt(1, 5),
                MANY,
                random.nextInt(3),
                random.nextInt(3),
                1,
                random.pick(0.0, 1.0),
                random.pick(0.0, 1.0),
                false);
    }

    @Test
    void ofElementsThatAreNothingButZeroBytes() {
        forEveryVersion((message, version) -> {
            for (int filler = 0; filler <= 2; filler++) {
                byte[] bytes = new byte[3000];
                Arrays.fill(bytes, (byte) filler);
                assertBounded(message, version, bytes);
            }
        });
    }

    @Test
    void ofLongTextBeforeAuthentication() {
        Property.check(
                30,
                random -> forEveryVersion((message, version) -> {
                    if (!BEFORE_AUTHENTICATION.contains(message.type())) return;
                    var schema = KafkaMessage.of(message).schema(version);
                    assertBounded(
                            message,
                            version,
                            SchemaBytes.of(schema, random, new Shape(0, 0, 2, 30_000, 0, 0, 1, true)));
                }));
    }

    @Test
    void ofRandomBytes() {
        Property.check(
                3,
                random -> forEveryVersion(
                        (message, version) -> assertBounded(message, version, random.bytes(random.nextInt(2000)))));
    }

    @Test
    void ofMessagesInWhichSomeBytesWereReplaced() {
        Property.check(
                2,
                random -> forEveryVersion((message, version) -> {
                    var schema = KafkaMessage.of(message).schema(version);
                    byte[] bytes =
                            SchemaBytes.of(schema, random, Shape.any(random).withUnknownTags());
                    for (int i = 0; i < 3 && bytes.length > 0; i++)
                        bytes[random.nextInt(bytes.length)] =
                                random.pick((byte) 0x7f, (byte) 0xff, (byte) 1, (byte) 0x80);
                    assertBounded(message, version, bytes);
                }));
    }

    /** Reads, from heap and from direct memory; being refused is fine, being expensive is not. */
    private static void assertBounded(MessageClass message, int version, byte[] bytes) {
        int factor = BEFORE_AUTHENTICATION.contains(message.type())
                ? HEAP_PER_WIRE_BYTE_BEFORE_AUTHENTICATION
                : HEAP_PER_WIRE_BYTE;
        long bound = HEAP_PER_MESSAGE + (long) factor * bytes.length;
        ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        for (ByteBuffer input : List.of(ByteBuffer.wrap(bytes), direct)) {
            Measured first = measured(() -> read(message, version, input));
            // What happens once, such as loading a class, is not the message's.
            Measured found = first.allocatedBytes <= bound ? first : measured(() -> read(message, version, input));
            assertTrue(
                    found.allocatedBytes <= bound,
                    () -> message.name() + " v" + version + ": " + found.allocatedBytes + " bytes of heap for "
                            + bytes.length + " bytes, " + found.result.getClass());
        }
    }

    private static Object read(MessageClass message, int version, ByteBuffer input) {
        try {
            return message.read(new ProtocolReader(input), version);
        } catch (MalformedMessage refused) {
            return refused;
        }
    }

    private static Measured measured(Supplier<Object> work) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        Object result = work.get();
        return new Measured(result, THREADS.getCurrentThreadAllocatedBytes() - before);
    }

    private record Measured(Object result, long allocatedBytes) {}
}
