package io.millrace.coordinators.group;

import io.millrace.coordinators.group.run.GroupShard;
import io.millrace.coordinators.shard.run.ManualLane;
import io.millrace.coordinators.shard.run.MemoryLog;
import io.millrace.coordinators.shard.run.ShardLimits;
import io.millrace.environment.Randomness;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.DeleteGroupsResponse;
import io.millrace.protocol.messages.DescribeGroupsResponse;
import io.millrace.protocol.messages.HeartbeatRequest;
import io.millrace.protocol.messages.HeartbeatResponse;
import io.millrace.protocol.messages.JoinGroupRequest;
import io.millrace.protocol.messages.JoinGroupResponse;
import io.millrace.protocol.messages.LeaveGroupRequest;
import io.millrace.protocol.messages.LeaveGroupResponse;
import io.millrace.protocol.messages.ListGroupsRequest;
import io.millrace.protocol.messages.ListGroupsResponse;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitResponse;
import io.millrace.protocol.messages.OffsetDeleteRequest;
import io.millrace.protocol.messages.OffsetDeleteResponse;
import io.millrace.protocol.messages.OffsetFetchRequest;
import io.millrace.protocol.messages.OffsetFetchResponse;
import io.millrace.protocol.messages.SyncGroupRequest;
import io.millrace.protocol.messages.SyncGroupResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A group shard on a lane and a log in memory, and short words for what clients send. */
final class GroupBench {
    static final int REBALANCE_TIMEOUT_MS = 60_000;
    static final int SESSION_TIMEOUT_MS = 10_000;
    /** The initial delay, and its one prolongation for those who came after the first. */
    static final int INITIAL_JOIN_MS = 6_000;

    static final String GROUP = "orders";

    final ManualLane lane = new ManualLane();
    MemoryLog log = new MemoryLog();
    GroupShard shard;
    GroupLimits limits;
    private final ShardLimits shardLimits;
    private final Random random = new Random(42);

    GroupBench() {
        this(GroupLimits.DEFAULT, ShardLimits.DEFAULT);
    }

    GroupBench(GroupLimits limits, ShardLimits shardLimits) {
        this.limits = limits;
        this.shardLimits = shardLimits;
        this.shard = newShard();
        shard.becomeLeader(log, log);
        lane.run();
    }

    private GroupShard newShard() {
        Randomness randomness = new Randomness() {
            @Override
            public long nextLong() {
                return random.nextLong();
            }

            @Override
            public int nextInt(int bound) {
                return random.nextInt(bound);
            }
        };
        return new GroupShard("__consumer_offsets-0", lane, lane, randomness, shardLimits, limits);
    }

    /** The coordinator stops, and another begins with what is committed. */
    void failOver() {
        shard.resign();
        log = log.committedCopy();
        shard = newShard();
        shard.becomeLeader(log, log);
        lane.run();
    }

    /** The coordinator stops, and another begins with all below an offset; it may be told only later that this is committed. */
    void failOverTo(long untilOffset) {
        shard.resign();
        log = log.copyUpTo(untilOffset);
        shard = newShard();
        shard.becomeLeader(log, log);
        lane.run();
    }

    /** The replicas have caught up. */
    void commit() {
        log.commit();
        shard.onHighWatermark(log.highWatermark());
        lane.run();
    }

    Told<JoinGroupResponse> join(int version, JoinGroupRequest request) {
        Told<JoinGroupResponse> told = new Told<>();
        shard.joinGroup(context(version), request, told);
        lane.run();
        return told;
    }

    Told<JoinGroupResponse> join(String memberId, String... protocols) {
        return join(9, joinRequest(memberId, null, protocols));
    }

    Told<JoinGroupResponse> joinStatic(String memberId, String instanceId, String... protocols) {
        return join(9, joinRequest(memberId, instanceId, protocols));
    }

    static JoinGroupRequest joinRequest(String memberId, @Nullable String instanceId, String... protocols) {
        return JoinGroupRequest.builder()
                .groupId(GROUP)
                .sessionTimeoutMs(SESSION_TIMEOUT_MS)
                .rebalanceTimeoutMs(REBALANCE_TIMEOUT_MS)
                .memberId(memberId)
                .groupInstanceId(instanceId)
                .protocolType("consumer")
                .protocols(List.of(protocols).stream()
                        .map(name -> protocol(name, subscription("t")))
                        .toList())
                .build();
    }

