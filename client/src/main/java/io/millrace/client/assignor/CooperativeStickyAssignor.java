package io.millrace.client.assignor;

import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@link StickyAssignor}'s assignment, less the partitions that another member still reads: those are given to nobody now, and
 * to their new owner in the rebalance that follows once the old one has let them go (KIP-429). {@code
 * partition.assignment.strategy} cooperative-sticky.
 */
public final class CooperativeStickyAssignor implements Assignor {
    @Override
    public String name() {
        return "cooperative-sticky";
    }

    @Override
    public boolean isCooperative() {
        return true;
    }

    @Override
    public Map<String, List<TopicPartition>> assign(TopicLayouts topics, List<GroupMember> members) {
        StickyAssignment sticky = StickyAssignment.of(topics, members);
        Map<String, List<TopicPartition>> assignment = new LinkedHashMap<>();
        sticky.assignment().forEach((member, partitions) -> {
            List<TopicPartition> now = new ArrayList<>();
            for (TopicPartition partition : partitions)
                if (!member.equals(sticky.changingHands().get(partition))) now.add(partition);
            assignment.put(member, now);
        });
        return assignment;
    }
}
