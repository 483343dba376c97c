package io.millrace.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.MetadataRecordFrame;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AbortTransactionRecord;
import io.millrace.protocol.messages.BeginTransactionRecord;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.protocol.messages.EndTransactionRecord;
import io.millrace.protocol.messages.PartitionChangeRecord;
import io.millrace.protocol.messages.RemoveTopicRecord;
import io.millrace.protocol.messages.TopicRecord;
import io.millrace.protocol.messages.UnregisterBrokerRecord;
import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.image.MetadataDelta;
import org.apache.kafka.image.writer.ImageWriterOptions;
import org.apache.kafka.image.writer.RecordListWriter;
import org.apache.kafka.metadata.MetadataRecordSerde;
import org.apache.kafka.server.common.ApiMessageAndVersion;
import org.junit.jupiter.api.Test;

class MetadataImageTest {
    private static final MetadataProvenance SOMEWHERE = new MetadataProvenance(7, 1);

    @Test
    void aSnapshotMakesTheSameImageAgain() {
        Property.check(random -> {
            List<VersionedRecord> log = new RandomRecords(random).make(120);
            MetadataImage image = MetadataImage.EMPTY.apply(log, SOMEWHERE);
            List<VersionedRecord> snapshot = image.records();
            MetadataImage again = MetadataImage.EMPTY.apply(snapshot, SOMEWHERE);
            assertEquals(image, again);
            assertEquals(snapshot, again.records());
        });
    }

    @Test
    void itDoesNotMatterHowTheLogIsPartedIntoBatches() {
        Property.check(random -> {
            List<VersionedRecord> log = new RandomRecords(random).make(100);
            MetadataImage whole = MetadataImage.EMPTY.apply(log, SOMEWHERE);
            MetadataImage inParts = MetadataImage.EMPTY;
            for (int from = 0; from < log.size(); ) {
                int until = Math.min(log.size(), from + 1 + random.nextInt(20));
                inParts = inParts.apply(log.subList(from, until), SOMEWHERE);
                from = until;
            }
            assertEquals(whole, inParts);
        });
    }

    @Test
    void anOlderImageStaysAsItWas() {
        Property.check(30, random -> {
            List<VersionedRecord> log = new RandomRecords(random).make(80);
            MetadataImage half = MetadataImage.EMPTY.apply(log.subList(0, log.size() / 2), SOMEWHERE);
            List<VersionedRecord> before = half.records();
            MetadataImage rest = half.apply(log.subList(log.size() / 2, log.size()), SOMEWHERE);
            assertEquals(SOMEWHERE, rest.provenance());
            assertEquals(before, half.records());
        });
    }

    @Test
    void kafkasOwnImageMakesTheSameOfOurRecords() {
        Property.check(random -> {
            List<VersionedRecord> log = new RandomRecords(random).make(120);
            MetadataImage ours = MetadataImage.EMPTY.apply(log, SOMEWHERE);
            var theirs = replayOfficially(log);
            MetadataImage ofTheirs = MetadataImage.EMPTY.apply(write(theirs), SOMEWHERE);
            assertEquals(lines(ours), lines(ofTheirs));
            assertEquals(ours, ofTheirs);
            assertEquals(theirs, replayOfficially(ours.records()));
        });
    }

    private static String lines(MetadataImage image) {
        StringBuilder lines = new StringBuilder();
        for (VersionedRecord record : image.records()) {
            ByteBuffer frame = MetadataRecordFrame.write(record.message(), record.version());
            byte[] bytes = new byte[frame.remaining()];
            frame.get(bytes);
            lines.append(record.message().recordType())
                    .append(' ')
                    .append(HexFormat.of().formatHex(bytes))
                    .append('\n');
        }
        return lines.toString();
    }

    private static org.apache.kafka.image.MetadataImage replayOfficially(List<VersionedRecord> log) {
        org.apache.kafka.image.MetadataImage image = org.apache.kafka.image.MetadataImage.EMPTY;
        for (VersionedRecord record : log) {
            ByteBuffer frame = MetadataRecordFrame.write(record.message(), record.version());
            ApiMessageAndVersion official =
                    MetadataRecordSerde.INSTANCE.read(new ByteBufferAccessor(frame), frame.remaining());
            MetadataDelta delta = new MetadataDelta.Builder().setImage(image).build();
            delta.replay(official.message());
            image = delta.apply(org.apache.kafka.image.MetadataProvenance.EMPTY);
        }
        return image;
    }

