package io.millrace.coordinators.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.DescribeGroupsResponse;
import io.millrace.protocol.messages.ListGroupsRequest;
import io.millrace.protocol.messages.ListGroupsResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** DescribeGroups (key 15), versions 0-6, and ListGroups (key 16), versions 0-5. */
final class GroupQueries {
    private static final int GROUP_ID_NOT_FOUND_VERSION = 6;
    /** What clients know as the state of a group that the broker cannot tell. */
    private static final String UNKNOWN_STATE = "Unknown";

    private final GroupDirectory directory;

    GroupQueries(GroupDirectory directory) {
        this.directory = directory;
    }

    DescribeGroupsResponse.DescribedGroup describe(int version, String groupId) {
        ClassicGroup group = directory.find(groupId);
        if (group == null) return notFound(version, groupId);
        boolean isStable = group.isIn(ClassicGroupState.STABLE);
        String protocol = isStable ? group.protocolName() : null;
        List<DescribeGroupsResponse.DescribedGroupMember> members = new ArrayList<>(group.size());
        for (ClassicMember member : group.members()) {
            members.add(DescribeGroupsResponse.DescribedGroupMember.builder()
                    .memberId(member.memberId)
                    .groupInstanceId(member.groupInstanceId)
                    .clientId(member.clientId)
                    .clientHost(member.clientHost)
                    .memberMetadata(isStable ? member.metadataFor(protocol) : ClassicMember.NO_ASSIGNMENT)
                    .memberAssignment(isStable ? member.assignment : ClassicMember.NO_ASSIGNMENT)
                    .build());
        }
        return DescribeGroupsResponse.DescribedGroup.builder()
                .errorCode(ErrorCode.NONE.code())
                .groupId(groupId)
                .groupState(group.state().label())
                .protocolType(typeOf(group))
                .protocolData(protocol == null ? "" : protocol)
                .members(members)
                .build();
    }

    private DescribeGroupsResponse.DescribedGroup notFound(int version, String groupId) {
        var described = DescribeGroupsResponse.DescribedGroup.builder()
                .groupId(groupId)
                .groupState(ClassicGroupState.DEAD.label())
                .protocolType("")
                .protocolData("");
        if (version < GROUP_ID_NOT_FOUND_VERSION) return described.build();
        String why = directory.isForeign(groupId) ? " is not a classic group." : " not found.";
        return described
                .errorCode(ErrorCode.GROUP_ID_NOT_FOUND.code())
                .errorMessage("Group " + groupId + why)
                .build();
    }

    List<ListGroupsResponse.ListedGroup> list(ListGroupsRequest request) {
        List<String> states = lowerCase(request.statesFilter());
        List<String> types = lowerCase(request.typesFilter());
        List<ListGroupsResponse.ListedGroup> listed = new ArrayList<>();
        for (ClassicGroup group : directory.groups()) {
            if (passes(states, group.state().label()) && passes(types, GroupType.CLASSIC.label())) {
                listed.add(listed(group.groupId, typeOf(group), group.state().label(), GroupType.CLASSIC));
            }
        }
        for (Map.Entry<String, GroupType> other : directory.foreignGroups().entrySet()) {
            GroupType type = other.getValue();
            if (passes(states, UNKNOWN_STATE) && passes(types, type.label())) {
                listed.add(listed(other.getKey(), type.protocolType(), UNKNOWN_STATE, type));
            }
        }
        return listed;
    }

    private static ListGroupsResponse.ListedGroup listed(
            String groupId, String protocolType, String state, GroupType type) {
        return ListGroupsResponse.ListedGroup.builder()
                .groupId(groupId)
                .protocolType(protocolType)
                .groupState(state)
                .groupType(type.label())
                .build();
    }

    private static String typeOf(ClassicGroup group) {
        String type = group.protocolType();
        return type == null ? "" : type;
    }

    private static boolean passes(List<String> filter, String label) {
        return filter.isEmpty() || filter.contains(label.toLowerCase(Locale.ROOT));
    }

    private static List<String> lowerCase(List<String> filter) {
        return filter.stream().map(entry -> entry.toLowerCase(Locale.ROOT)).toList();
    }
}
