package io.millrace.client;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.messages.ConsumerGroupDescribeRequest;
import io.millrace.protocol.messages.ConsumerGroupDescribeResponse;
import io.millrace.protocol.messages.ConsumerProtocolAssignment;
import io.millrace.protocol.messages.DeleteGroupsRequest;
import io.millrace.protocol.messages.DeleteGroupsResponse;
import io.millrace.protocol.messages.DescribeGroupsRequest;
import io.millrace.protocol.messages.DescribeGroupsResponse;
import io.millrace.protocol.messages.LeaveGroupRequest;
import io.millrace.protocol.messages.LeaveGroupRequest.MemberIdentity;
import io.millrace.protocol.messages.LeaveGroupResponse;
import io.millrace.protocol.messages.ListGroupsRequest;
import io.millrace.protocol.messages.ListGroupsResponse;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitRequest.OffsetCommitRequestPartition;
import io.millrace.protocol.messages.OffsetCommitRequest.OffsetCommitRequestTopic;
import io.millrace.protocol.messages.OffsetCommitResponse;
import io.millrace.protocol.messages.OffsetCommitResponse.OffsetCommitResponsePartition;
import io.millrace.protocol.messages.OffsetDeleteRequest;
import io.millrace.protocol.messages.OffsetDeleteRequest.OffsetDeleteRequestPartition;
import io.millrace.protocol.messages.OffsetDeleteRequest.OffsetDeleteRequestTopic;
import io.millrace.protocol.messages.OffsetDeleteResponse;
import io.millrace.protocol.messages.OffsetFetchRequest;
import io.millrace.protocol.messages.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.millrace.protocol.messages.OffsetFetchRequest.OffsetFetchRequestTopics;
import io.millrace.protocol.messages.OffsetFetchResponse;
import io.millrace.records.TopicPartition;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What an {@link Admin} does with groups. Maps it returns have the order of what was asked. */
public final class GroupAdmin {
    private static final String CONSUMERS = "consumer";
    private static final String DEAD = "Dead";

    /** OffsetFetch names groups in a list from version 8 on, and topics by id only from version 10 on. */
    private static final int FIRST_WITH_GROUPS = 8;

    private static final int LAST_WITH_TOPIC_NAMES = 9;

    private static final int FIRST_LIST_BY_STATE = 4;

    private static final int FIRST_LIST_BY_TYPE = 5;

    private static final int FIRST_DESCRIBE_WITH_OPERATIONS = 3;

    /** LeaveGroup names members in a list from version 3 on, and can say why from version 5 on. */
    private static final int FIRST_LEAVE_OF_MANY = 3;

    private static final int FIRST_LEAVE_WITH_REASON = 5;

    /** Who commits without being a member says this for a generation, and no member id. */
    private static final int NO_GENERATION = -1;

    private final Cluster cluster;

    GroupAdmin(Cluster cluster) {
        this.cluster = cluster;
    }

    /** All groups of all brokers, by id. */
    public List<GroupListing> list() {
        return list(List.of(), List.of());
    }

    /**
     * Groups of all brokers, by id.
     *
     * @param states only those in one of these states, by Kafka's names such as {@code Stable} (KIP-518); none for all
     * @param types only those of one of these types, such as {@code classic} (KIP-848); none for all
     * @throws ClientFailure.NotSupported if a broker is too old to tell them apart
     */
    public List<GroupListing> list(Collection<String> states, Collection<String> types) {
        Deadline deadline = cluster.deadline();
        Map<String, GroupListing> found = new TreeMap<>();
        for (int brokerId : cluster.brokerIds(deadline)) {
            var request = ListGroupsRequest.builder()
                    .statesFilter(List.copyOf(states))
                    .typesFilter(List.copyOf(types))
                    .build();
            var call = Call.of(request, ListGroupsResponse.class, answer -> List.of(answer.errorCode()));
            if (!states.isEmpty()) call = call.from(FIRST_LIST_BY_STATE);
            if (!types.isEmpty()) call = call.from(FIRST_LIST_BY_TYPE);
            var answer = cluster.ask(new Destination.Broker(brokerId), call, deadline);
            requireNone(answer.errorCode());
            for (var group : answer.groups()) {
                found.put(
                        group.groupId(),
                        new GroupListing(group.groupId(), group.groupType(), group.protocolType(), group.groupState()));
            }
        }
        return List.copyOf(found.values());
    }