    static JoinGroupRequest.JoinGroupRequestProtocol protocol(String name, byte[] metadata) {
        return JoinGroupRequest.JoinGroupRequestProtocol.builder()
                .name(name)
                .metadata(metadata)
                .build();
    }

    /** What a consumer says it consumes, in version 0. */
    static byte[] subscription(String... topics) {
        ByteBuffer out = ByteBuffer.allocate(256).putShort((short) 0).putInt(topics.length);
        for (String topic : topics) {
            out.putShort((short) topic.length()).put(topic.getBytes(StandardCharsets.UTF_8));
        }
        out.putInt(-1);
        byte[] bytes = new byte[out.flip().remaining()];
        out.get(bytes);
        return bytes;
    }

    /** Gets a member id, and joins with it. */
    Joined newMember(String... protocols) {
        String memberId = join("", protocols).response().memberId();
        return new Joined(memberId, join(memberId, protocols));
    }

    record Joined(String memberId, Told<JoinGroupResponse> told) {
        int generation() {
            return told.response().generationId();
        }
    }

    /** A stable group of this many members, the leader first. */
    List<Joined> stableGroup(int memberCount) {
        List<Joined> members = new ArrayList<>();
        for (int i = 0; i < memberCount; i++) members.add(newMember("range"));
        lane.advance(INITIAL_JOIN_MS);
        syncAll(members);
        return members;
    }

    void syncAll(List<Joined> members) {
        Joined leader = members.stream()
                .filter(one -> one.told.response().leader().equals(one.memberId))
                .findFirst()
                .orElseThrow();
        for (Joined member : members) {
            if (!member.equals(leader)) sync(member.memberId, null, member.generation(), Map.of());
        }
        Map<String, String> assignments = new HashMap<>();
        for (Joined member : members) assignments.put(member.memberId, "for " + member.memberId);
        sync(leader.memberId, null, leader.generation(), assignments);
    }

    Told<SyncGroupResponse> sync(
            String memberId, @Nullable String instanceId, int generation, Map<String, String> assignments) {
        return sync(
                4,
                SyncGroupRequest.builder()
                        .groupId(GROUP)
                        .memberId(memberId)
                        .groupInstanceId(instanceId)
                        .generationId(generation)
                        .assignments(assignments.entrySet().stream()
                                .map(one -> SyncGroupRequest.SyncGroupRequestAssignment.builder()
                                        .memberId(one.getKey())
                                        .assignment(one.getValue().getBytes(StandardCharsets.UTF_8))
                                        .build())
                                .toList())
                        .build());
    }

    Told<SyncGroupResponse> sync(int version, SyncGroupRequest request) {
        Told<SyncGroupResponse> told = new Told<>();
        shard.syncGroup(context(version), request, told);
        lane.run();
        return told;
    }

    static String assignment(Told<SyncGroupResponse> told) {
        return new String(told.response().assignment(), StandardCharsets.UTF_8);
    }

    Told<HeartbeatResponse> heartbeatTold(String memberId, @Nullable String instanceId, int generation) {
        Told<HeartbeatResponse> told = new Told<>();
        shard.heartbeat(
                HeartbeatRequest.builder()
                        .groupId(GROUP)
                        .memberId(memberId)
                        .groupInstanceId(instanceId)
                        .generationId(generation)
                        .build(),
                told);
        lane.run();
        return told;
    }

    ErrorCode heartbeat(String memberId, int generation) {
        return ErrorCode.forCode(
                heartbeatTold(memberId, null, generation).response().errorCode());
    }

    Told<LeaveGroupResponse> leave(LeaveGroupRequest.MemberIdentity... leaving) {
        Told<LeaveGroupResponse> told = new Told<>();
        shard.leaveGroup(
                context(5),
                LeaveGroupRequest.builder()
                        .groupId(GROUP)
                        .members(List.of(leaving))
                        .build(),
                told);
        lane.run();
        return told;
    }

    static LeaveGroupRequest.MemberIdentity identity(String memberId, @Nullable String instanceId) {
        return LeaveGroupRequest.MemberIdentity.builder()
                .memberId(memberId)
                .groupInstanceId(instanceId)
                .build();
    }