    private static List<VersionedRecord> write(org.apache.kafka.image.MetadataImage image) {
        RecordListWriter writer = new RecordListWriter();
        image.write(writer, new ImageWriterOptions.Builder(image).build());
        List<VersionedRecord> records = new ArrayList<>();
        for (ApiMessageAndVersion record : writer.records()) {
            var cache = new org.apache.kafka.common.protocol.ObjectSerializationCache();
            ByteBuffer frame = ByteBuffer.allocate(MetadataRecordSerde.INSTANCE.recordSize(record, cache));
            MetadataRecordSerde.INSTANCE.write(record, cache, new ByteBufferAccessor(frame));
            frame.flip();
            MetadataRecordFrame.Framed framed = MetadataRecordFrame.read(frame);
            records.add(new VersionedRecord(framed.record(), framed.version()));
        }
        return records;
    }

    @Test
    void aDeltaSaysWhatChanged() {
        Property.check(30, random -> {
            List<VersionedRecord> log = new RandomRecords(random).make(120);
            MetadataImage base = MetadataImage.EMPTY.apply(log.subList(0, log.size() / 2), SOMEWHERE);
            var delta = new io.millrace.metadata.MetadataDelta(base);
            for (VersionedRecord record : log.subList(log.size() / 2, log.size())) delta.replay(record.message());
            MetadataImage after = delta.apply(SOMEWHERE);
            after.topics().byId().forEach((id, topic) -> {
                if (!topic.equals(base.topics().topic(id)))
                    assertTrue(delta.changedTopics().contains(id));
                else if (!delta.changedTopics().contains(id))
                    assertSame(base.topics().topic(id), topic);
            });
            base.topics().byId().forEach((id, topic) -> {
                if (after.topics().topic(id) == null)
                    assertTrue(delta.changedTopics().contains(id));
            });
            for (int broker = 0; broker < 5; broker++)
                if (!java.util.Objects.equals(
                        base.cluster().broker(broker), after.cluster().broker(broker)))
                    assertTrue(delta.changedBrokers().contains(broker));
        });
    }

    @Test
    void aTopicIsFoundByNameAndById() {
        Uuid id = new Uuid(5, 6);
        MetadataImage image = MetadataImage.EMPTY.apply(
                List.of(VersionedRecord.v0(
                        TopicRecord.builder().name("a").topicId(id).build())),
                SOMEWHERE);
        assertSame(image.topics().topic("a"), image.topics().topic(id));
        assertEquals(null, image.topics().partition("a", 0));
        assertEquals(null, image.topics().partition("b", 0));
        assertEquals(null, image.topics().partition(id, -1));
    }

    @Test
    void aRemovedTopicTakesItsPropertiesWithIt() {
        Uuid id = new Uuid(5, 6);
        MetadataImage image = MetadataImage.EMPTY.apply(
                List.of(
                        VersionedRecord.v0(
                                TopicRecord.builder().name("a").topicId(id).build()),
                        VersionedRecord.v0(ConfigRecord.builder()
                                .resourceType((byte) 2)
                                .resourceName("a")
                                .name("retention.ms")
                                .value("5")
                                .build()),
                        VersionedRecord.v0(
                                RemoveTopicRecord.builder().topicId(id).build())),
                SOMEWHERE);
        assertEquals(MetadataImage.EMPTY.topics(), image.topics());
        assertEquals(List.of(), image.records());
    }

    @Test
    void recordsAboutThingsThatAreNotThereStopEverything() {
        for (var record : List.of(
                VersionedRecord.v0(
                        RemoveTopicRecord.builder().topicId(new Uuid(1, 2)).build()),
                VersionedRecord.v0(UnregisterBrokerRecord.builder().brokerId(4).build()),
                new VersionedRecord(
                        PartitionChangeRecord.builder()
                                .topicId(new Uuid(1, 2))
                                .partitionId(0)
                                .build(),
                        0)))
            assertThrows(IllegalStateException.class, () -> MetadataImage.EMPTY.apply(List.of(record), SOMEWHERE));
    }

    @Test
    void aTransactionCountsWhenItEndsAndNotIfItIsAborted() {
        VersionedRecord begin =
                VersionedRecord.v0(BeginTransactionRecord.builder().build());
        VersionedRecord end = VersionedRecord.v0(EndTransactionRecord.builder().build());
        VersionedRecord abort =
                VersionedRecord.v0(AbortTransactionRecord.builder().build());
        VersionedRecord topic = VersionedRecord.v0(
                TopicRecord.builder().name("a").topicId(new Uuid(5, 6)).build());
        TransactionBuffer buffer = new TransactionBuffer();
        assertEquals(List.of(topic), buffer.accept(List.of(topic)));
        assertEquals(List.of(), buffer.accept(List.of(begin, topic)));
        assertTrue(buffer.isOpen());
        assertEquals(List.of(topic, topic), buffer.accept(List.of(topic, end)));
        assertEquals(List.of(topic), buffer.accept(List.of(begin, topic, abort, topic)));
        assertThrows(IllegalStateException.class, () -> buffer.accept(List.of(end)));
        assertThrows(IllegalStateException.class, () -> buffer.accept(List.of(begin, begin)));
    }
}