    /**
     * What this client may do with groups (KIP-430), those of the classic protocol.
     *
     * @return by group; everything a group knows, where the cluster has no authorizer
     */
    public Map<String, Answer<Set<Acl.Operation>>> operations(Collection<String> groupIds) {
        Deadline deadline = cluster.deadline();
        Map<String, Answer<Set<Acl.Operation>>> outcomes = new LinkedHashMap<>();
        for (String groupId : groupIds) {
            outcomes.put(groupId, TopicAdmin.unanswered());
            var request = DescribeGroupsRequest.builder()
                    .groups(List.of(groupId))
                    .includeAuthorizedOperations(true)
                    .build();
            var call = Call.of(
                            request,
                            DescribeGroupsResponse.class,
                            answer -> answer.groups().stream()
                                    .map(DescribeGroupsResponse.DescribedGroup::errorCode)
                                    .toList())
                    .from(FIRST_DESCRIBE_WITH_OPERATIONS);
            for (var group : cluster.ask(new Destination.GroupCoordinator(groupId), call, deadline)
                    .groups())
                outcomes.put(
                        group.groupId(),
                        Answer.of(
                                group.errorCode(),
                                group.errorMessage(),
                                Acl.Operation.setOf(group.authorizedOperations())));
        }
        return outcomes;
    }

    /** Who is in these groups. A group there is not is refused with GROUP_ID_NOT_FOUND. */
    public Map<String, Answer<GroupDescription>> describe(Collection<String> groupIds) {
        Deadline deadline = cluster.deadline();
        Map<String, Answer<GroupDescription>> outcomes = new LinkedHashMap<>();
        for (String groupId : groupIds) outcomes.put(groupId, describe(groupId, deadline));
        return outcomes;
    }

    /** Groups of the old protocol are asked for first: every server has them, and they are told apart by "not found". */
    private Answer<GroupDescription> describe(String groupId, Deadline deadline) {
        Answer<GroupDescription> classic = describeClassic(groupId, deadline);
        boolean isNotFound = classic instanceof Answer.Refused<GroupDescription>(ErrorCode error, String message)
                && error == ErrorCode.GROUP_ID_NOT_FOUND;
        var coordinator = new Destination.GroupCoordinator(groupId);
        if (!isNotFound || !cluster.speaks(ApiKey.CONSUMER_GROUP_DESCRIBE, coordinator, deadline)) return classic;
        return describeConsumer(groupId, deadline);
    }

    private Answer<GroupDescription> describeClassic(String groupId, Deadline deadline) {
        var request = DescribeGroupsRequest.builder().groups(List.of(groupId)).build();
        var call = Call.of(
                request,
                DescribeGroupsResponse.class,
                answer -> answer.groups().stream()
                        .map(DescribeGroupsResponse.DescribedGroup::errorCode)
                        .toList());
        var coordinator = new Destination.GroupCoordinator(groupId);
        var answer = cluster.ask(coordinator, call, deadline);
        HostAndPort at = cluster.addressOf(coordinator, deadline);
        for (var group : answer.groups()) {
            if (!group.groupId().equals(groupId)) continue;
            // Before version 6 a group there is not is said to be dead (KIP-1043).
            if (group.errorCode() == ErrorCode.NONE.code() && group.groupState().equals(DEAD))
                return Answer.refused(ErrorCode.GROUP_ID_NOT_FOUND.code(), "there is no group " + groupId);
            if (group.errorCode() == ErrorCode.GROUP_ID_NOT_FOUND.code())
                return Answer.refused(group.errorCode(), "there is no group " + groupId);
            List<GroupDescription.Member> members = group.members().stream()
                    .map(it -> new GroupDescription.Member(
                            it.memberId(),
                            it.groupInstanceId(),
                            it.clientId(),
                            it.clientHost(),
                            assignment(group.protocolType(), it.memberAssignment())))
                    .toList();
            var description = new GroupDescription(
                    groupId, "classic", group.groupState(), group.protocolType(), group.protocolData(), at, members);
            return Answer.of(group.errorCode(), group.errorMessage(), description);
        }
        return TopicAdmin.unanswered();
    }

