package io.millrace.client.assignor;

import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Sticky assignment where members subscribe to different topics: free partitions go to whoever has least and wants them, then
 * partitions move from members with more to members with fewer as long as that evens things out.
 */
final class UnevenStickyAssignment {
    private final TopicLayouts topics;
    private final RackPreference racks;
    private final Map<String, GroupMember> members = new HashMap<>();
    /** By topic, who subscribes to it. */
    private final Map<String, List<String>> subscribers = new TreeMap<>();

    private final Map<String, List<TopicPartition>> assignment;
    private final Map<TopicPartition, String> ownerOf = new HashMap<>();
    /** Where a partition was in an older generation than the newest, which a member that missed a rebalance reports. */
    private final Map<TopicPartition, OlderOwner> olderOwners = new HashMap<>();

    private final PartitionMoves moves = new PartitionMoves();
    /** Members that take part, those with the fewest partitions first. */
    private final TreeSet<String> byLoad;

    private boolean somethingWasTaken;

    private record OlderOwner(String memberId, int generation) {}

    UnevenStickyAssignment(TopicLayouts topics, List<GroupMember> all, PreviousOwners previous, RackPreference racks) {
        this.topics = topics;
        this.racks = racks;
        for (GroupMember member : all) members.put(member.memberId(), member);
        for (GroupMember member : members.values())
            for (String topic : member.topics())
                if (topics.partitionCount(topic) > 0)
                    subscribers
                            .computeIfAbsent(topic, ignored -> new ArrayList<>())
                            .add(member.memberId());
        assignment = previous.byMember();
        byLoad = new TreeSet<>(Comparator.comparingInt(this::load).thenComparing(Comparator.naturalOrder()));
        noteOlderOwners();
        takeWhatIsNotWanted();
        List<TopicPartition> partitions = partitionsByDemand();
        List<TopicPartition> free = new ArrayList<>(
                partitions.stream().filter(it -> !ownerOf.containsKey(it)).toList());
        byLoad.addAll(assignment.keySet());
        balance(partitions, free);
    }

    /** By member id, every member. */
    Map<String, List<TopicPartition>> assignment() {
        return assignment;
    }

    private int load(String memberId) {
        return partitionsOf(memberId).size();
    }

    private List<TopicPartition> partitionsOf(String memberId) {
        return assignment.computeIfAbsent(memberId, ignored -> new ArrayList<>());
    }

    private boolean wants(String memberId, String topic) {
        GroupMember member = members.get(memberId);
        return member != null && member.topics().contains(topic);
    }

    private List<String> subscribersOf(String topic) {
        return subscribers.getOrDefault(topic, List.of());
    }

    private void noteOlderOwners() {
        int newest = members.values().stream()
                .mapToInt(GroupMember::generation)
                .max()
                .orElse(GroupMember.NO_GENERATION);
        for (GroupMember member : members.values()) {
            if (member.generation() >= newest) continue;
            for (TopicPartition partition : member.owned()) {
                OlderOwner known = olderOwners.get(partition);
                if (known == null || member.generation() > known.generation())
                    olderOwners.put(partition, new OlderOwner(member.memberId(), member.generation()));
            }
        }
    }

    private void takeWhatIsNotWanted() {
        assignment.forEach((member, partitions) -> {
            partitions.removeIf(partition -> {
                boolean keeps = wants(member, partition.topic()) && racks.mayHave(member, partition);
                if (!keeps) somethingWasTaken = true;
                return !keeps;
            });
            for (TopicPartition partition : partitions) ownerOf.put(partition, member);
        });
    }

    /** All partitions; those of topics with few subscribers first. */
    private List<TopicPartition> partitionsByDemand() {
        List<String> names = new ArrayList<>(subscribers.keySet());
        names.sort(
                Comparator.comparingInt((String topic) -> subscribersOf(topic).size())
                        .thenComparing(Comparator.naturalOrder()));
        List<TopicPartition> partitions = new ArrayList<>();
        for (String topic : names)
            for (int partition = 0; partition < topics.partitionCount(topic); partition++)
                partitions.add(new TopicPartition(topic, partition));
        return partitions;
    }

