package io.millrace.cli.group;

import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.CommittedOffset;
import io.millrace.client.GroupDescription;
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
 * @param logEndOffset end of what can be read, empty if the partition is gone or has no leader
 * @param member who reads the partition, null if nobody does
 */
record GroupLag(
        TopicPartition partition,
        @Nullable CommittedOffset committed,
        OptionalLong logEndOffset,
        GroupDescription.@Nullable Member member) {

    /** Every partition the group has committed or reads, by topic and number. */
    static List<GroupLag> of(Admin admin, GroupDescription group) {
        Map<TopicPartition, CommittedOffset> committed = admin.groups().committedOffsets(group.groupId());
        Map<TopicPartition, GroupDescription.Member> readers = new TreeMap<>();
        for (GroupDescription.Member member : group.members())
            for (TopicPartition partition : member.assignment()) readers.put(partition, member);
        Set<TopicPartition> all = new TreeSet<>(committed.keySet());
        all.addAll(readers.keySet());
        Map<TopicPartition, Answer<Long>> ends = admin.offsets().find(all, OffsetAdmin.LATEST);
        List<GroupLag> lags = new ArrayList<>();
        for (TopicPartition partition : all)
            lags.add(new GroupLag(
                    partition, committed.get(partition), end(ends.get(partition)), readers.get(partition)));
        return lags;
    }

    private static OptionalLong end(@Nullable Answer<Long> answer) {
        return answer instanceof Answer.Granted<Long>(Long offset) ? OptionalLong.of(offset) : OptionalLong.empty();
    }

    /** Offsets between what is committed and the end; 0 if the log was cut behind the group. Empty if one is not known. */
    OptionalLong lag() {
        CommittedOffset known = committed;
        if (known == null || logEndOffset.isEmpty()) return OptionalLong.empty();
        return OptionalLong.of(Math.max(0, logEndOffset.getAsLong() - known.offset()));
    }
}
