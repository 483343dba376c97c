package io.millrace.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.protocol.SchemaBytes.Shape;
import io.millrace.protocol.messages.GroupCoordinatorRecordType;
import io.millrace.protocol.messages.GroupMetadataKey;
import io.millrace.protocol.messages.NoOpRecord;
import io.millrace.protocol.messages.OffsetCommitKey;
import io.millrace.protocol.messages.OffsetCommitValue;
import io.millrace.protocol.messages.ShareCoordinatorRecordType;
import io.millrace.protocol.messages.TransactionCoordinatorRecordType;
import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.metadata.MetadataRecordSerde;
import org.apache.kafka.server.common.ApiMessageAndVersion;
import org.junit.jupiter.api.Test;

/** What stands in front of metadata and coordinator records, beside Kafka's. */
class RecordFramesTest {
    private static final MetadataRecordSerde KAFKAS = new MetadataRecordSerde();

    @Test
    void metadataRecordsAreFramedAsKafkaFramesThem() {
        Property.check(5, random -> {
            for (MessageClass type : MessageClass.all()) {
                if (!(type.defaults() instanceof MetadataRecord)) continue;
                KafkaMessage kafkas = KafkaMessage.of(type);
                for (int version = type.lowestVersion(); version <= type.highestVersion(); version++) {
                    byte[] fields = SchemaBytes.of(kafkas.schema(version), random, Shape.any(random));
                    MetadataRecord ours = (MetadataRecord) type.read(fields, version);
                    ApiMessageAndVersion theirs = new ApiMessageAndVersion(
                            (org.apache.kafka.common.protocol.ApiMessage) kafkas.read(fields, version),
                            (short) version);
                    ByteBuffer value = MetadataRecordFrame.write(ours, version);
                    assertEquals(kafkasFrame(theirs), value);
                    assertEquals(
                            new MetadataRecordFrame.Framed(ours, (short) version), MetadataRecordFrame.read(value));
                }
            }
        });
    }

    private static ByteBuffer kafkasFrame(ApiMessageAndVersion record) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(KAFKAS.recordSize(record, cache));
        KAFKAS.write(record, cache, new ByteBufferAccessor(buffer));
        return buffer.flip();
    }

    @Test
    void aMetadataFrameThatIsNotUnderstoodIsRefused() {
        assertThrows(UnsupportedVersion.class, () -> MetadataRecordFrame.read(bytes(0, 20, 0, 0)));
        assertThrows(UnsupportedVersion.class, () -> MetadataRecordFrame.read(bytes(2, 20, 0, 0)));
        assertThrows(UnsupportedVersion.class, () -> MetadataRecordFrame.read(bytes(1, 6, 0, 0)));
        assertThrows(UnsupportedVersion.class, () -> MetadataRecordFrame.read(bytes(1, 20, 1, 0)));
        assertThrows(MalformedMessage.class, () -> MetadataRecordFrame.read(bytes(1, 20, 0, 0, 0)));
        assertThrows(MalformedMessage.class, () -> MetadataRecordFrame.read(bytes()));
        assertEquals(
                NoOpRecord.builder().build(),
                MetadataRecordFrame.read(bytes(1, 20, 0, 0)).record());
    }

    private static ByteBuffer bytes(int... values) {
        ByteBuffer buffer = ByteBuffer.allocate(values.length);
        for (int value : values) buffer.put((byte) value);
        return buffer.flip();
    }

    @Test
    void coordinatorKeysAndValuesAreFramedAsKafkaFramesThem() {
        Property.check(5, random -> {
            for (MessageClass type : MessageClass.all()) {
                ApiMessage defaults = type.defaults();
                if (!(defaults instanceof CoordinatorKey) && !(defaults instanceof CoordinatorValue)) continue;
                KafkaMessage kafkas = KafkaMessage.of(type);
                for (int version = type.lowestVersion(); version <= type.highestVersion(); version++) {
                    byte[] fields = SchemaBytes.of(kafkas.schema(version), random, Shape.any(random));
                    var theirs = (org.apache.kafka.common.protocol.ApiMessage) kafkas.read(fields, version);
                    switch (type.read(fields, version)) {
                        case CoordinatorKey key ->
                            assertEquals(
                                    MessageUtil.toCoordinatorTypePrefixedByteBuffer(theirs),
                                    CoordinatorRecordFrame.writeKey(key));
                        case CoordinatorValue value ->
                            assertEquals(
                                    MessageUtil.toVersionPrefixedByteBuffer((short) version, theirs),
                                    CoordinatorRecordFrame.writeValue(value, version));
                        case ApiMessage other -> throw new AssertionError(other);
                    }
                }
            }
        });
    }

    @Test
    void aRegistryReadsWhatTheFrameHolds() {
        OffsetCommitKey key =
                OffsetCommitKey.builder().group("g").topic("t").partition(3).build();
        ProtocolReader keyBytes = new ProtocolReader(CoordinatorRecordFrame.writeKey(key));
        GroupCoordinatorRecordType type =
                GroupCoordinatorRecordType.forId(keyBytes.readInt16("type")).orElseThrow();
        assertEquals(GroupCoordinatorRecordType.OFFSET_COMMIT, type);
        assertEquals(key, type.readKey(keyBytes));

        OffsetCommitValue value =
                OffsetCommitValue.builder().offset(42).metadata("m").build();
        ProtocolReader valueBytes = new ProtocolReader(CoordinatorRecordFrame.writeValue(value, 4));
        assertEquals(value, type.readValue(valueBytes, valueBytes.readInt16("version")));
        assertEquals(0, valueBytes.remaining());
    }

    @Test
    void theIdInAKeyIsTheRegistrysId() {
        assertEquals(
                GroupCoordinatorRecordType.GROUP_METADATA.id(),
                GroupMetadataKey.builder().build().recordTypeId());
        assertEquals(0, ShareCoordinatorRecordType.SHARE_SNAPSHOT.id());
        assertEquals(0, TransactionCoordinatorRecordType.TRANSACTION_LOG.id());
    }
}