    private void balance(List<TopicPartition> partitions, List<TopicPartition> free) {
        boolean isFirst = load(byLoad.last()) == 0;
        if (racks.matter()) for (TopicPartition partition : free) giveToLeastLoaded(partition, true);
        for (TopicPartition partition : free) if (!ownerOf.containsKey(partition)) giveToLeastLoaded(partition, false);

        partitions.removeIf(partition -> !mayMove(partition));
        free.removeIf(partition -> !mayMove(partition));
        Map<String, List<TopicPartition>> settled = new HashMap<>();
        for (String member : members.keySet()) {
            if (takesPart(member)) continue;
            byLoad.remove(member);
            settled.put(member, partitionsOf(member));
            assignment.remove(member);
        }
        Map<String, List<TopicPartition>> before = new HashMap<>();
        assignment.forEach((member, its) -> before.put(member, new ArrayList<>(its)));
        if (!somethingWasTaken) move(free);
        boolean moved = move(partitions);
        if (!isFirst && moved && unevenness(assignment) >= unevenness(before)) {
            assignment.clear();
            assignment.putAll(before);
        }
        assignment.putAll(settled);
    }

    private void giveToLeastLoaded(TopicPartition partition, boolean withinRack) {
        for (String member : byLoad) {
            if (!wants(member, partition.topic())) continue;
            if (withinRack && !racks.mayHave(member, partition)) continue;
            byLoad.remove(member);
            partitionsOf(member).add(partition);
            ownerOf.put(partition, member);
            byLoad.add(member);
            return;
        }
    }

    private boolean mayMove(TopicPartition partition) {
        return subscribersOf(partition.topic()).size() > 1;
    }

    /** Whether the member could get more, or lose something. */
    private boolean takesPart(String member) {
        return load(member) < mostFor(member) || partitionsOf(member).stream().anyMatch(this::mayMove);
    }

    private int mostFor(String memberId) {
        GroupMember member = members.get(memberId);
        return member == null
                ? 0
                : member.topics().stream().mapToInt(topics::partitionCount).sum();
    }

    /** Whether anything was moved. */
    private boolean move(List<TopicPartition> partitions) {
        boolean movedAny = false;
        boolean moved;
        do {
            moved = false;
            for (TopicPartition partition : partitions) {
                if (isBalanced()) break;
                if (moveIfItEvensOut(partition)) {
                    moved = true;
                    movedAny = true;
                }
            }
        } while (moved);
        return movedAny;
    }

    private boolean moveIfItEvensOut(TopicPartition partition) {
        String owner = owner(partition);
        OlderOwner older = olderOwners.get(partition);
        if (older != null && byLoad.contains(older.memberId()) && load(owner) > load(older.memberId()) + 1) {
            moveTo(older.memberId(), partition);
            return true;
        }
        if (firstLessLoaded(partition, load(owner), false) == null) return false;
        for (String member : byLoad) {
            if (!wants(member, partition.topic())) continue;
            moveTo(member, partition);
            return true;
        }
        return false;
    }

    private @Nullable String firstLessLoaded(TopicPartition partition, int load, boolean withinRack) {
        for (String member : subscribersOf(partition.topic())) {
            if (withinRack && !racks.isInRackOf(member, partition)) continue;
            if (load > load(member) + 1) return member;
        }
        return null;
    }

    private String owner(TopicPartition partition) {
        String owner = ownerOf.get(partition);
        if (owner == null) throw new IllegalStateException(partition + " was given to nobody");
        return owner;
    }

    /** Moves the partition, or another of its topic whose move back has the same effect on both members. */
    private void moveTo(String member, TopicPartition partition) {
        String owner = owner(partition);
        TopicPartition moved = moves.insteadOf(partition, owner, member);
        String from = owner(moved);
        byLoad.remove(from);
        byLoad.remove(member);
        moves.note(moved, from, member);
        partitionsOf(from).remove(moved);
        partitionsOf(member).add(moved);
        ownerOf.put(moved, member);
        byLoad.add(member);
        byLoad.add(from);
    }

    private boolean isBalanced() {
        if (load(byLoad.first()) >= load(byLoad.last()) - 1) return true;
        for (String member : byLoad) {
            int load = load(member);
            if (load == mostFor(member)) continue;
            GroupMember its = members.get(member);
            if (its == null) continue;
            Set<TopicPartition> has = new HashSet<>(partitionsOf(member));
            for (String topic : its.topics()) {
                for (int number = 0; number < topics.partitionCount(topic); number++) {
                    TopicPartition partition = new TopicPartition(topic, number);
                    if (!has.contains(partition) && load + 1 < load(owner(partition))) return false;
                }
            }
        }
        return true;
    }

    /** The sum of the differences between any two members' loads: 0 if all have the same. */
    private static int unevenness(Map<String, List<TopicPartition>> assignment) {
        int[] loads = assignment.values().stream().mapToInt(List::size).sorted().toArray();
        int sum = 0;
        for (int at = 0; at < loads.length; at++) sum += loads[at] * (2 * at - loads.length + 1);
        return sum;
    }
}
