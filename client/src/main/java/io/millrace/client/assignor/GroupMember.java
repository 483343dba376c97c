package io.millrace.client.assignor;

import io.millrace.records.TopicPartition;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A member of a group as its leader learns of it in the JoinGroup response (schema ConsumerProtocolSubscription).
 *
 * @param memberId given by the coordinator
 * @param instanceId the name of a static member (KIP-345), null for others
 * @param topics what it subscribes to
 * @param owned what it held before this rebalance, empty if nothing (KIP-429)
 * @param generation in which it came to hold that, {@link #NO_GENERATION} if it does not say (KIP-792)
 * @param rack where it is, null if it does not say (KIP-881)
 */
public record GroupMember(
        String memberId,
        @Nullable String instanceId,
        SortedSet<String> topics,
        List<TopicPartition> owned,
        int generation,
        @Nullable String rack) {
    /** A member that does not say in which generation it held what it owns. */
    public static final int NO_GENERATION = -1;

    /** Static members first, by instance id; then the others, by member id: so static members keep their places. */
    static final Comparator<GroupMember> STATIC_FIRST = Comparator.comparing(
                    GroupMember::instanceId, Comparator.nullsLast(Comparator.naturalOrder()))
            .thenComparing(GroupMember::memberId);

    public GroupMember {
        topics = Collections.unmodifiableSortedSet(new TreeSet<>(topics));
        owned = List.copyOf(owned);
    }
}
