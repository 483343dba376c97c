package io.millrace.coordinators.group;

import io.millrace.coordinators.group.offsets.CommittedOffset;
import io.millrace.coordinators.group.offsets.OffsetStore;
import io.millrace.coordinators.group.offsets.OpenTransactions;
import io.millrace.coordinators.shard.Answer;
import io.millrace.coordinators.shard.CoordinatorRecord;
import io.millrace.coordinators.shard.Decision;
import io.millrace.coordinators.shard.Moment;
import io.millrace.coordinators.shard.Reply;
import io.millrace.coordinators.shard.ShardMachine;
import io.millrace.protocol.CoordinatorValue;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ConsumerGroupMetadataKey;
import io.millrace.protocol.messages.DeleteGroupsResponse;
import io.millrace.protocol.messages.DescribeGroupsResponse;
import io.millrace.protocol.messages.GroupMetadataKey;
import io.millrace.protocol.messages.GroupMetadataValue;
import io.millrace.protocol.messages.HeartbeatRequest;
import io.millrace.protocol.messages.HeartbeatResponse;
import io.millrace.protocol.messages.JoinGroupRequest;
import io.millrace.protocol.messages.JoinGroupResponse;
import io.millrace.protocol.messages.LeaveGroupRequest;
import io.millrace.protocol.messages.LeaveGroupResponse;
import io.millrace.protocol.messages.ListGroupsRequest;
import io.millrace.protocol.messages.ListGroupsResponse;
import io.millrace.protocol.messages.OffsetCommitKey;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitResponse;
import io.millrace.protocol.messages.OffsetCommitValue;
import io.millrace.protocol.messages.OffsetDeleteRequest;
import io.millrace.protocol.messages.OffsetDeleteResponse;
import io.millrace.protocol.messages.OffsetFetchRequest;
import io.millrace.protocol.messages.OffsetFetchResponse;
import io.millrace.protocol.messages.ShareGroupMetadataKey;
import io.millrace.protocol.messages.StreamsGroupMetadataKey;
import io.millrace.protocol.messages.SyncGroupRequest;
import io.millrace.protocol.messages.SyncGroupResponse;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The group coordinator of one partition. Each request has its method here and its rules in a class of its own. What the
 * log holds (group metadata, offsets) changes in the replay methods only; sessions and waiting requests change as requests
 * come, and are begun anew from the log after {@link #loaded}.
 */
public final class GroupMachine implements ShardMachine {
    private final Deadlines deadlines = new Deadlines();
    private final OffsetStore offsets = new OffsetStore();
    private final OpenTransactions transactions = new OpenTransactions();
    private final GroupDirectory directory;
    private final ClassicJoin join;
    private final ClassicSync sync;
    private final ClassicHeartbeat heartbeat;
    private final ClassicLeave leave;
    private final OffsetCommits commits;
    private final OffsetFetches fetches;
    private final OffsetDeletes offsetDeletes;
    private final OffsetExpiry expiry;
    private final GroupQueries queries;
    private final GroupDeletion deletion;
    private final ClassicRebalance rebalance;
    private long lastOffset = -1;

    /** A shard with nothing in it yet. */
    public GroupMachine(GroupLimits limits) {
        rebalance = new ClassicRebalance(limits, deadlines);
        directory = new GroupDirectory(rebalance);
        join = new ClassicJoin(limits, directory, rebalance);
        sync = new ClassicSync(directory, rebalance);
        heartbeat = new ClassicHeartbeat(directory, rebalance);
        leave = new ClassicLeave(directory, rebalance);
        commits = new OffsetCommits(limits, directory, rebalance);
        fetches = new OffsetFetches(offsets, transactions);
        offsetDeletes = new OffsetDeletes(directory, offsets);
        expiry = new OffsetExpiry(limits, directory, offsets, transactions, deadlines);
        queries = new GroupQueries(directory);
        deletion = new GroupDeletion(directory, offsets);
    }

    /**
     * JoinGroup. Its answer may come with a later decision, once the join phase is over.
     *
     * @param freshId makes the member id of a new member unique
     */
    public Decision joinGroup(
            GroupRequestContext context,
            JoinGroupRequest request,
            UUID freshId,
            Reply<JoinGroupResponse> reply,
            Moment now) {
        return decide(now, turn -> join.join(context, request, freshId, reply, turn));
    }

    /** SyncGroup. Its answer may come with a later decision, once the leader has sent the assignment. */
    public Decision syncGroup(
            GroupRequestContext context, SyncGroupRequest request, Reply<SyncGroupResponse> reply, Moment now) {
        return decide(now, turn -> sync.sync(context, request, reply, turn));
    }

    /** Heartbeat. */
    public Decision heartbeat(HeartbeatRequest request, Reply<HeartbeatResponse> reply, Moment now) {
        return decide(now, turn -> heartbeat.heartbeat(request, reply, turn));
    }

    /** LeaveGroup. */
    public Decision leaveGroup(
            GroupRequestContext context, LeaveGroupRequest request, Reply<LeaveGroupResponse> reply, Moment now) {
        return decide(now, turn -> leave.leave(context, request, reply, turn));
    }

    /** OffsetCommit; topics have names, and ids where they are known. */
    public Decision commitOffsets(
            GroupRequestContext context, OffsetCommitRequest request, Reply<OffsetCommitResponse> reply, Moment now) {
        return decide(now, turn -> commits.commit(context, request, reply, turn));
    }

    /** One group of an OffsetFetch; topics have names, and ids where they are known. */
    public Decision fetchOffsets(
            OffsetFetchRequest.OffsetFetchRequestGroup request,
            boolean requireStable,
            Reply<OffsetFetchResponse.OffsetFetchResponseGroup> reply,
            Moment now) {
        return decide(now, turn -> {
            ClassicGroup group = directory.find(request.groupId());
            turn.shows(group == null ? lastOffset : group.lastCommitOffset());
            turn.answer(reply, fetches.fetch(request, requireStable));
        });
    }

    /** OffsetDelete, of partitions that exist. */
    public Decision deleteOffsets(OffsetDeleteRequest request, Reply<OffsetDeleteResponse> reply, Moment now) {
        return decide(now, turn -> offsetDeletes.delete(request, reply, turn));
    }

    /**
     * One group of a DescribeGroups, without authorized operations.
     *
     * @param version of the request
     */
    public Decision describeGroup(
            int version, String groupId, Reply<DescribeGroupsResponse.DescribedGroup> reply, Moment now) {
        return decide(now, turn -> {
            ClassicGroup group = directory.find(groupId);
            turn.shows(group == null ? lastOffset : group.lastMetadataOffset());
            turn.answer(reply, queries.describe(version, groupId));
        });
    }

    /** The groups of this shard that a ListGroups asks for. */
    public Decision listGroups(
            ListGroupsRequest request, Reply<List<ListGroupsResponse.ListedGroup>> reply, Moment now) {
        return decide(now, turn -> {
            turn.shows(lastOffset);
            turn.answer(reply, queries.list(request));
        });
    }

    /** The groups of a DeleteGroups that live on this shard. */
    public Decision deleteGroups(
            List<String> groupIds, Reply<List<DeleteGroupsResponse.DeletableGroupResult>> reply, Moment now) {
        return decide(now, turn -> deletion.delete(groupIds, reply, turn));
    }

    /** Topics were deleted: their offsets go, in the wakes that follow. */
    public Decision topicsDeleted(List<DeletedTopic> topics, Moment now) {
        return decide(now, turn -> expiry.topicsDeleted(topics, turn));
    }

    /** How many offsets the shard holds. */
    public long offsetCount() {
        return offsets.count();
    }

    /** How many classic groups the shard holds. */
    public int groupCount() {
        return directory.groups().size();
    }

    @Override
    public void replay(long offset, CoordinatorRecord record) {
        lastOffset = offset;
        CoordinatorValue value = record.value();
        switch (record.key()) {
            case OffsetCommitKey key -> {
                if (value == null) transactions.forget(key.group(), key.topic(), key.partition());
                apply(changeOf(key, value), offset);
            }
            case GroupMetadataKey key ->
                directory.replayMetadata(
                        key.group(), (GroupMetadataValue) value, offsets.count(key.group()) > 0, offset);
            case ConsumerGroupMetadataKey key ->
                directory.replayForeign(key.groupId(), GroupType.CONSUMER, value == null);
            case ShareGroupMetadataKey key -> directory.replayForeign(key.groupId(), GroupType.SHARE, value == null);
            case StreamsGroupMetadataKey key ->
                directory.replayForeign(key.groupId(), GroupType.STREAMS, value == null);
            default -> {
                // What else groups of other kinds hold does not concern classic ones.
            }
        }
    }

    @Override
    public void replayInTransaction(long producerId, long offset, CoordinatorRecord record) {
        lastOffset = offset;
        if (record.key() instanceof OffsetCommitKey key) {
            transactions.add(producerId, changeOf(key, record.value()));
        }
    }

    @Override
    public void replayTransactionEnd(long producerId, long offset, boolean isCommitted) {
        lastOffset = offset;
        List<OpenTransactions.Change> changes = transactions.end(producerId);
        if (!isCommitted) return;
        for (OpenTransactions.Change change : changes) apply(change, offset);
    }

    private void apply(OpenTransactions.Change change, long offset) {
        CommittedOffset committed = change.committed();
        if (committed == null) offsets.remove(change.groupId(), change.topic(), change.partition());
        else offsets.put(change.groupId(), change.topic(), change.partition(), committed);
        directory.replayOffsetChange(change.groupId(), committed == null, offset);
    }

    private OpenTransactions.Change changeOf(OffsetCommitKey key, @Nullable CoordinatorValue value) {
        return new OpenTransactions.Change(key.group(), key.topic(), key.partition(), committed(key, value));
    }

    private @Nullable CommittedOffset committed(OffsetCommitKey key, @Nullable CoordinatorValue value) {
        if (value == null) return null;
        OffsetCommitValue commit = (OffsetCommitValue) value;
        return new CommittedOffset(
                commit.offset(),
                commit.leaderEpoch(),
                commit.metadata().isEmpty() ? "" : commit.metadata(),
                commit.commitTimestamp(),
                commit.expireTimestamp(),
                offsets.shared(key.group(), key.topic(), commit.topicId()));
    }

    @Override
    public void loaded(Moment now) {
        Turn turn = new Turn(now);
        directory.restore(turn);
        expiry.start(turn);
    }

    @Override
    public List<Answer<?>> unloaded() {
        Turn turn = new Turn(new Moment(0, 0));
        for (ClassicGroup group : directory.groups()) {
            for (ClassicMember member : group.members()) {
                rebalance.refuseWaiting(group, member, member.memberId, ErrorCode.NOT_COORDINATOR, turn);
            }
        }
        return turn.answers();
    }

    @Override
    public long nextWakeAtMs() {
        return deadlines.nextAtMs();
    }

    @Override
    public Decision wake(Moment now) {
        Deadline due = deadlines.pollDue(now.nowMs());
        return due == null ? Decision.NOTHING : decide(now, due::fire);
    }

    private static Decision decide(Moment now, Consumer<Turn> rules) {
        Turn turn = new Turn(now);
        rules.accept(turn);
        return turn.decision();
    }
}