    OffsetCommitRequest.Builder commitRequest(String topic, int partition, long offset) {
        return OffsetCommitRequest.builder()
                .groupId(GROUP)
                .topics(List.of(OffsetCommitRequest.OffsetCommitRequestTopic.builder()
                        .name(topic)
                        .partitions(List.of(OffsetCommitRequest.OffsetCommitRequestPartition.builder()
                                .partitionIndex(partition)
                                .committedOffset(offset)
                                .committedMetadata("m")
                                .build()))
                        .build()));
    }

    Told<OffsetCommitResponse> commit(int version, OffsetCommitRequest request) {
        Told<OffsetCommitResponse> told = new Told<>();
        shard.commitOffsets(context(version), request, told);
        lane.run();
        return told;
    }

    /** Commits without a membership. */
    ErrorCode commit(String topic, int partition, long offset) {
        return error(commit(9, commitRequest(topic, partition, offset).build()));
    }

    static ErrorCode error(Told<OffsetCommitResponse> told) {
        return ErrorCode.forCode(
                told.response().topics().getFirst().partitions().getFirst().errorCode());
    }

    Told<OffsetFetchResponse.OffsetFetchResponseGroup> fetch(String topic, Uuid topicId, boolean stable, int... ids) {
        Told<OffsetFetchResponse.OffsetFetchResponseGroup> told = new Told<>();
        shard.fetchOffsets(
                OffsetFetchRequest.OffsetFetchRequestGroup.builder()
                        .groupId(GROUP)
                        .topics(List.of(OffsetFetchRequest.OffsetFetchRequestTopics.builder()
                                .name(topic)
                                .topicId(topicId)
                                .partitionIndexes(Arrays.stream(ids).boxed().toList())
                                .build()))
                        .build(),
                stable,
                told);
        lane.run();
        return told;
    }

    long fetch(String topic, int partition) {
        return fetch(topic, Uuid.ZERO, false, partition)
                .response()
                .topics()
                .getFirst()
                .partitions()
                .getFirst()
                .committedOffset();
    }

    Told<OffsetFetchResponse.OffsetFetchResponseGroup> fetchAll(String groupId) {
        Told<OffsetFetchResponse.OffsetFetchResponseGroup> told = new Told<>();
        shard.fetchOffsets(
                OffsetFetchRequest.OffsetFetchRequestGroup.builder()
                        .groupId(groupId)
                        .topics(null)
                        .build(),
                false,
                told);
        lane.run();
        return told;
    }

    OffsetDeleteResponse deleteOffset(String topic, int partition) {
        return deleteOffsets(OffsetDeleteRequest.builder()
                .groupId(GROUP)
                .topics(List.of(OffsetDeleteRequest.OffsetDeleteRequestTopic.builder()
                        .name(topic)
                        .partitions(List.of(OffsetDeleteRequest.OffsetDeleteRequestPartition.builder()
                                .partitionIndex(partition)
                                .build()))
                        .build()))
                .build());
    }

    OffsetDeleteResponse deleteOffsets(OffsetDeleteRequest request) {
        Told<OffsetDeleteResponse> told = new Told<>();
        shard.deleteOffsets(request, told);
        lane.run();
        return told.response();
    }

    DescribeGroupsResponse.DescribedGroup describe(String groupId) {
        Told<DescribeGroupsResponse.DescribedGroup> told = new Told<>();
        shard.describeGroup(6, groupId, told);
        lane.run();
        return told.response();
    }

    String state() {
        return describe(GROUP).groupState();
    }

    List<ListGroupsResponse.ListedGroup> list(List<String> states, List<String> types) {
        Told<GroupShard.ListedGroups> told = new Told<>();
        shard.listGroups(
                ListGroupsRequest.builder()
                        .statesFilter(states)
                        .typesFilter(types)
                        .build(),
                told);
        lane.run();
        return told.response().groups();
    }

    ErrorCode deleteGroup() {
        Told<List<DeleteGroupsResponse.DeletableGroupResult>> told = new Told<>();
        shard.deleteGroups(List.of(GROUP), told);
        lane.run();
        return ErrorCode.forCode(told.response().getFirst().errorCode());
    }

    static GroupRequestContext context(int version) {
        return new GroupRequestContext(version, "client", "/10.0.0.1");
    }
}
