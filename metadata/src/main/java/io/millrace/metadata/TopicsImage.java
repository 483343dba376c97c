package io.millrace.metadata;

import io.millrace.protocol.Uuid;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All topics, by name and by id. Looking one up allocates nothing.
 *
 * @param byName every topic under its name
 * @param byId   the same topics under their ids
 */
public record TopicsImage(PersistentMap<String, TopicImage> byName, PersistentMap<Uuid, TopicImage> byId) {
    static final TopicsImage EMPTY = new TopicsImage(PersistentMap.empty(), PersistentMap.empty());

    /** The topic of this name, or null. */
    public @Nullable TopicImage topic(String name) {
        return byName.get(name);
    }

    /** The topic with this id, or null. */
    public @Nullable TopicImage topic(Uuid id) {
        return byId.get(id);
    }

    /** A partition by its topic's name, or null. */
    public @Nullable PartitionImage partition(String topic, int partition) {
        TopicImage image = byName.get(topic);
        return image == null ? null : image.partition(partition);
    }

    /** A partition by its topic's id, or null. */
    public @Nullable PartitionImage partition(Uuid topicId, int partition) {
        TopicImage image = byId.get(topicId);
        return image == null ? null : image.partition(partition);
    }

    /** How many topics there are. */
    public int size() {
        return byName.size();
    }

    /** All topics in order of name; sorts. */
    public List<TopicImage> inOrder() {
        return byName.valuesInOrder();
    }

    TopicsImage with(TopicImage topic) {
        return new TopicsImage(byName.with(topic.name(), topic), byId.with(topic.id(), topic));
    }

    TopicsImage without(TopicImage topic) {
        return new TopicsImage(byName.without(topic.name()), byId.without(topic.id()));
    }

    void writeTo(Consumer<VersionedRecord> out, MetadataVersion metadataVersion) {
        for (TopicImage topic : inOrder()) topic.writeTo(out, metadataVersion);
    }
}
