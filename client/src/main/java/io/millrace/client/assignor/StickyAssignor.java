package io.millrace.client.assignor;

import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Map;

/**
 * As even as can be, and of all such assignments one that moves few partitions (KIP-54). Members give up everything before they
 * join, so that what moves may be read by its new owner at once. {@code partition.assignment.strategy} sticky.
 */
public final class StickyAssignor implements Assignor {
    @Override
    public String name() {
        return "sticky";
    }

    @Override
    public Map<String, List<TopicPartition>> assign(TopicLayouts topics, List<GroupMember> members) {
        return StickyAssignment.of(topics, members).assignment();
    }
}
