package io.millrace.coordinators.group.run;

import io.millrace.coordinators.group.DeletedTopic;
import io.millrace.coordinators.group.GroupAnswers;
import io.millrace.coordinators.group.GroupErrors;
import io.millrace.coordinators.group.GroupLimits;
import io.millrace.coordinators.group.GroupMachine;
import io.millrace.coordinators.group.GroupRecordReader;
import io.millrace.coordinators.group.GroupRequestContext;
import io.millrace.coordinators.shard.Decision;
import io.millrace.coordinators.shard.Moment;
import io.millrace.coordinators.shard.Reply;
import io.millrace.coordinators.shard.run.ShardLimits;
import io.millrace.coordinators.shard.run.ShardLoader;
import io.millrace.coordinators.shard.run.ShardLog;
import io.millrace.coordinators.shard.run.ShardOperation;
import io.millrace.coordinators.shard.run.ShardRuntime;
import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.environment.Randomness;
import io.millrace.protocol.ErrorCode;
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
import java.util.List;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/**
 * One partition of {@code __consumer_offsets} as a coordinator. All methods are called on the partition's lane, and so are
 * the consumers of answers, once each: at once, or when the answer is known and what it shows is committed. While the
 * partition is not led here the answer is NOT_COORDINATOR, while it is loaded COORDINATOR_LOAD_IN_PROGRESS.
 *
 * <p>The caller has authorized each request and settled which topics it names; responses are complete but for throttle
 * times, authorized operations, and what the caller itself left out of the request.
 */
public final class GroupShard {
    private final ShardRuntime<GroupMachine> runtime;
    private final Randomness randomness;

    /**
     * A shard that nobody leads here yet.
     *
     * @param name of the partition, for log lines
     */
    public GroupShard(
            String name,
            Lane lane,
            Clock clock,
            Randomness randomness,
            ShardLimits shardLimits,
            GroupLimits groupLimits) {
        this.runtime = new ShardRuntime<>(
                name, lane, clock, shardLimits, new GroupRecordReader(), () -> new GroupMachine(groupLimits));
        this.randomness = randomness;
    }

    /** The partition is to be led here, and its log is not open yet: the answer is COORDINATOR_LOAD_IN_PROGRESS. */
    public void awaitLog() {
        runtime.awaitLog();
    }

    /** The partition is led here from now on: loads its log. */
    public void becomeLeader(ShardLog log, ShardLoader loader) {
        runtime.becomeLeader(log, loader);
    }

    /** The partition is no longer led here. */
    public void resign() {
        runtime.resign();
    }

    /** Offsets below are committed. */
    public void onHighWatermark(long highWatermark) {
        runtime.onHighWatermark(highWatermark);
    }

    /** Whether requests are answered here. */
    public boolean isActive() {
        return runtime.isActive();
    }

    /** Whether the log is being replayed. */
    public boolean isLoading() {
        return runtime.isLoading();
    }

    /** How many classic groups are held; 0 where requests are not answered. */
    public int groupCount() {
        return runtime.machine().map(GroupMachine::groupCount).orElse(0);
    }

    /** How many committed offsets are held; 0 where requests are not answered. */
    public long offsetCount() {
        return runtime.machine().map(GroupMachine::offsetCount).orElse(0L);
    }

    /** JoinGroup; answered when the join phase is over, which may take as long as the group's rebalance timeout. */
    public void joinGroup(GroupRequestContext context, JoinGroupRequest request, Consumer<JoinGroupResponse> then) {
        UUID freshId = freshId();
        Reply<JoinGroupResponse> reply = Reply.to(
                response -> then.accept(GroupAnswers.joinGroup(context.apiVersion(), response)),
                error -> GroupAnswers.joinGroup(request, GroupErrors.ofMembership(error)));
        ask(reply, (machine, now) -> machine.joinGroup(context, request, freshId, reply, now));
    }

    /** SyncGroup; answered when the leader has sent the assignment. */
    public void syncGroup(GroupRequestContext context, SyncGroupRequest request, Consumer<SyncGroupResponse> then) {
        Reply<SyncGroupResponse> reply =
                Reply.to(then, error -> GroupAnswers.syncGroup(GroupErrors.ofMembership(error)));
        ask(reply, (machine, now) -> machine.syncGroup(context, request, reply, now));
    }

    /** Heartbeat. */
    public void heartbeat(HeartbeatRequest request, Consumer<HeartbeatResponse> then) {
        Reply<HeartbeatResponse> reply = Reply.to(then, GroupAnswers::heartbeat);
        ask(reply, (machine, now) -> machine.heartbeat(request, reply, now));
    }

