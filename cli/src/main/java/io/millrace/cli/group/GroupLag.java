package io.millrace.cli.group;

import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.ClientFailure;
import io.millrace.client.CommittedOffset;
import io.millrace.client.GroupDescription;
import io.millrace.client.LogDirListing;
import io.millrace.client.OffsetAdmin;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * How far a group is behind in one partition.
 *
 * @param committed null if nothing is committed
 * @param log what is known of the partition's log
 * @param lagMs how long ago the first record was written that the group has not read; 0 if there is none, empty if it is not known
 * @param member who reads the partition, null if nobody does
 */
record GroupLag(
        TopicPartition partition,
        @Nullable CommittedOffset committed,
        Log log,
        OptionalLong lagMs,
        GroupDescription.@Nullable Member member) {

    /**
     * A partition's log.
     *
     * @param startOffset empty if the partition is gone or has no leader
     * @param endOffset end of what can be read, empty as above
     * @param sizeBytes of its batches; empty if no broker tells
     */
    record Log(OptionalLong startOffset, OptionalLong endOffset, OptionalLong sizeBytes) {
        /** Nothing is known of it. */
        static final Log UNKNOWN = new Log(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty());
    }

    /**
     * Every partition the group has committed or reads, by topic and number.
     *
     * @param nowMs by the wall
     */
    static List<GroupLag> of(Admin admin, GroupDescription group, long nowMs) {
        Map<TopicPartition, CommittedOffset> committed = admin.groups().committedOffsets(group.groupId());
        Map<TopicPartition, GroupDescription.Member> readers = new TreeMap<>();
        for (GroupDescription.Member member : group.members())
            for (TopicPartition partition : member.assignment()) readers.put(partition, member);
        Set<TopicPartition> all = new TreeSet<>(committed.keySet());
        all.addAll(readers.keySet());
        Map<TopicPartition, Log> logs = logs(admin, all);
        Map<TopicPartition, OptionalLong> unread = firstUnread(admin, committed, logs);
        List<GroupLag> lags = new ArrayList<>();
        for (TopicPartition partition : all) {
            OptionalLong since = unread.getOrDefault(partition, OptionalLong.empty());
            OptionalLong lagMs =
                    since.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Math.max(0, nowMs - since.getAsLong()));
            GroupLag lag = new GroupLag(
                    partition,
                    committed.get(partition),
                    logs.getOrDefault(partition, Log.UNKNOWN),
                    lagMs,
                    readers.get(partition));
            boolean isUpToDate = lag.lag().isPresent() && lag.lag().getAsLong() == 0;
            lags.add(isUpToDate ? lag.upToDate() : lag);
        }
        return lags;
    }

    private static Map<TopicPartition, Log> logs(Admin admin, Set<TopicPartition> partitions) {
        Map<TopicPartition, Answer<Long>> starts = admin.offsets().find(partitions, OffsetAdmin.EARLIEST);
        Map<TopicPartition, Answer<Long>> ends = admin.offsets().find(partitions, OffsetAdmin.LATEST);
        Map<TopicPartition, Long> sizes = sizes(admin, partitions);
        Map<TopicPartition, Log> logs = new TreeMap<>();
        for (TopicPartition partition : partitions) {
            Long size = sizes.get(partition);
            logs.put(
                    partition,
                    new Log(
                            offset(starts.get(partition)),
                            offset(ends.get(partition)),
                            size == null ? OptionalLong.empty() : OptionalLong.of(size)));
        }
        return logs;
    }

    /** Of the largest replica. Who may not ask for log directories is told no bytes, rather than nothing at all. */
    private static Map<TopicPartition, Long> sizes(Admin admin, Set<TopicPartition> partitions) {
        Map<TopicPartition, Long> sizes = new TreeMap<>();
        if (partitions.isEmpty()) return sizes;
        for (int brokerId : admin.logDirs().brokerIds()) {
            for (LogDirListing directory : directories(admin, brokerId, partitions))
                for (LogDirListing.Replica replica : directory.replicas())
                    if (!replica.isFuture()) sizes.merge(replica.partition(), replica.sizeBytes(), Math::max);
        }
        return sizes;
    }

    private static List<LogDirListing> directories(Admin admin, int brokerId, Set<TopicPartition> partitions) {
        try {
            return admin.logDirs().describe(brokerId, partitions);
        } catch (ClientFailure.Refused | ClientFailure.NotSupported notTold) {
            return List.of();
        }
    }

    /** Time stamps of the first records not read, in partitions that have any. */
    private static Map<TopicPartition, OptionalLong> firstUnread(
            Admin admin, Map<TopicPartition, CommittedOffset> committed, Map<TopicPartition, Log> logs) {
        Map<TopicPartition, Long> behind = new TreeMap<>();
        committed.forEach((partition, offset) -> {
            Log log = logs.getOrDefault(partition, Log.UNKNOWN);
            if (log.endOffset().isEmpty() || log.endOffset().getAsLong() <= offset.offset()) return;
            behind.put(partition, Math.max(offset.offset(), log.startOffset().orElse(0)));
        });
        Map<TopicPartition, OptionalLong> found = new TreeMap<>();
        admin.offsets().timestampsAt(behind).forEach((partition, answer) -> found.put(partition, offset(answer)));
        return found;
    }

    private static OptionalLong offset(@Nullable Answer<Long> answer) {
        return answer instanceof Answer.Granted<Long>(Long offset) && offset >= 0
                ? OptionalLong.of(offset)
                : OptionalLong.empty();
    }

    private GroupLag upToDate() {
        return new GroupLag(partition, committed, log, OptionalLong.of(0), member);
    }

    /** Offsets between what is committed and the end; 0 if the log was cut behind the group. Empty if one is not known. */
    OptionalLong lag() {
        CommittedOffset known = committed;
        if (known == null || log.endOffset().isEmpty()) return OptionalLong.empty();
        return OptionalLong.of(Math.max(0, log.endOffset().getAsLong() - known.offset()));
    }

    /** The log's bytes in the proportion of the offsets that are not read, which no request asks for exactly. Empty if not known. */
    OptionalLong lagBytes() {
        OptionalLong behind = lag();
        if (behind.isEmpty() || behind.getAsLong() == 0) return behind;
        if (log.startOffset().isEmpty()
                || log.endOffset().isEmpty()
                || log.sizeBytes().isEmpty()) return OptionalLong.empty();
        long offsets = log.endOffset().getAsLong() - log.startOffset().getAsLong();
        if (offsets <= 0) return OptionalLong.of(0);
        double share = Math.min(1, (double) behind.getAsLong() / offsets);
        return OptionalLong.of(Math.round(share * log.sizeBytes().getAsLong()));
    }
}
