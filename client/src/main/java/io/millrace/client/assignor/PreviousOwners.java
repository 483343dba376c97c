package io.millrace.client.assignor;

import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who owned which partition before this rebalance. Of two members that both say so the one of the newer generation is believed;
 * of two of the same generation neither, as both may still read it (KIP-792).
 */
final class PreviousOwners {
    /** By member id; every member is there. Strings hash alike everywhere, so the order is the same in every run. */
    private final Map<String, List<TopicPartition>> partitions = new HashMap<>();

    private final Map<String, Integer> generations = new HashMap<>();
    private final Map<TopicPartition, String> owners = new HashMap<>();
    private final Set<TopicPartition> disputed = new HashSet<>();

    PreviousOwners(TopicLayouts topics, List<GroupMember> members) {
        Map<String, GroupMember> byId = new HashMap<>();
        for (GroupMember member : members) byId.put(member.memberId(), member);
        for (GroupMember member : byId.values()) {
            partitions.put(member.memberId(), new ArrayList<>());
            generations.put(member.memberId(), member.generation());
            for (TopicPartition partition : member.owned())
                if (partition.partition() < topics.partitionCount(partition.topic())) claim(member, partition);
        }
    }

    private void claim(GroupMember member, TopicPartition partition) {
        String other = owners.get(partition);
        if (other != null) {
            int difference = Integer.compare(member.generation(), generations.getOrDefault(other, Integer.MIN_VALUE));
            if (difference < 0) return;
            of(other).remove(partition);
            if (difference == 0) {
                disputed.add(partition);
                owners.put(partition, member.memberId());
                return;
            }
        }
        owners.put(partition, member.memberId());
        of(member.memberId()).add(partition);
    }

    /** What the member owned and may keep. The list is the caller's to change. */
    List<TopicPartition> of(String memberId) {
        return partitions.computeIfAbsent(memberId, ignored -> new ArrayList<>());
    }

    /** Of all members, in the order in which they are looked at. */
    Map<String, List<TopicPartition>> byMember() {
        return partitions;
    }

    /** Partitions that more than one member of the same generation says it owns. */
    Set<TopicPartition> disputed() {
        return disputed;
    }
}
