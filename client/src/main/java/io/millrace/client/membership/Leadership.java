package io.millrace.client.membership;

import io.millrace.client.assignor.TopicLayouts;
import io.millrace.protocol.messages.SyncGroupRequest;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a member knows as a leader, if it is one: the topics of all members, by when it shares them out, and when it has to do so anew. */
final class Leadership {
    private static final long NEVER = Long.MAX_VALUE;

    private final MembershipRules rules;
    private @Nullable GroupLeader leader;
    private TopicLayouts layouts = new TopicLayouts(new TreeMap<>());
    private Set<String> knownTopics = Set.of();
    private long assignByMs = NEVER;
    /** By when all that was to change hands has, or somebody is not there any more who was to see to it. */
    private long allGivenByMs = NEVER;

    Leadership(MembershipRules rules) {
        this.rules = rules;
    }

    /** More is known of topics; it may lead later on. */
    void learned(TopicLayouts learned, Set<String> known) {
        layouts = learned;
        knownTopics = Set.copyOf(known);
    }

    /** It leads a generation. */
    void begin(GroupLeader itsLeader, long nowMs) {
        leader = itsLeader;
        assignByMs = nowMs + rules.requestTimeoutMs();
    }

    /** It does not lead, or not any more. */
    void end() {
        leader = null;
    }

    /** When it shares out what it knows of, though topics are missing. */
    long assignByMs() {
        return assignByMs;
    }

    /** When {@link #reasonToJoinAgain} may have one by time alone; {@link Long#MAX_VALUE} for never. */
    long allGivenByMs() {
        return leader == null ? NEVER : allGivenByMs;
    }

    /** Shares out; null while topics of a member are not known yet, and may be soon. */
    @Nullable
    List<SyncGroupRequest.SyncGroupRequestAssignment> assign(long nowMs) {
        GroupLeader leading = leader;
        if (leading == null) throw new IllegalStateException("a member assigns that does not lead");
        if (!knownTopics.containsAll(leading.topics()) && nowMs < assignByMs) return null;
        List<SyncGroupRequest.SyncGroupRequestAssignment> assignments = leading.assign(layouts);
        allGivenByMs = leading.isAllGiven() ? NEVER : nowMs + rules.maxPollMs();
        return assignments;
    }

    /** Why what was shared out does not hold any more; empty if it does, or is not this member's affair. */
    String reasonToJoinAgain(long nowMs) {
        if (leader == null) return "";
        if (leader.isOutdated(layouts)) return "topics of the group changed";
        // A static member that was put out while it gave partitions up comes back without a rebalance, and knows
        // nothing of them.
        return nowMs >= allGivenByMs
                ? "partitions were given up, and nobody has joined to have them given to others"
                : "";
    }
}