    /** What a member was assigned is the members' own affair, so it may be anything; consumers write a version and Kafka's schema. */
    private static List<TopicPartition> assignment(String protocolType, byte[] bytes) {
        if (!protocolType.equals(CONSUMERS) || bytes.length == 0) return List.of();
        List<TopicPartition> assigned = new ArrayList<>();
        try {
            ProtocolReader in = new ProtocolReader(ByteBuffer.wrap(bytes));
            int version = in.readInt16("ConsumerProtocolAssignment.version");
            int readable = Math.clamp(
                    version,
                    ConsumerProtocolAssignment.LOWEST_SUPPORTED_VERSION,
                    ConsumerProtocolAssignment.HIGHEST_SUPPORTED_VERSION);
            for (var topic : ConsumerProtocolAssignment.read(in, readable).assignedPartitions())
                for (int partition : topic.partitions()) assigned.add(new TopicPartition(topic.topic(), partition));
        } catch (MalformedMessage | IllegalArgumentException notKafkas) {
            return List.of();
        }
        return assigned;
    }

    private Answer<GroupDescription> describeConsumer(String groupId, Deadline deadline) {
        var request = ConsumerGroupDescribeRequest.builder()
                .groupIds(List.of(groupId))
                .build();
        var call = Call.of(
                request,
                ConsumerGroupDescribeResponse.class,
                answer -> answer.groups().stream()
                        .map(ConsumerGroupDescribeResponse.DescribedGroup::errorCode)
                        .toList());
        var coordinator = new Destination.GroupCoordinator(groupId);
        var answer = cluster.ask(coordinator, call, deadline);
        HostAndPort at = cluster.addressOf(coordinator, deadline);
        for (var group : answer.groups()) {
            if (!group.groupId().equals(groupId)) continue;
            List<GroupDescription.Member> members = group.members().stream()
                    .map(it -> new GroupDescription.Member(
                            it.memberId(),
                            it.instanceId(),
                            it.clientId(),
                            it.clientHost(),
                            assignment(it.assignment())))
                    .toList();
            var description = new GroupDescription(
                    groupId, CONSUMERS, group.groupState(), CONSUMERS, group.assignorName(), at, members);
            return Answer.of(group.errorCode(), group.errorMessage(), description);
        }
        return TopicAdmin.unanswered();
    }

    private static List<TopicPartition> assignment(ConsumerGroupDescribeResponse.Assignment assignment) {
        List<TopicPartition> assigned = new ArrayList<>();
        for (var topic : assignment.topicPartitions())
            for (int partition : topic.partitions()) assigned.add(new TopicPartition(topic.topicName(), partition));
        return assigned;
    }

    /** Deletes groups that have no members, with what they committed; each is deleted or refused on its own (KIP-229). */
    public Map<String, Answer<String>> delete(Collection<String> groupIds) {
        Deadline deadline = cluster.deadline();
        Map<String, Answer<String>> outcomes = new LinkedHashMap<>();
        for (String groupId : groupIds) {
            var request =
                    DeleteGroupsRequest.builder().groupsNames(List.of(groupId)).build();
            var call = Call.of(
                    request,
                    DeleteGroupsResponse.class,
                    answer -> answer.results().stream()
                            .map(DeleteGroupsResponse.DeletableGroupResult::errorCode)
                            .toList());
            outcomes.put(groupId, TopicAdmin.unanswered());
            var answer = cluster.ask(new Destination.GroupCoordinator(groupId), call, deadline);
            for (var result : answer.results())
                outcomes.put(result.groupId(), Answer.of(result.errorCode(), result.errorMessage(), result.groupId()));
        }
        return outcomes;
    }

    /** What a group has committed, by topic and partition; nothing for a group there is not. */
    public Map<TopicPartition, CommittedOffset> committedOffsets(String groupId) {
        return committedOffsets(groupId, (List<OffsetFetchRequestTopics>) null, false);
    }

    /**
     * What a group has committed for these partitions; those for which it has committed nothing are not in it.
     *
     * @param requireStable whether to wait for transactions that commit some of them to end (KIP-447)
     * @throws ClientFailure.Refused with UNSTABLE_OFFSET_COMMIT if they do not in time
     */
    public Map<TopicPartition, CommittedOffset> committedOffsets(
            String groupId, Collection<TopicPartition> partitions, boolean requireStable) {
        if (partitions.isEmpty()) return Map.of();
        Map<String, List<Integer>> byTopic = new TreeMap<>();
        for (TopicPartition partition : new TreeSet<>(partitions))
            byTopic.computeIfAbsent(partition.topic(), topic -> new ArrayList<>())
                    .add(partition.partition());
        return committedOffsets(
                groupId,
                byTopic.entrySet().stream()
                        .map(it -> OffsetFetchRequestTopics.builder()
                                .name(it.getKey())
                                .partitionIndexes(it.getValue())
                                .build())
                        .toList(),
                requireStable);
    }

