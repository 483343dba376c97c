package io.millrace.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.SchemaBytes.Shape;
import io.millrace.testkit.Property;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.protocol.Message;
import org.junit.jupiter.api.Test;

/** Every message in every version, beside Kafka's own class for it. */
class SameBytesAsKafkaTest {
    private static final List<MessageClass> MESSAGES = MessageClass.all();
    private static final int RUNS = 12;

    @Test
    void everySchemaOfThePublishedJarsHasItsMessage() {
        // 286 schemas, of which the requests and responses of four removed APIs have no version left.
        assertEquals(278, MESSAGES.size());
        for (MessageClass ours : MESSAGES) {
            Message kafkas = KafkaMessage.of(ours).defaults();
            assertEquals(kafkas.lowestSupportedVersion(), ours.lowestVersion(), ours.name());
            assertEquals(kafkas.highestSupportedVersion(), ours.highestVersion(), ours.name());
        }
    }

    @Test
    void aBuilderStartsWithKafkasDefaults() {
        for (MessageClass ours : MESSAGES)
            KafkaMessage.assertSameContent(KafkaMessage.of(ours).defaults(), (Record) ours.defaults(), ours.name());
    }

    @Test
    void bothUnderstandTheSameBytesAndWriteTheSameBytes() {
        Property.check(RUNS, random -> {
            for (MessageClass ours : MESSAGES) {
                KafkaMessage kafkas = KafkaMessage.of(ours);
                for (int version = ours.lowestVersion(); version <= ours.highestVersion(); version++) {
                    String where = ours.name() + " v" + version;
                    byte[] bytes = SchemaBytes.of(kafkas.schema(version), random, Shape.any(random));
                    Message theirs = kafkas.read(bytes, version);
                    ApiMessage our = ours.read(bytes, version);
                    KafkaMessage.assertSameContent(theirs, (Record) our, where);

                    byte[] written = MessageClass.write(our, version);
                    assertArrayEquals(KafkaMessage.write(theirs, version), written, where);
                    KafkaMessage.assertSameContent(
                            kafkas.read(written, version), (Record) our, where + " read by Kafka");
                    assertEquals(our, ours.read(written, version), where + " read by us");
                    assertEquals(our.hashCode(), ours.read(written, version).hashCode(), where);
                    assertEquals(our, ours.rebuilt(our), where + " by way of its builder");
                }
            }
        });
    }

    @Test
    void anotherVersionIsWrittenAsKafkaWritesItOrRefusedWhereKafkaRefusesIt() {
        Property.check(RUNS, random -> {
            for (MessageClass ours : MESSAGES) {
                KafkaMessage kafkas = KafkaMessage.of(ours);
                for (int version = ours.lowestVersion(); version <= ours.highestVersion(); version++) {
                    int other = random.nextInt(ours.lowestVersion(), ours.highestVersion() + 1);
                    String where = ours.name() + " read in v" + version + ", written in v" + other;
                    Shape shape = random.nextBoolean() ? Shape.any(random) : Shape.sparse(random);
                    byte[] bytes = SchemaBytes.of(kafkas.schema(version), random, shape);
                    ApiMessage our = ours.read(bytes, version);
                    Optional<byte[]> theirs = KafkaMessage.tryWrite(kafkas.read(bytes, version), other);
                    if (theirs.isEmpty())
                        assertThrows(UnsupportedVersion.class, () -> MessageClass.write(our, other), where);
                    else assertArrayEquals(theirs.get(), MessageClass.write(our, other), where);
                }
            }
        });
    }

    @Test
    void unknownTaggedFieldsAreReadOverAndNotKept() {
        Property.check(RUNS, random -> {
            for (MessageClass ours : MESSAGES) {
                KafkaMessage kafkas = KafkaMessage.of(ours);
                for (int version = ours.lowestVersion(); version <= ours.highestVersion(); version++) {
                    String where = ours.name() + " v" + version;
                    byte[] bytes = SchemaBytes.of(
                            kafkas.schema(version), random, Shape.any(random).withUnknownTags());
                    ApiMessage our = ours.read(bytes, version);
                    KafkaMessage.assertSameContent(kafkas.read(bytes, version), (Record) our, where);
                    byte[] written = MessageClass.write(our, version);
                    Message rewritten = kafkas.read(written, version);
                    assertEquals(List.of(), rewritten.unknownTaggedFields(), where);
                    KafkaMessage.assertSameContent(rewritten, (Record) our, where);
                    assertEquals(our, ours.read(written, version), where);
                }
            }
        });
    }

    @Test
    void everyTruncationIsRefused() {
        Property.check(2, random -> {
            for (MessageClass ours : MESSAGES) {
                KafkaMessage kafkas = KafkaMessage.of(ours);
                for (int version = ours.lowestVersion(); version <= ours.highestVersion(); version++) {
                    byte[] bytes = SchemaBytes.of(
                            kafkas.schema(version), random, Shape.any(random).withUnknownTags());
                    boolean every = bytes.length <= 100;
                    for (int i = 0; i < Math.min(100, bytes.length); i++) {
                        int end = every ? i : random.nextInt(bytes.length);
                        assertTruncationRefused(ours, version, bytes, end);
                    }
                }
            }
        });
    }

    /** The bytes behind the cut are there, but beyond the limit: they must make no difference. */
    private static void assertTruncationRefused(MessageClass ours, int version, byte[] bytes, int end) {
        java.nio.ByteBuffer cut = java.nio.ByteBuffer.wrap(bytes, 0, end);
        MalformedMessage refusal = assertThrows(
                MalformedMessage.class,
                () -> ours.read(new ProtocolReader(cut), version),
                () -> ours.name() + " v" + version + " cut at " + end + " of "
                        + HexFormat.of().formatHex(bytes));
        assertTrue(refusal.position() <= end, refusal::getMessage);
        byte[] alone = Arrays.copyOf(bytes, end);
        assertEquals(
                refusal.getMessage(),
                assertThrows(MalformedMessage.class, () -> ours.read(alone, version))
                        .getMessage());
    }
}
