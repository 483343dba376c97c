package io.millrace.client.assignor;

import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Deals all partitions, topic by topic, to the members in turn, as one deals cards; a member that does not subscribe to the
 * topic is passed over. {@code partition.assignment.strategy} roundrobin.
 */
public final class RoundRobinAssignor implements Assignor {
    @Override
    public String name() {
        return "roundrobin";
    }

    @Override
    public Map<String, List<TopicPartition>> assign(TopicLayouts topics, List<GroupMember> members) {
        Assignment assignment = new Assignment(members);
        List<GroupMember> inTurn =
                members.stream().sorted(GroupMember.STATIC_FIRST).toList();
        TreeSet<String> subscribed = new TreeSet<>();
        for (GroupMember member : members) subscribed.addAll(member.topics());
        int next = 0;
        for (String topic : subscribed) {
            for (int partition = 0; partition < topics.partitionCount(topic); partition++) {
                while (!inTurn.get(next).topics().contains(topic)) next = (next + 1) % inTurn.size();
                assignment.give(inTurn.get(next), new TopicPartition(topic, partition));
                next = (next + 1) % inTurn.size();
            }
        }
        return assignment.sorted();
    }
}