    private Map<TopicPartition, CommittedOffset> committedOffsets(
            String groupId, @Nullable List<OffsetFetchRequestTopics> topics, boolean requireStable) {
        Deadline deadline = cluster.deadline();
        var request = OffsetFetchRequest.builder()
                .groups(List.of(OffsetFetchRequestGroup.builder()
                        .groupId(groupId)
                        .topics(topics)
                        .build()))
                .requireStable(requireStable)
                .build();
        var call = Call.of(request, OffsetFetchResponse.class, GroupAdmin::errors)
                .from(FIRST_WITH_GROUPS)
                .to(LAST_WITH_TOPIC_NAMES);
        var answer = cluster.ask(new Destination.GroupCoordinator(groupId), call, deadline);
        Map<TopicPartition, CommittedOffset> committed = new TreeMap<>();
        for (var group : answer.groups()) {
            if (group.errorCode() == ErrorCode.GROUP_ID_NOT_FOUND.code()) continue;
            requireNone(group.errorCode());
            for (var topic : group.topics()) {
                for (var partition : topic.partitions()) {
                    requireNone(partition.errorCode());
                    if (partition.committedOffset() < 0) continue;
                    String metadata = partition.metadata();
                    committed.put(
                            new TopicPartition(topic.name(), partition.partitionIndex()),
                            new CommittedOffset(
                                    partition.committedOffset(),
                                    partition.committedLeaderEpoch(),
                                    metadata == null ? "" : metadata));
                }
            }
        }
        return committed;
    }

    private static List<Short> errors(OffsetFetchResponse answer) {
        List<Short> errors = new ArrayList<>();
        for (var group : answer.groups()) {
            errors.add(group.errorCode());
            for (var topic : group.topics()) for (var partition : topic.partitions()) errors.add(partition.errorCode());
        }
        return errors;
    }

    /**
     * Commits offsets in the name of a group that has no members; one there is not comes to be.
     *
     * @return by topic and partition what was committed; UNKNOWN_MEMBER_ID where the group has members
     */
    public Map<TopicPartition, Answer<CommittedOffset>> alterOffsets(
            String groupId, Map<TopicPartition, CommittedOffset> offsets) {
        if (offsets.isEmpty()) return Map.of();
        Map<String, List<OffsetCommitRequestPartition>> byTopic = new TreeMap<>();
        offsets.forEach((partition, offset) -> byTopic.computeIfAbsent(partition.topic(), topic -> new ArrayList<>())
                .add(OffsetCommitRequestPartition.builder()
                        .partitionIndex(partition.partition())
                        .committedOffset(offset.offset())
                        .committedLeaderEpoch(offset.leaderEpoch())
                        .committedMetadata(offset.metadata())
                        .build()));
        var request = OffsetCommitRequest.builder()
                .groupId(groupId)
                .generationIdOrMemberEpoch(NO_GENERATION)
                .memberId("")
                .topics(byTopic.entrySet().stream()
                        .map(it -> OffsetCommitRequestTopic.builder()
                                .name(it.getKey())
                                .partitions(it.getValue())
                                .build())
                        .toList())
                .build();
        var call = Call.of(
                        request,
                        OffsetCommitResponse.class,
                        answer -> answer.topics().stream()
                                .flatMap(topic -> topic.partitions().stream())
                                .map(OffsetCommitResponsePartition::errorCode)
                                .toList())
                .to(LAST_WITH_TOPIC_NAMES);
        var answer = cluster.ask(new Destination.GroupCoordinator(groupId), call, cluster.deadline());
        Map<TopicPartition, Answer<CommittedOffset>> outcomes = new TreeMap<>();
        for (TopicPartition partition : offsets.keySet()) outcomes.put(partition, TopicAdmin.unanswered());
        for (var topic : answer.topics()) {
            for (var it : topic.partitions()) {
                TopicPartition partition = new TopicPartition(topic.name(), it.partitionIndex());
                CommittedOffset asked = offsets.get(partition);
                if (asked != null) outcomes.put(partition, Answer.of(it.errorCode(), null, asked));
            }
        }
        return outcomes;
    }