    /** LeaveGroup. */
    public void leaveGroup(GroupRequestContext context, LeaveGroupRequest request, Consumer<LeaveGroupResponse> then) {
        Reply<LeaveGroupResponse> reply =
                Reply.to(then, error -> GroupAnswers.leaveGroup(GroupErrors.ofMembership(error)));
        ask(reply, (machine, now) -> machine.leaveGroup(context, request, reply, now));
    }

    /** OffsetCommit; every topic has its name, and its id where it is known. */
    public void commitOffsets(
            GroupRequestContext context, OffsetCommitRequest request, Consumer<OffsetCommitResponse> then) {
        Reply<OffsetCommitResponse> reply =
                Reply.to(then, error -> GroupAnswers.offsetCommit(request, GroupErrors.ofCommit(error)));
        ask(reply, (machine, now) -> machine.commitOffsets(context, request, reply, now));
    }

    /** One group of an OffsetFetch; see {@code SingleGroupOffsetFetch} for versions up to 7. */
    public void fetchOffsets(
            OffsetFetchRequest.OffsetFetchRequestGroup request,
            boolean requireStable,
            Consumer<OffsetFetchResponse.OffsetFetchResponseGroup> then) {
        Reply<OffsetFetchResponse.OffsetFetchResponseGroup> reply =
                Reply.to(then, error -> GroupAnswers.offsetFetch(request.groupId(), GroupErrors.ofMembership(error)));
        ask(reply, (machine, now) -> machine.fetchOffsets(request, requireStable, reply, now));
    }

    /** OffsetDelete, of partitions that exist. A group that cannot be is answered without topics. */
    public void deleteOffsets(OffsetDeleteRequest request, Consumer<OffsetDeleteResponse> then) {
        Reply<OffsetDeleteResponse> reply =
                Reply.to(then, error -> GroupAnswers.offsetDelete(GroupErrors.ofMembership(error)));
        ask(reply, (machine, now) -> machine.deleteOffsets(request, reply, now));
    }

    /**
     * One group of a DescribeGroups.
     *
     * @param version of the request
     */
    public void describeGroup(int version, String groupId, Consumer<DescribeGroupsResponse.DescribedGroup> then) {
        Reply<DescribeGroupsResponse.DescribedGroup> reply =
                Reply.to(then, error -> GroupAnswers.describeGroup(groupId, GroupErrors.ofMembership(error)));
        ask(reply, (machine, now) -> machine.describeGroup(version, groupId, reply, now));
    }

    /** The groups of this shard; a shard that is not there says why. */
    public void listGroups(ListGroupsRequest request, Consumer<ListedGroups> then) {
        Reply<List<ListGroupsResponse.ListedGroup>> reply = new Reply<>() {
            @Override
            public void send(List<ListGroupsResponse.ListedGroup> groups) {
                then.accept(new ListedGroups(ErrorCode.NONE, groups));
            }

            @Override
            public void refuse(ErrorCode error) {
                then.accept(new ListedGroups(GroupErrors.ofMembership(error), List.of()));
            }
        };
        ask(reply, (machine, now) -> machine.listGroups(request, reply, now));
    }

    /** What a shard has to say to a ListGroups. */
    public record ListedGroups(ErrorCode error, List<ListGroupsResponse.ListedGroup> groups) {}

    /** The groups of a DeleteGroups that live on this shard. */
    public void deleteGroups(List<String> groupIds, Consumer<List<DeleteGroupsResponse.DeletableGroupResult>> then) {
        Reply<List<DeleteGroupsResponse.DeletableGroupResult>> reply =
                Reply.to(then, error -> GroupAnswers.deleteGroups(groupIds, GroupErrors.ofMembership(error)));
        ask(reply, (machine, now) -> machine.deleteGroups(groupIds, reply, now));
    }

    /** Topics were deleted: their offsets go, if the partition is led here; once it is loaded. */
    public void topicsDeleted(List<DeletedTopic> topics) {
        runtime.submitOnceLoaded(new ShardOperation<>() {
            @Override
            public Decision decide(GroupMachine machine, Moment now) {
                return machine.topicsDeleted(topics, now);
            }

            @Override
            public void refuse(ErrorCode error) {
                // Whoever leads the partition hears of the deletion itself.
            }
        });
    }

    private void ask(Reply<?> reply, BiFunction<GroupMachine, Moment, Decision> question) {
        runtime.submit(new ShardOperation<>() {
            @Override
            public Decision decide(GroupMachine machine, Moment now) {
                return question.apply(machine, now);
            }

            @Override
            public void refuse(ErrorCode error) {
                reply.refuse(error);
            }
        });
    }

    /** A random UUID (RFC 9562, version 4), from the lane's own randomness. */
    private UUID freshId() {
        long high = (randomness.nextLong() & ~0xF000L) | 0x4000L;
        long low = (randomness.nextLong() >>> 2) | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }
}
