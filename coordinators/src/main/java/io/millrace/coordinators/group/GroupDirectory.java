package io.millrace.coordinators.group;

import io.millrace.protocol.messages.GroupMetadataValue;
import io.millrace.protocol.messages.JoinGroupRequest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which groups the shard has. Classic groups are held whole; of groups of other kinds it remembers that their ids are
 * taken. Groups come and go by replay alone.
 */
final class GroupDirectory {
    private final ClassicRebalance rebalance;
    private final Map<String, ClassicGroup> groups = new LinkedHashMap<>();
    private final Map<String, GroupType> foreign = new LinkedHashMap<>();

    GroupDirectory(ClassicRebalance rebalance) {
        this.rebalance = rebalance;
    }

    @Nullable
    ClassicGroup find(String groupId) {
        return groups.get(groupId);
    }

    ClassicGroup get(String groupId) {
        ClassicGroup group = groups.get(groupId);
        if (group == null) throw new IllegalStateException("group " + groupId + " is not there");
        return group;
    }

    Collection<ClassicGroup> groups() {
        return groups.values();
    }

    /** Whether the id belongs to a group that is no classic one. */
    boolean isForeign(String groupId) {
        return foreign.containsKey(groupId);
    }

    Map<String, GroupType> foreignGroups() {
        return foreign;
    }

    void replayForeign(String groupId, GroupType type, boolean isTombstone) {
        if (isTombstone) foreign.remove(groupId, type);
        else foreign.put(groupId, type);
    }

    /** Takes a group's metadata over; null takes them away, and the group with them unless it has offsets. */
    void replayMetadata(String groupId, @Nullable GroupMetadataValue value, boolean hasOffsets, long offset) {
        if (value == null && !hasOffsets) {
            ClassicGroup gone = groups.remove(groupId);
            if (gone != null) rebalance.dissolve(gone);
            return;
        }
        getOrCreate(groupId).store(value, offset);
    }

    /** A group's offsets have changed; one that has any exists, if only as a simple group. */
    void replayOffsetChange(String groupId, boolean isTombstone, long offset) {
        ClassicGroup group = groups.get(groupId);
        if (group == null) {
            if (isTombstone || foreign.containsKey(groupId)) return;
            group = getOrCreate(groupId);
        }
        group.offsetsChangedAt(offset);
    }

    private ClassicGroup getOrCreate(String groupId) {
        ClassicGroup group = groups.get(groupId);
        if (group != null) return group;
        ClassicGroup[] self = new ClassicGroup[1];
        self[0] = new ClassicGroup(
                groupId, turn -> rebalance.joinDue(self[0], turn), turn -> rebalance.syncDue(self[0], turn));
        groups.put(groupId, self[0]);
        return self[0];
    }

    /** The log is replayed: makes live groups of what it holds, and begins their members' sessions anew. */
    void restore(Turn turn) {
        for (ClassicGroup group : groups.values()) {
            GroupMetadataValue stored = group.stored();
            if (stored != null) restore(group, stored, turn);
        }
        // A group that has left for another kind may have left offsets: those keep their group through its new kind.
        groups.values().removeIf(group -> group.stored() == null && foreign.containsKey(group.groupId));
    }

    private void restore(ClassicGroup group, GroupMetadataValue stored, Turn turn) {
        group.restore(stored);
        for (var member : stored.members()) {
            String protocol = stored.protocol();
            List<JoinGroupRequest.JoinGroupRequestProtocol> protocols = protocol == null
                    ? List.of()
                    : List.of(JoinGroupRequest.JoinGroupRequestProtocol.builder()
                            .name(protocol)
                            .metadata(member.subscription())
                            .build());
            ClassicMember restored = newMember(
                    group,
                    member.memberId(),
                    member.groupInstanceId(),
                    member.clientId(),
                    member.clientHost(),
                    stored.protocolType(),
                    member.rebalanceTimeout() < 0 ? member.sessionTimeout() : member.rebalanceTimeout(),
                    member.sessionTimeout(),
                    protocols);
            restored.assignment = member.assignment();
            group.add(restored);
            rebalance.restartSession(restored, turn);
        }
    }

    ClassicMember newMember(
            ClassicGroup group,
            String memberId,
            @Nullable String groupInstanceId,
            String clientId,
            String clientHost,
            String protocolType,
            int rebalanceTimeoutMs,
            int sessionTimeoutMs,
            List<JoinGroupRequest.JoinGroupRequestProtocol> protocols) {
        ClassicMember[] self = new ClassicMember[1];
        self[0] = new ClassicMember(
                memberId,
                groupInstanceId,
                clientId,
                clientHost,
                protocolType,
                rebalanceTimeoutMs,
                sessionTimeoutMs,
                protocols,
                new Deadline(turn -> rebalance.sessionDue(group, self[0], turn)));
        return self[0];
    }

    List<String> groupIds() {
        return new ArrayList<>(groups.keySet());
    }
}