    /**
     * Forgets what a group has committed for these partitions (KIP-496).
     *
     * @return by topic and partition; GROUP_SUBSCRIBED_TO_TOPIC where its members read the topic
     * @throws ClientFailure.Refused if there is no such group, or it is of a kind that cannot
     */
    public Map<TopicPartition, Answer<TopicPartition>> deleteOffsets(
            String groupId, Collection<TopicPartition> partitions) {
        if (partitions.isEmpty()) return Map.of();
        Map<TopicPartition, Answer<TopicPartition>> outcomes = new TreeMap<>();
        Map<String, List<OffsetDeleteRequestPartition>> byTopic = new TreeMap<>();
        for (TopicPartition partition : partitions) {
            outcomes.put(partition, TopicAdmin.unanswered());
            byTopic.computeIfAbsent(partition.topic(), topic -> new ArrayList<>())
                    .add(new OffsetDeleteRequestPartition(partition.partition()));
        }
        var request = OffsetDeleteRequest.builder()
                .groupId(groupId)
                .topics(byTopic.entrySet().stream()
                        .map(it -> new OffsetDeleteRequestTopic(it.getKey(), it.getValue()))
                        .toList())
                .build();
        var call = Call.of(request, OffsetDeleteResponse.class, answer -> List.of(answer.errorCode()));
        var answer = cluster.ask(new Destination.GroupCoordinator(groupId), call, cluster.deadline());
        requireNone(answer.errorCode());
        for (var topic : answer.topics()) {
            for (var it : topic.partitions()) {
                TopicPartition partition = new TopicPartition(topic.name(), it.partitionIndex());
                outcomes.put(partition, Answer.of(it.errorCode(), null, partition));
            }
        }
        return outcomes;
    }

    /**
     * Has members leave a group of the classic protocol (KIP-345); they join again if they still live.
     *
     * @param memberIds of members as {@link #describe} tells them
     * @param reason for the coordinator's log, at most 255 characters (KIP-800)
     * @return by member id; UNKNOWN_MEMBER_ID where it is not in the group
     */
    public Map<String, Answer<String>> removeMembers(String groupId, Collection<String> memberIds, String reason) {
        return remove(
                groupId,
                memberIds,
                (id, said) -> MemberIdentity.builder().memberId(id).reason(said).build(),
                LeaveGroupResponse.MemberResponse::memberId,
                reason);
    }

    /**
     * Has static members leave a group of the classic protocol, by their {@code group.instance.id} (KIP-345): the group shares out
     * what they read without waiting for their sessions to end.
     *
     * @param reason for the coordinator's log, at most 255 characters (KIP-800)
     * @return by instance id; UNKNOWN_MEMBER_ID where it is not in the group
     */
    public Map<String, Answer<String>> removeStaticMembers(
            String groupId, Collection<String> instanceIds, String reason) {
        return remove(
                groupId,
                instanceIds,
                (id, said) -> MemberIdentity.builder()
                        .memberId("")
                        .groupInstanceId(id)
                        .reason(said)
                        .build(),
                LeaveGroupResponse.MemberResponse::groupInstanceId,
                reason);
    }

    private Map<String, Answer<String>> remove(
            String groupId,
            Collection<String> ids,
            BiFunction<String, @Nullable String, MemberIdentity> identity,
            Function<LeaveGroupResponse.MemberResponse, @Nullable String> idOf,
            String reason) {
        if (ids.isEmpty()) return Map.of();
        var call = new Call<>(
                ApiKey.LEAVE_GROUP,
                FIRST_LEAVE_OF_MANY,
                ApiKey.LEAVE_GROUP.latestVersion(),
                version -> LeaveGroupRequest.builder()
                        .groupId(groupId)
                        .members(ids.stream()
                                .map(id -> identity.apply(id, version < FIRST_LEAVE_WITH_REASON ? null : reason))
                                .toList())
                        .build(),
                LeaveGroupResponse.class,
                (LeaveGroupResponse answer) -> List.of(answer.errorCode()));
        var answer = cluster.ask(new Destination.GroupCoordinator(groupId), call, cluster.deadline());
        requireNone(answer.errorCode());
        Map<String, Answer<String>> outcomes = new LinkedHashMap<>();
        for (String id : ids) outcomes.put(id, TopicAdmin.unanswered());
        for (var member : answer.members()) {
            String id = idOf.apply(member);
            if (id != null) outcomes.put(id, Answer.of(member.errorCode(), null, id));
        }
        return outcomes;
    }

    private static void requireNone(short errorCode) {
        if (errorCode != ErrorCode.NONE.code()) throw new ClientFailure.Refused(ErrorCode.forCode(errorCode), null);
    }
}
