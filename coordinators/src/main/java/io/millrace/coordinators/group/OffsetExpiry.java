package io.millrace.coordinators.group;

import io.millrace.coordinators.group.offsets.CommittedOffset;
import io.millrace.coordinators.group.offsets.OffsetStore;
import io.millrace.coordinators.group.offsets.OpenTransactions;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Queue;

/**
 * Takes away, bit by bit, what nobody needs: offsets whose time is up, groups without members and offsets (KIP-211), and
 * offsets of deleted topics. A sweep begins every check interval and goes on until every group was looked at, a bounded
 * piece of work at each wake.
 *
 * <p>While members rebalance nothing expires (KAFKA-13636); in a stable group of consumers only what it does not consume.
 */
final class OffsetExpiry {
    private static final int GROUPS_PER_WAKE = 1_000;
    private static final int RECORDS_PER_WAKE = 5_000;

    private final GroupLimits limits;
    private final GroupDirectory directory;
    private final OffsetStore offsets;
    private final OpenTransactions transactions;
    private final Deadlines deadlines;
    private final Deadline nextSweep = new Deadline(this::sweepDue);
    private final Deadline nextDeletion = new Deadline(this::topicsDeletedDue);
    private final Queue<String> toSweep = new ArrayDeque<>();
    /** Groups whose offsets of a deleted topic are still to go. */
    private final Queue<DeletedTopicOfGroup> toForget = new ArrayDeque<>();

    private record DeletedTopicOfGroup(DeletedTopic topic, String groupId) {}

    OffsetExpiry(
            GroupLimits limits,
            GroupDirectory directory,
            OffsetStore offsets,
            OpenTransactions transactions,
            Deadlines deadlines) {
        this.limits = limits;
        this.directory = directory;
        this.offsets = offsets;
        this.transactions = transactions;
        this.deadlines = deadlines;
    }

    void start(Turn turn) {
        deadlines.set(nextSweep, turn.nowMs() + limits.offsetsRetentionCheckIntervalMs());
    }

    /** Topics are gone: their offsets go at the next wakes. */
    void topicsDeleted(Iterable<DeletedTopic> topics, Turn turn) {
        for (DeletedTopic topic : topics) {
            for (String groupId : offsets.groupsWith(topic.name())) {
                toForget.add(new DeletedTopicOfGroup(topic, groupId));
            }
        }
        if (!toForget.isEmpty()) deadlines.set(nextDeletion, turn.nowMs());
    }

    private void topicsDeletedDue(Turn turn) {
        while (!toForget.isEmpty() && turn.recordCount() < RECORDS_PER_WAKE) {
            DeletedTopicOfGroup one = toForget.remove();
            for (Map.Entry<Integer, CommittedOffset> committed :
                    offsets.topicOffsets(one.groupId, one.topic.name()).entrySet()) {
                if (one.topic.owns(committed.getValue().topicId())) {
                    turn.write(GroupRecords.offsetTombstone(one.groupId, one.topic.name(), committed.getKey()));
                }
            }
        }
        if (!toForget.isEmpty()) deadlines.set(nextDeletion, turn.nowMs());
    }

    private void sweepDue(Turn turn) {
        if (toSweep.isEmpty()) toSweep.addAll(directory.groupIds());
        for (int groups = 0; groups < GROUPS_PER_WAKE; groups++) {
            String groupId = toSweep.peek();
            if (groupId == null || turn.recordCount() >= RECORDS_PER_WAKE) break;
            ClassicGroup group = directory.find(groupId);
            if (group == null || sweep(group, turn)) toSweep.remove();
        }
        deadlines.set(nextSweep, turn.nowMs() + (toSweep.isEmpty() ? limits.offsetsRetentionCheckIntervalMs() : 0));
    }

    /** Whether all that could go has gone; otherwise the rest is for the next wake. */
    private boolean sweep(ClassicGroup group, Turn turn) {
        int before = turn.recordCount();
        boolean isDone = !mayExpire(group, turn) || expire(group, turn);
        int gone = turn.recordCount() - before;
        boolean isUnused = group.isIn(ClassicGroupState.EMPTY)
                && group.pendingJoins().isEmpty()
                && gone == offsets.count(group.groupId)
                && !transactions.touch(group.groupId);
        if (isDone && isUnused) turn.write(GroupRecords.groupTombstone(group.groupId));
        return isDone;
    }

    /** Whether anything of it may go, without a look at its offsets. */
    private boolean mayExpire(ClassicGroup group, Turn turn) {
        boolean isOpen = group.isIn(ClassicGroupState.EMPTY)
                || (group.isIn(ClassicGroupState.STABLE) && group.knowsSubscriptions());
        return isOpen && !offsets.isAllYoungerThan(group.groupId, turn.wallMs() - limits.offsetsRetentionMs());
    }

    private boolean expire(ClassicGroup group, Turn turn) {
        offsets.refreshAges(group.groupId);
        // An empty group's offsets live on from the moment it became empty; a simple group has no such moment.
        boolean hasBecomeEmpty = group.isIn(ClassicGroupState.EMPTY) && group.protocolType() != null;
        long emptySinceMs = hasBecomeEmpty ? group.stateSinceWallMs() : -1;
        for (Map.Entry<String, ? extends NavigableMap<Integer, CommittedOffset>> topic :
                offsets.groupOffsets(group.groupId).entrySet()) {
            if (group.isSubscribedTo(topic.getKey())) continue;
            for (Map.Entry<Integer, CommittedOffset> one : topic.getValue().entrySet()) {
                CommittedOffset committed = one.getValue();
                long sinceMs = Math.max(emptySinceMs, committed.commitTimestampMs());
                if (!isExpired(committed, sinceMs, turn.wallMs())) continue;
                if (transactions.touch(group.groupId, topic.getKey(), one.getKey())) continue;
                if (turn.recordCount() >= RECORDS_PER_WAKE) return false;
                turn.write(GroupRecords.offsetTombstone(group.groupId, topic.getKey(), one.getKey()));
            }
        }
        return true;
    }

    private boolean isExpired(CommittedOffset committed, long sinceWallMs, long wallMs) {
        if (committed.expireTimestampMs() >= 0) return wallMs >= committed.expireTimestampMs();
        return wallMs - sinceWallMs >= limits.offsetsRetentionMs();
    }
}
