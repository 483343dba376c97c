package io.millrace.client.membership;

import io.millrace.client.assignor.Assignor;
import io.millrace.client.assignor.GroupMember;
import io.millrace.client.assignor.TopicLayouts;
import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.messages.JoinGroupResponse;
import io.millrace.protocol.messages.SyncGroupRequest;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What the leader of a generation does besides being a member: it shares partitions out, and notices when topics change. */
final class GroupLeader {
    private final Assignor assignor;
    private final List<GroupMember> members;
    private final boolean isAssignmentKept;
    private final boolean doRacksMatter;
    private final SortedSet<String> topics = new TreeSet<>();
    private SortedMap<String, List<Set<String>>> assignedFor = new TreeMap<>();
    private boolean isAllGiven;

    /**
     * The leader of the generation that was answered with.
     *
     * @throws MalformedMessage if a member's subscription cannot be read; it names the member
     */
    GroupLeader(JoinGroupResponse joined, Assignor assignor) {
        this.assignor = assignor;
        this.isAssignmentKept = joined.skipAssignment();
        List<GroupMember> all = new ArrayList<>();
        for (JoinGroupResponse.JoinGroupResponseMember each : joined.members()) all.add(member(each, assignor));
        this.members = List.copyOf(all);
        for (GroupMember each : members) topics.addAll(each.topics());
        this.doRacksMatter = members.stream().anyMatch(each -> each.rack() != null);
    }

    private static GroupMember member(JoinGroupResponse.JoinGroupResponseMember said, Assignor assignor) {
        try {
            return ConsumerProtocol.member(said.memberId(), said.groupInstanceId(), said.metadata(), assignor.name());
        } catch (MalformedMessage e) {
            throw new MalformedMessage(
                    e.field(), e.position(), "of member " + said.memberId() + " of the group: " + e.getMessage());
        }
    }

    /** All topics that some member reads. */
    SortedSet<String> topics() {
        return Collections.unmodifiableSortedSet(topics);
    }

    /** Shares out, and keeps in mind for which topics; none if what was given before still holds (KIP-814). */
    List<SyncGroupRequest.SyncGroupRequestAssignment> assign(TopicLayouts layouts) {
        assignedFor = of(layouts);
        isAllGiven = !assignor.isCooperative();
        if (isAssignmentKept) return List.of();
        Map<String, List<TopicPartition>> assignment = assignor.assign(layouts, members);
        List<SyncGroupRequest.SyncGroupRequestAssignment> all = new ArrayList<>(members.size());
        for (GroupMember each : members) {
            List<TopicPartition> its = assignment.getOrDefault(each.memberId(), List.of());
            all.add(new SyncGroupRequest.SyncGroupRequestAssignment(each.memberId(), ConsumerProtocol.assignment(its)));
        }
        int givenCount = assignment.values().stream().mapToInt(List::size).sum();
        isAllGiven |=
                givenCount == assignedFor.values().stream().mapToInt(List::size).sum();
        return all;
    }

    /**
     * Whether each partition has somebody to read it. If not, those that have to give some up are to join once more when they have;
     * what was kept from before with a cooperative assignor may have been in the midst of that.
     */
    boolean isAllGiven() {
        return isAllGiven;
    }

    /** Whether the topics are not any more what the assignment was made for. */
    boolean isOutdated(TopicLayouts layouts) {
        return !of(layouts).equals(assignedFor);
    }

    /** The group's topics, with racks only if a member says where it is (KIP-881). */
    private SortedMap<String, List<Set<String>>> of(TopicLayouts layouts) {
        SortedMap<String, List<Set<String>>> its = new TreeMap<>(layouts.racks());
        its.keySet().retainAll(topics);
        if (!doRacksMatter) its.replaceAll((topic, partitions) -> Collections.nCopies(partitions.size(), Set.of()));
        return its;
    }
}
