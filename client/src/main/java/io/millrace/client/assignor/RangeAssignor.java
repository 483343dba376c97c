package io.millrace.client.assignor;

import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Cuts each topic by itself into as many runs of neighbouring partitions as it has subscribers, the first of which get one more
 * where it does not come out even: partitions of the same number go together when topics have as many partitions and the same
 * subscribers. Where racks tell members and replicas apart, members are first given partitions of their own rack, as far as
 * their share goes (KIP-881). {@code partition.assignment.strategy} range.
 */
public final class RangeAssignor implements Assignor {
    @Override
    public String name() {
        return "range";
    }

    @Override
    public Map<String, List<TopicPartition>> assign(TopicLayouts topics, List<GroupMember> members) {
        Assignment assignment = new Assignment(members);
        Map<String, List<GroupMember>> subscribers = new TreeMap<>();
        for (GroupMember member :
                members.stream().sorted(GroupMember.STATIC_FIRST).toList()) {
            for (String topic : member.topics())
                subscribers.computeIfAbsent(topic, ignored -> new ArrayList<>()).add(member);
        }
        List<TopicShares> shares = new ArrayList<>();
        subscribers.forEach((topic, subscribed) -> {
            if (topics.partitionCount(topic) > 0) shares.add(new TopicShares(topic, subscribed, topics, assignment));
        });
        if (shares.stream().anyMatch(TopicShares::racksMatter)) matchRacks(shares);
        for (TopicShares topic : shares) topic.giveRuns((member, partition) -> true);
        return assignment.sorted();
    }

    /** Topics with the same subscribers and partition count are co-partitioned: their partitions of one number stay together. */
    private static void matchRacks(List<TopicShares> shares) {
        record Kind(List<GroupMember> subscribers, int partitionCount) {}
        Map<Kind, List<TopicShares>> byKind = new LinkedHashMap<>();
        for (TopicShares topic : shares)
            byKind.computeIfAbsent(new Kind(topic.subscribers, topic.partitionCount), ignored -> new ArrayList<>())
                    .add(topic);
        byKind.forEach((kind, alike) -> {
            if (alike.size() > 1) matchRacksTogether(kind.subscribers(), kind.partitionCount(), alike);
            else if (alike.getFirst().racksMatter()) alike.getFirst().giveRuns(alike.getFirst()::isInRackOf);
        });
    }

    private static void matchRacksTogether(List<GroupMember> subscribers, int partitionCount, List<TopicShares> alike) {
        Set<GroupMember> wanting = new LinkedHashSet<>(subscribers);
        for (int partition = 0; partition < partitionCount && !wanting.isEmpty(); partition++) {
            GroupMember taker = null;
            for (GroupMember member : wanting) {
                int number = partition;
                if (alike.stream().allMatch(it -> it.isInRackOf(member, number) && it.mayTake(member) > 0)) {
                    taker = member;
                    break;
                }
            }
            if (taker == null) continue;
            boolean wantsMore = false;
            for (TopicShares topic : alike) {
                topic.give(taker, List.of(partition));
                wantsMore |= topic.mayTake(taker) > 0;
            }
            if (!wantsMore) wanting.remove(taker);
        }
    }

    /** One topic while it is shared out: who still gets how many. */
    private static final class TopicShares {
        private final String topic;
        private final List<GroupMember> subscribers;
        private final int partitionCount;
        private final TopicLayouts topics;
        private final Assignment assignment;
        private final TreeSet<Integer> free = new TreeSet<>();
        private final Map<String, Integer> taken = new HashMap<>();
        private final int evenShare;
        private final boolean racksMatter;
        private int largerShares;

        TopicShares(String topic, List<GroupMember> subscribers, TopicLayouts topics, Assignment assignment) {
            this.topic = topic;
            this.subscribers = subscribers;
            this.partitionCount = topics.partitionCount(topic);
            this.topics = topics;
            this.assignment = assignment;
            for (int partition = 0; partition < partitionCount; partition++) free.add(partition);
            evenShare = partitionCount / subscribers.size();
            largerShares = partitionCount % subscribers.size();
            Set<String> memberRacks = new TreeSet<>();
            for (GroupMember member : subscribers) {
                String rack = member.rack();
                if (rack != null) memberRacks.add(rack);
            }
            racksMatter = topics.racksMatterFor(topic, memberRacks);
        }

        boolean racksMatter() {
            return racksMatter;
        }

        boolean isInRackOf(GroupMember member, int partition) {
            @Nullable String rack = member.rack();
            return rack == null || topics.racksOf(topic, partition).contains(rack);
        }

        int mayTake(GroupMember member) {
            int share = evenShare + (largerShares > 0 ? 1 : 0);
            return Math.max(0, share - taken.getOrDefault(member.memberId(), 0));
        }

        /** Gives each subscriber in turn the lowest free partitions it may have, as many as are left of its share. */
        void giveRuns(BiPredicate<GroupMember, Integer> mayHave) {
            for (GroupMember member : subscribers) {
                List<Integer> run = free.stream()
                        .filter(partition -> mayHave.test(member, partition))
                        .limit(mayTake(member))
                        .toList();
                if (!run.isEmpty()) give(member, run);
            }
        }

        void give(GroupMember member, List<Integer> partitions) {
            int now = taken.merge(member.memberId(), partitions.size(), Integer::sum);
            if (now > evenShare) largerShares--;
            free.removeAll(partitions);
            for (int partition : partitions) assignment.give(member, new TopicPartition(topic, partition));
        }
    }
}
