package io.millrace.client.assignor;

import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** An assignment while it is made: every member has a list, be it empty. */
final class Assignment {
    private final Map<String, List<TopicPartition>> byMember = new TreeMap<>();

    Assignment(List<GroupMember> members) {
        for (GroupMember member : members) byMember.put(member.memberId(), new ArrayList<>());
    }

    void give(GroupMember member, TopicPartition partition) {
        byMember.computeIfAbsent(member.memberId(), ignored -> new ArrayList<>())
                .add(partition);
    }

    /** By member id; each member's partitions by topic and number. */
    Map<String, List<TopicPartition>> sorted() {
        for (List<TopicPartition> partitions : byMember.values()) partitions.sort(null);
        return byMember;
    }
}
