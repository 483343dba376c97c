package io.millrace.coordinators.group;

import io.millrace.coordinators.shard.Reply;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.GroupMetadataValue;
import io.millrace.protocol.messages.JoinGroupRequest;
import io.millrace.protocol.messages.JoinGroupResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One classic group: its members and where it stands. Holds the counts that make its questions cheap; decides nothing.
 * {@link #stored} is what the log says of it and is changed by replay alone; all else is the leader's own knowledge, made
 * from it when the shard is loaded.
 */
final class ClassicGroup {
    /** The protocol type of consumers, whose subscriptions the coordinator can read. */
    static final String CONSUMER = "consumer";

    final String groupId;
    private @Nullable GroupMetadataValue stored;
    private long lastMetadataOffset = -1;
    private long lastCommitOffset = -1;

    private ClassicGroupState state = ClassicGroupState.EMPTY;
    private long stateSinceWallMs;
    private @Nullable String protocolType;
    private @Nullable String protocolName;
    private int generation;
    private @Nullable String leaderId;
    private final LinkedHashMap<String, ClassicMember> members = new LinkedHashMap<>();
    private final Map<String, String> memberIdByInstance = new LinkedHashMap<>();
    private final Map<String, Integer> supportCounts = new LinkedHashMap<>();
    private int awaitingJoinCount;
    /** Has a member id, has not joined with it yet (KIP-394). */
    private final Map<String, Deadline> pendingJoins = new LinkedHashMap<>();

    private final Set<String> pendingSyncs = new LinkedHashSet<>();

    /** While preparing the first generation after being empty. */
    boolean isInitialRebalance;
    /** Of the initial rebalance: whether someone came since the delay last began. */
    boolean hasNewJoiner;
    /** Of the initial rebalance: by how much the delay can still be prolonged. */
    int remainingDelayMs;

    final Deadline joinDeadline;
    final Deadline syncDeadline;
    private @Nullable Subscriptions subscriptions;

    ClassicGroup(String groupId, Deadline.Due joinDue, Deadline.Due syncDue) {
        this.groupId = groupId;
        this.joinDeadline = new Deadline(joinDue);
        this.syncDeadline = new Deadline(syncDue);
    }

    // What the log says.

    @Nullable
    GroupMetadataValue stored() {
        return stored;
    }

    void store(@Nullable GroupMetadataValue value, long offset) {
        stored = value;
        lastMetadataOffset = offset;
    }

    long lastMetadataOffset() {
        return lastMetadataOffset;
    }

    long lastCommitOffset() {
        return lastCommitOffset;
    }

    void offsetsChangedAt(long offset) {
        lastCommitOffset = offset;
    }

    /** Takes the generation over that the log holds; members are added after it. */
    void restore(GroupMetadataValue value) {
        protocolType = value.protocolType().isEmpty() ? null : value.protocolType();
        protocolName = value.protocol();
        generation = value.generation();
        leaderId = value.leader();
        stateSinceWallMs = value.currentStateTimestamp();
        state = value.members().isEmpty() ? ClassicGroupState.EMPTY : ClassicGroupState.STABLE;
    }

    // Where it stands.

    ClassicGroupState state() {
        return state;
    }

    boolean isIn(ClassicGroupState one) {
        return state == one;
    }

    void moveTo(ClassicGroupState next, long wallMs) {
        state = next;
        stateSinceWallMs = wallMs;
    }

    /** Wall-clock time of the last change of state; -1 if it is not known (records before version 2). */
    long stateSinceWallMs() {
        return stateSinceWallMs;
    }

    int generation() {
        return generation;
    }

    @Nullable
    String protocolType() {
        return protocolType;
    }

    @Nullable
    String protocolName() {
        return protocolName;
    }

    @Nullable
    String leaderId() {
        return leaderId;
    }

    boolean isLeader(String memberId) {
        return memberId.equals(leaderId);
    }

    boolean isConsumerType() {
        return CONSUMER.equals(protocolType);
    }

    /** Begins the next generation: with a protocol and its assignment to come, or empty. */
    void nextGeneration(long wallMs) {
        generation++;
        pendingSyncs.clear();
        subscriptions = null;
        isInitialRebalance = false;
        if (members.isEmpty()) {
            protocolName = null;
            moveTo(ClassicGroupState.EMPTY, wallMs);
        } else {
            protocolName = selectProtocol(null, List.of());
            moveTo(ClassicGroupState.COMPLETING_REBALANCE, wallMs);
        }
    }

    // Members.

    Collection<ClassicMember> members() {
        return members.values();
    }

    int size() {
        return members.size();
    }

    @Nullable
    ClassicMember member(String memberId) {
        return members.get(memberId);
    }

    @Nullable
    ClassicMember staticMember(@Nullable String groupInstanceId) {
        if (groupInstanceId == null) return null;
        String memberId = memberIdByInstance.get(groupInstanceId);
        return memberId == null ? null : members.get(memberId);
    }

    /** NONE if it is a member; FENCED_INSTANCE_ID if another holds its instance id now (KIP-345); UNKNOWN_MEMBER_ID. */
    ErrorCode check(String memberId, @Nullable String groupInstanceId) {
        if (groupInstanceId != null) {
            String holder = memberIdByInstance.get(groupInstanceId);
            if (holder == null) return ErrorCode.UNKNOWN_MEMBER_ID;
            if (!holder.equals(memberId)) return ErrorCode.FENCED_INSTANCE_ID;
        }
        return members.containsKey(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
    }

    void add(ClassicMember member) {
        if (members.isEmpty()) protocolType = member.protocolType;
        if (members.putIfAbsent(member.memberId, member) != null) {
            throw new IllegalStateException("group " + groupId + " has member " + member.memberId + " already");
        }
        String instanceId = member.groupInstanceId;
        if (instanceId != null && memberIdByInstance.putIfAbsent(instanceId, member.memberId) != null) {
            throw new IllegalStateException("group " + groupId + " has instance " + instanceId + " already");
        }
        if (leaderId == null) leaderId = member.memberId;
        countSupport(member, 1);
        if (member.isAwaitingJoin()) awaitingJoinCount++;
    }

    void remove(ClassicMember member) {
        if (!members.remove(member.memberId, member)) {
            throw new IllegalStateException("group " + groupId + " has no member " + member.memberId);
        }
        countSupport(member, -1);
        if (member.isAwaitingJoin()) awaitingJoinCount--;
        if (member.groupInstanceId != null) memberIdByInstance.remove(member.groupInstanceId);
        pendingSyncs.remove(member.memberId);
        if (isLeader(member.memberId)) {
            leaderId = members.isEmpty() ? null : members.keySet().iterator().next();
        }
    }

    /** The member under a new id takes the place of the old one, leadership included. */
    void replace(ClassicMember old, ClassicMember successor) {
        boolean wasLeader = isLeader(old.memberId);
        boolean owedSync = pendingSyncs.contains(old.memberId);
        remove(old);
        add(successor);
        if (wasLeader) leaderId = successor.memberId;
        if (owedSync) pendingSyncs.add(successor.memberId);
    }

    void changeProtocols(ClassicMember member, List<JoinGroupRequest.JoinGroupRequestProtocol> protocols) {
        countSupport(member, -1);
        member.protocols = protocols;
        countSupport(member, 1);
    }

    private void countSupport(ClassicMember member, int change) {
        for (var protocol : member.protocols) {
            supportCounts.merge(protocol.name(), change, (old, more) -> old + more == 0 ? null : old + more);
        }
    }

    /** Gives back the reply it waited with before, if any: that one is to be answered too. */
    @Nullable
    Reply<JoinGroupResponse> awaitJoin(ClassicMember member, Reply<JoinGroupResponse> reply) {
        Reply<JoinGroupResponse> displaced = member.awaitingJoin;
        if (displaced == null) awaitingJoinCount++;
        member.awaitingJoin = reply;
        return displaced;
    }

    @Nullable
    Reply<JoinGroupResponse> takeAwaitingJoin(ClassicMember member) {
        Reply<JoinGroupResponse> reply = member.awaitingJoin;
        if (reply == null) return null;
        member.awaitingJoin = null;
        awaitingJoinCount--;
        return reply;
    }

    int awaitingJoinCount() {
        return awaitingJoinCount;
    }

    boolean haveAllJoined() {
        return awaitingJoinCount == members.size() && pendingJoins.isEmpty();
    }

    Map<String, Deadline> pendingJoins() {
        return pendingJoins;
    }

    Set<String> pendingSyncs() {
        return pendingSyncs;
    }

    /** The longest of its members' rebalance timeouts. */
    int rebalanceTimeoutMs() {
        int longest = 0;
        for (ClassicMember member : members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs);
        return longest;
    }

    /** Makes sure that a joined member leads: whether there is one. */
    boolean electJoinedLeader() {
        ClassicMember leader = leaderId == null ? null : members.get(leaderId);
        if (leader != null && leader.isAwaitingJoin()) return true;
        for (ClassicMember member : members.values()) {
            if (member.isAwaitingJoin()) {
                leaderId = member.memberId;
                return true;
            }
        }
        return false;
    }

    // Protocols.

    /** Whether a member that can do these could be in the group: all others can do one of them. */
    boolean couldTake(String type, List<JoinGroupRequest.JoinGroupRequestProtocol> protocols) {
        if (state == ClassicGroupState.EMPTY) return !type.isEmpty() && !protocols.isEmpty();
        if (!type.equals(protocolType)) return false;
        for (var protocol : protocols) {
            if (supportCounts.getOrDefault(protocol.name(), 0) == members.size()) return true;
        }
        return false;
    }

    /**
     * The protocol that most members like best among those that all of them can do; of equals, the one that was named
     * first.
     *
     * @param changed a member to be counted with other protocols than it has; null for none
     */
    String selectProtocol(
            @Nullable ClassicMember changed, List<JoinGroupRequest.JoinGroupRequestProtocol> changedProtocols) {
        Set<String> common = commonProtocols(changed, changedProtocols);
        Map<String, Integer> votes = new LinkedHashMap<>();
        for (ClassicMember member : members.values()) {
            var protocols = member == changed ? changedProtocols : member.protocols;
            for (var protocol : protocols) {
                if (common.contains(protocol.name())) {
                    votes.merge(protocol.name(), 1, Integer::sum);
                    break;
                }
            }
        }
        String selected = null;
        int most = 0;
        for (Map.Entry<String, Integer> candidate : votes.entrySet()) {
            if (candidate.getValue() > most) {
                most = candidate.getValue();
                selected = candidate.getKey();
            }
        }
        if (selected == null) throw new IllegalStateException("group " + groupId + " has no protocol in common");
        return selected;
    }

    private Set<String> commonProtocols(
            @Nullable ClassicMember changed, List<JoinGroupRequest.JoinGroupRequestProtocol> changedProtocols) {
        Map<String, Integer> counts = supportCounts;
        if (changed != null) {
            counts = new LinkedHashMap<>(supportCounts);
            for (var protocol : changed.protocols) counts.merge(protocol.name(), -1, Integer::sum);
            for (var protocol : changedProtocols) counts.merge(protocol.name(), 1, Integer::sum);
        }
        Set<String> common = new LinkedHashSet<>();
        for (Map.Entry<String, Integer> count : counts.entrySet()) {
            if (count.getValue() == members.size()) common.add(count.getKey());
        }
        return common;
    }

    /** Who is in the generation, as its leader is told. */
    List<JoinGroupResponse.JoinGroupResponseMember> roster() {
        List<JoinGroupResponse.JoinGroupResponseMember> roster = new ArrayList<>(members.size());
        for (ClassicMember member : members.values()) {
            roster.add(JoinGroupResponse.JoinGroupResponseMember.builder()
                    .memberId(member.memberId)
                    .groupInstanceId(member.groupInstanceId)
                    .metadata(member.metadataFor(protocolName))
                    .build());
        }
        return roster;
    }

    /** Whether its members consume a topic, as far as their subscriptions can be read; if not, of consumers, yes. */
    boolean isSubscribedTo(String topic) {
        if (!isConsumerType()) return false;
        return subscriptions().holds(topic);
    }

    /** Whether the coordinator knows which topics its members consume. */
    boolean knowsSubscriptions() {
        return isConsumerType() && subscriptions().isKnown();
    }

    void forgetSubscriptions() {
        subscriptions = null;
    }

    private Subscriptions subscriptions() {
        Subscriptions known = subscriptions;
        if (known == null) {
            known = Subscriptions.of(members.values(), protocolName);
            subscriptions = known;
        }
        return known;
    }
}
