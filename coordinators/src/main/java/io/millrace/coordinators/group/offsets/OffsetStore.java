package io.millrace.coordinators.group.offsets;

import io.millrace.protocol.Uuid;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All committed offsets of a shard: group, topic, partition. Changed by replay only; iterates in the order in which groups
 * and topics first appeared.
 */
public final class OffsetStore {
    private static final class GroupOffsets {
        private final LinkedHashMap<String, TreeMap<Integer, CommittedOffset>> byTopic = new LinkedHashMap<>();
        private int count;
        /** No offset was committed before; it may be too early, never too late. */
        private long earliestCommitMs = Long.MAX_VALUE;

        private boolean hasOwnExpiry;
    }

    private final Map<String, GroupOffsets> byGroup = new LinkedHashMap<>();
    private final Map<String, Set<String>> groupsByTopic = new HashMap<>();
    private long count;

    /** Sets one offset. */
    public void put(String groupId, String topic, int partition, CommittedOffset committed) {
        GroupOffsets group = byGroup.computeIfAbsent(groupId, id -> new GroupOffsets());
        TreeMap<Integer, CommittedOffset> partitions = group.byTopic.get(topic);
        if (partitions == null) {
            partitions = new TreeMap<>();
            group.byTopic.put(topic, partitions);
            groupsByTopic.computeIfAbsent(topic, name -> new LinkedHashSet<>()).add(groupId);
        }
        if (partitions.put(partition, committed) == null) {
            group.count++;
            count++;
        }
        group.earliestCommitMs = Math.min(group.earliestCommitMs, committed.commitTimestampMs());
        group.hasOwnExpiry |= committed.expireTimestampMs() >= 0;
    }

    /** Takes one offset away, if it is there. */
    public void remove(String groupId, String topic, int partition) {
        GroupOffsets group = byGroup.get(groupId);
        if (group == null) return;
        TreeMap<Integer, CommittedOffset> partitions = group.byTopic.get(topic);
        if (partitions == null || partitions.remove(partition) == null) return;
        count--;
        if (partitions.isEmpty()) forgetTopic(groupId, group, topic);
        if (--group.count == 0) byGroup.remove(groupId);
    }

    private void forgetTopic(String groupId, GroupOffsets group, String topic) {
        group.byTopic.remove(topic);
        Set<String> groups = groupsByTopic.get(topic);
        if (groups == null)
            throw new IllegalStateException("topic " + topic + " of group " + groupId + " has no index");
        groups.remove(groupId);
        if (groups.isEmpty()) groupsByTopic.remove(topic);
    }

    /** What a group has committed for one partition, or null. */
    public @Nullable CommittedOffset find(String groupId, String topic, int partition) {
        return topicOffsets(groupId, topic).get(partition);
    }

    /** What a group has committed for a topic, by partition. */
    public NavigableMap<Integer, CommittedOffset> topicOffsets(String groupId, String topic) {
        GroupOffsets group = byGroup.get(groupId);
        if (group == null) return new TreeMap<>();
        TreeMap<Integer, CommittedOffset> partitions = group.byTopic.get(topic);
        return partitions == null ? new TreeMap<>() : partitions;
    }

    /** All that a group has committed, by topic and partition: a view. */
    public Map<String, ? extends NavigableMap<Integer, CommittedOffset>> groupOffsets(String groupId) {
        GroupOffsets group = byGroup.get(groupId);
        return group == null ? Map.of() : group.byTopic;
    }

    /** The groups with an offset for a topic, in the order in which they first committed one. */
    public List<String> groupsWith(String topic) {
        return List.copyOf(groupsByTopic.getOrDefault(topic, Set.of()));
    }

    /** How many offsets a group has. */
    public int count(String groupId) {
        GroupOffsets group = byGroup.get(groupId);
        return group == null ? 0 : group.count;
    }

    /** How many offsets there are. */
    public long count() {
        return count;
    }

    /**
     * Whether none of a group's offsets can have expired, without looking at them all.
     *
     * @param committedBeforeMs offsets committed at this wall-clock time or before may have expired
     */
    public boolean isAllYoungerThan(String groupId, long committedBeforeMs) {
        GroupOffsets group = byGroup.get(groupId);
        return group == null || (!group.hasOwnExpiry && group.earliestCommitMs > committedBeforeMs);
    }

    /** Looks at all offsets of a group, so that {@link #isAllYoungerThan} knows exactly. */
    public void refreshAges(String groupId) {
        GroupOffsets group = byGroup.get(groupId);
        if (group == null) return;
        group.earliestCommitMs = Long.MAX_VALUE;
        group.hasOwnExpiry = false;
        for (TreeMap<Integer, CommittedOffset> partitions : group.byTopic.values()) {
            for (CommittedOffset committed : partitions.values()) {
                group.earliestCommitMs = Math.min(group.earliestCommitMs, committed.commitTimestampMs());
                group.hasOwnExpiry |= committed.expireTimestampMs() >= 0;
            }
        }
    }

    /** The one object for a topic's id that the group's offsets share, so that a million offsets do not hold a million ids. */
    public Uuid shared(String groupId, String topic, Uuid topicId) {
        if (topicId.equals(Uuid.ZERO)) return Uuid.ZERO;
        Map.Entry<Integer, CommittedOffset> first = topicOffsets(groupId, topic).firstEntry();
        return first != null && first.getValue().topicId().equals(topicId)
                ? first.getValue().topicId()
                : topicId;
    }
}
