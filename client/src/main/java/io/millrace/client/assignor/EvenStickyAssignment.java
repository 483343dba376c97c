package io.millrace.client.assignor;

import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Sticky assignment where all members subscribe to the same topics: everyone gets the smaller or the larger even share, keeps of
 * what it owned as much as fits, and the rest is dealt round robin to those short of a share.
 */
final class EvenStickyAssignment {
    private static final Comparator<TopicPartition> BY_NUMBER =
            Comparator.comparingInt(TopicPartition::partition).thenComparing(TopicPartition::topic);

    private final PreviousOwners previous;
    private final RackPreference racks;
    private final int smallShare;
    private final int largeShare;
    private int largeSharesLeft;

    private final Map<String, List<TopicPartition>> assignment = new HashMap<>();
    private final Set<TopicPartition> kept = new HashSet<>();
    private final Set<TopicPartition> revoked = new HashSet<>();
    private final Map<TopicPartition, String> changingHands = new HashMap<>();
    private final List<String> belowSmallShare = new ArrayList<>();
    /** May get one more, as long as there are large shares left. */
    private final List<String> atSmallShare = new ArrayList<>();

    EvenStickyAssignment(TopicLayouts topics, PreviousOwners previous, RackPreference racks) {
        this.previous = previous;
        this.racks = racks;
        List<TopicPartition> all = topics.allPartitions();
        int memberCount = previous.byMember().size();
        smallShare = all.size() / memberCount;
        largeSharesLeft = all.size() % memberCount;
        largeShare = smallShare + (largeSharesLeft > 0 ? 1 : 0);
        keepWhatFits();
        Collections.sort(belowSmallShare);
        Collections.sort(atSmallShare);
        List<TopicPartition> free = new ArrayList<>(
                all.stream().filter(partition -> !kept.contains(partition)).toList());
        racks.sortScarceFirst(free);
        dealWithinRacks(free);
        deal(free);
    }

    /** By member id, every member. */
    Map<String, List<TopicPartition>> assignment() {
        return assignment;
    }

    /** Partitions given to a member while another may still own them, by their new member. */
    Map<TopicPartition, String> changingHands() {
        return changingHands;
    }

    private void keepWhatFits() {
        previous.byMember().forEach((member, allOwned) -> {
            List<TopicPartition> owned = allOwned.stream()
                    .filter(partition -> racks.mayHave(member, partition))
                    .filter(partition -> !previous.disputed().contains(partition))
                    .sorted(BY_NUMBER)
                    .toList();
            int keeps;
            if (owned.size() < smallShare) {
                keeps = owned.size();
                belowSmallShare.add(member);
            } else if (owned.size() >= largeShare && largeSharesLeft > 0) {
                keeps = largeShare;
                if (--largeSharesLeft == 0) atSmallShare.clear();
            } else {
                keeps = smallShare;
                if (largeSharesLeft > 0) atSmallShare.add(member);
            }
            assignment.put(member, new ArrayList<>(owned.subList(0, keeps)));
            kept.addAll(owned.subList(0, keeps));
            revoked.addAll(allOwned);
        });
        revoked.removeAll(kept);
        revoked.addAll(previous.disputed());
    }

    /** Gives partitions to members of their racks that have room, and takes those given out of the list. */
    private void dealWithinRacks(List<TopicPartition> free) {
        if (!racks.matter()) return;
        int next = 0;
        for (Iterator<TopicPartition> it = free.iterator(); it.hasNext(); ) {
            TopicPartition partition = it.next();
            int at = racks.nextInRack(partition, belowSmallShare, next);
            if (at >= 0) {
                it.remove();
                next = give(partition, belowSmallShare.get(at)) ? at : at + 1;
                continue;
            }
            int full = racks.nextInRack(partition, atSmallShare, 0);
            if (full < 0) continue;
            it.remove();
            give(partition, atSmallShare.get(full));
        }
    }

    private void deal(List<TopicPartition> free) {
        int next = 0;
        List<String> candidates = belowSmallShare;
        for (TopicPartition partition : free) {
            if (next >= candidates.size()) {
                candidates = belowSmallShare.isEmpty() ? atSmallShare : belowSmallShare;
                next = 0;
            }
            if (!give(partition, candidates.get(next))) next++;
        }
    }

    /** Whether the member has left the list it was in. */
    private boolean give(TopicPartition partition, String member) {
        List<TopicPartition> its = assignment.computeIfAbsent(member, ignored -> new ArrayList<>());
        its.add(partition);
        if (revoked.contains(partition) && !previous.of(member).contains(partition))
            changingHands.put(partition, member);
        if (its.size() == smallShare) {
            belowSmallShare.remove(member);
            if (largeSharesLeft > 0) atSmallShare.add(member);
            return true;
        }
        if (its.size() == largeShare) {
            if (--largeSharesLeft == 0) {
                belowSmallShare.remove(member);
                atSmallShare.clear();
            } else {
                atSmallShare.remove(member);
            }
            return true;
        }
        return false;
    }
}
