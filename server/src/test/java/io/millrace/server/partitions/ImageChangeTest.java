package io.millrace.server.partitions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.MetadataDelta;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.MetadataRecord;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.protocol.messages.RemoveTopicRecord;
import io.millrace.server.fixture.TestBroker;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImageChangeTest {
    private final TestBroker broker = new TestBroker(1);

    private static List<String> names(List<TopicImage> topics) {
        return topics.stream().map(TopicImage::name).toList();
    }

    private static ConfigRecord config(ConfigResource.Type type, String name) {
        return ConfigRecord.builder()
                .resourceType(type.code())
                .resourceName(name)
                .name("retention.ms")
                .value("1")
                .build();
    }

    @Test
    void newTopicsAreChangedByName() {
        List<MetadataRecord> records = new ArrayList<>();
        for (String topic : List.of("b", "a"))
            records.addAll(List.of(TestBroker.topicRecords(topic, TestBroker.idOf(topic), 1)));
        ImageChange change = broker.change(records.toArray(MetadataRecord[]::new));
        assertEquals(List.of("a", "b"), names(change.changed()));
        assertEquals(List.of(), change.deleted());
        assertFalse(change.brokerConfigsChanged());
    }

    @Test
    void aTopicWhosePropertyChangesIsChanged() {
        broker.create("a", 1);
        broker.create("b", 1);
        assertEquals(
                List.of("b"),
                names(broker.change(config(ConfigResource.Type.TOPIC, "b")).changed()));
        assertEquals(
                List.of(),
                names(broker.change(config(ConfigResource.Type.TOPIC, "gone")).changed()));
    }

    @Test
    void aBrokersPropertyConcernsEveryTopicsDefaults() {
        assertTrue(broker.change(config(ConfigResource.Type.BROKER, "")).brokerConfigsChanged());
        assertTrue(broker.change(config(ConfigResource.Type.BROKER, "1")).brokerConfigsChanged());
    }

    @Test
    void aTopicMadeAnewInOneBatchIsBothDeletedAndChanged() {
        broker.create("a", 1);
        List<MetadataRecord> records = new ArrayList<>();
        records.add(RemoveTopicRecord.builder().topicId(TestBroker.idOf("a")).build());
        Uuid again = new Uuid(12, 12);
        records.addAll(List.of(TestBroker.topicRecords("a", again, 2)));
        ImageChange change = broker.change(records.toArray(MetadataRecord[]::new));
        assertEquals(List.of("a"), names(change.deleted()));
        assertEquals(TestBroker.idOf("a"), change.deleted().get(0).id());
        assertEquals(again, change.changed().get(0).id());
    }

    @Test
    void anImageThatTakesAnothersPlaceLacksWhatWasDeletedMeanwhileUnderAnyName() {
        broker.create("a", 1);
        broker.create("b", 1);
        MetadataImage before = broker.image();
        List<MetadataRecord> records = new ArrayList<>();
        records.addAll(List.of(TestBroker.topicRecords("a", new Uuid(12, 12), 1)));
        records.addAll(List.of(TestBroker.topicRecords("c", TestBroker.idOf("c"), 1)));
        MetadataDelta delta = new MetadataDelta(MetadataImage.EMPTY);
        for (MetadataRecord record : records) delta.replay(record);
        ImageChange change = ImageChange.replacing(before, delta.apply(before.provenance()));
        assertEquals(List.of("a", "c"), names(change.changed()));
        assertEquals(List.of("a", "b"), names(change.deleted()));
        assertEquals(TestBroker.idOf("a"), change.deleted().getFirst().id());
        assertTrue(change.brokerConfigsChanged());
    }

    @Test
    void aTopicThatCameAndWentWithinOneBatchIsNothing() {
        List<MetadataRecord> records = new ArrayList<>(List.of(TestBroker.topicRecords("a", TestBroker.idOf("a"), 1)));
        records.add(RemoveTopicRecord.builder().topicId(TestBroker.idOf("a")).build());
        ImageChange change = broker.change(records.toArray(MetadataRecord[]::new));
        assertEquals(List.of(), change.changed());
        assertEquals(List.of(), change.deleted());
    }
}
