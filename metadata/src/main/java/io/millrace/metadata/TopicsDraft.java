package io.millrace.metadata;

import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.PartitionChangeRecord;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Topics while records change them: each changed topic has one array of partitions to work on, copied once. */
final class TopicsDraft {
    private TopicsImage topics;
    private final Map<Uuid, Draft> drafts = new HashMap<>();
    private final SortedSet<Uuid> changed = new TreeSet<>();

    private static final class Draft {
        private final String name;
        private final Uuid id;
        private @Nullable PartitionImage[] partitions;
        private int endPartition; // just past the highest partition

        Draft(String name, Uuid id, @Nullable PartitionImage[] partitions) {
            this.name = name;
            this.id = id;
            this.partitions = partitions;
            this.endPartition = partitions.length;
        }

        void put(int partitionId, PartitionImage partition) {
            if (partitionId >= partitions.length)
                partitions = Arrays.copyOf(partitions, Math.max(partitionId + 1, partitions.length * 2));
            partitions[partitionId] = partition;
            endPartition = Math.max(endPartition, partitionId + 1);
        }

        TopicImage image() {
            return new TopicImage(name, id, Arrays.copyOf(partitions, endPartition));
        }
    }

    TopicsDraft(TopicsImage topics) {
        this.topics = topics;
    }

    void add(String name, Uuid id) {
        TopicImage present = topics.topic(name);
        if (present != null)
            throw new IllegalStateException("a metadata record makes topic " + name + " with id " + id
                    + ", it is there with id " + present.id());
        topics = topics.with(new TopicImage(name, id, new PartitionImage[0]));
        drafts.put(id, new Draft(name, id, new PartitionImage[0]));
        changed.add(id);
    }

    void put(Uuid topicId, int partitionId, PartitionImage partition) {
        if (partitionId < 0)
            throw new IllegalStateException(
                    "a metadata record makes partition " + partitionId + " of topic " + topicId);
        draft(topicId).put(partitionId, partition);
    }

    void change(PartitionChangeRecord record) {
        Draft draft = draft(record.topicId());
        int partitionId = record.partitionId();
        PartitionImage partition =
                partitionId < 0 || partitionId >= draft.endPartition ? null : draft.partitions[partitionId];
        if (partition == null)
            throw new IllegalStateException("a metadata record changes partition " + partitionId + " of topic "
                    + draft.name + ", which is not there");
        draft.partitions[partitionId] = partition.changedBy(record);
    }

    /** Takes the topic away and says its name. */
    String remove(Uuid topicId) {
        TopicImage topic = topics.topic(topicId);
        if (topic == null)
            throw new IllegalStateException("a metadata record removes topic " + topicId + ", which is not there");
        topics = topics.without(topic);
        drafts.remove(topicId);
        changed.add(topicId);
        return topic.name();
    }

    /** Nobody is eligible any more in that topic, or in all topics if the name is empty (KIP-966). */
    void clearElr(String topicName) {
        if (topicName.isEmpty()) {
            topics.byId().forEach((id, topic) -> clearElrOf(id, topic));
            return;
        }
        TopicImage topic = topics.topic(topicName);
        if (topic == null)
            throw new IllegalStateException(
                    "a metadata record clears the ELR of topic " + topicName + ", which is not there");
        clearElrOf(topic.id(), topic);
    }

    private void clearElrOf(Uuid id, TopicImage topic) {
        if (!drafts.containsKey(id) && !hasElr(topic)) return;
        Draft draft = draft(id);
        for (int i = 0; i < draft.endPartition; i++) {
            PartitionImage partition = draft.partitions[i];
            if (partition != null) draft.partitions[i] = partition.withoutElr();
        }
    }

    private static boolean hasElr(TopicImage topic) {
        boolean[] found = {false};
        topic.forEachPartition((number, partition) -> found[0] |=
                !partition.elr().isEmpty() || !partition.lastKnownElr().isEmpty());
        return found[0];
    }

    private Draft draft(Uuid topicId) {
        Draft draft = drafts.get(topicId);
        if (draft != null) return draft;
        TopicImage topic = topics.topic(topicId);
        if (topic == null)
            throw new IllegalStateException("a metadata record changes topic " + topicId + ", which is not there");
        Draft begun = new Draft(topic.name(), topicId, topic.copyOfPartitions());
        drafts.put(topicId, begun);
        changed.add(topicId);
        return begun;
    }

    SortedSet<Uuid> changed() {
        return Collections.unmodifiableSortedSet(changed);
    }

    TopicsImage image() {
        TopicsImage image = topics;
        for (Draft draft : drafts.values()) image = image.with(draft.image());
        return image;
    }
}
