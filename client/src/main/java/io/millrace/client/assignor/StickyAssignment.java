package io.millrace.client.assignor;

import io.millrace.records.TopicPartition;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the sticky assignors work out.
 *
 * @param assignment by member id, every member
 * @param changingHands partitions given to another member than the one that had them, by their new member
 */
record StickyAssignment(Map<String, List<TopicPartition>> assignment, Map<TopicPartition, String> changingHands) {
    static StickyAssignment of(TopicLayouts all, List<GroupMember> members) {
        Set<String> subscribed = new HashSet<>();
        for (GroupMember member : members) subscribed.addAll(member.topics());
        TopicLayouts topics = all.only(subscribed);
        PreviousOwners previous = new PreviousOwners(topics, members);
        RackPreference racks = new RackPreference(topics, members);
        if (allWantTheSame(members)) {
            var even = new EvenStickyAssignment(topics, previous, racks);
            return new StickyAssignment(even.assignment(), even.changingHands());
        }
        Map<String, List<TopicPartition>> assignment =
                new UnevenStickyAssignment(topics, members, previous, racks).assignment();
        return new StickyAssignment(assignment, changed(members, assignment));
    }

    private static boolean allWantTheSame(List<GroupMember> members) {
        return members.stream().map(GroupMember::topics).distinct().count() == 1;
    }

    private static Map<TopicPartition, String> changed(
            List<GroupMember> members, Map<String, List<TopicPartition>> assignment) {
        Map<TopicPartition, String> gained = new HashMap<>();
        Set<TopicPartition> lost = new HashSet<>();
        for (GroupMember member : members) {
            Set<TopicPartition> had = new HashSet<>(member.owned());
            Set<TopicPartition> has = new HashSet<>(assignment.getOrDefault(member.memberId(), List.of()));
            for (TopicPartition partition : has) if (!had.contains(partition)) gained.put(partition, member.memberId());
            for (TopicPartition partition : had) if (!has.contains(partition)) lost.add(partition);
        }
        gained.keySet().retainAll(lost);
        return gained;
    }
}
