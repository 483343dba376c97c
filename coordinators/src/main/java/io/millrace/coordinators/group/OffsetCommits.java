package io.millrace.coordinators.group;

import io.millrace.coordinators.group.offsets.CommittedOffset;
import io.millrace.coordinators.shard.Reply;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitResponse;
import java.util.ArrayList;
import java.util.List;

/**
 * OffsetCommit (key 8), versions 2-10. Who the topics are is settled before: requests come with names, and with topic ids
 * where they are known; both are given back.
 */
final class OffsetCommits {
    private static final int GROUP_ID_NOT_FOUND_VERSION = 9;

    private final GroupLimits limits;
    private final GroupDirectory directory;
    private final ClassicRebalance rebalance;

    OffsetCommits(GroupLimits limits, GroupDirectory directory, ClassicRebalance rebalance) {
        this.limits = limits;
        this.directory = directory;
        this.rebalance = rebalance;
    }

    void commit(
            GroupRequestContext context, OffsetCommitRequest request, Reply<OffsetCommitResponse> reply, Turn turn) {
        ClassicGroup group = directory.find(request.groupId());
        ErrorCode error = group == null ? checkWithoutGroup(context, request) : check(group, request);
        if (group != null) turn.shows(group.lastMetadataOffset());
        if (error != ErrorCode.NONE) {
            turn.answer(reply, refusal(request, error));
            return;
        }
        if (group != null) keepAlive(group, request.memberId(), turn);
        long expireAtMs = request.retentionTimeMs() < 0 ? -1 : saturatedSum(turn.wallMs(), request.retentionTimeMs());
        List<OffsetCommitResponse.OffsetCommitResponseTopic> topics =
                new ArrayList<>(request.topics().size());
        for (var topic : request.topics()) topics.add(commit(request.groupId(), topic, expireAtMs, turn));
        turn.answer(reply, OffsetCommitResponse.builder().topics(topics).build());
    }

    private OffsetCommitResponse.OffsetCommitResponseTopic commit(
            String groupId, OffsetCommitRequest.OffsetCommitRequestTopic topic, long expireAtMs, Turn turn) {
        List<OffsetCommitResponse.OffsetCommitResponsePartition> partitions =
                new ArrayList<>(topic.partitions().size());
        for (var partition : topic.partitions()) {
            String metadata = partition.committedMetadata() == null ? "" : partition.committedMetadata();
            ErrorCode error = ErrorCode.NONE;
            if (metadata.length() > limits.offsetMetadataMaxBytes()) {
                error = ErrorCode.OFFSET_METADATA_TOO_LARGE;
            } else {
                CommittedOffset committed = new CommittedOffset(
                        partition.committedOffset(),
                        partition.committedLeaderEpoch(),
                        metadata,
                        turn.wallMs(),
                        expireAtMs,
                        topic.topicId());
                turn.write(GroupRecords.offset(groupId, topic.name(), partition.partitionIndex(), committed));
            }
            partitions.add(answer(partition.partitionIndex(), error));
        }
        return OffsetCommitResponse.OffsetCommitResponseTopic.builder()
                .name(topic.name())
                .topicId(topic.topicId())
                .partitions(partitions)
                .build();
    }

    /** A consumer without a group that the coordinator runs makes one by committing. */
    private ErrorCode checkWithoutGroup(GroupRequestContext context, OffsetCommitRequest request) {
        if (request.generationIdOrMemberEpoch() < 0 && !directory.isForeign(request.groupId())) return ErrorCode.NONE;
        return context.apiVersion() >= GROUP_ID_NOT_FOUND_VERSION
                ? ErrorCode.GROUP_ID_NOT_FOUND
                : ErrorCode.ILLEGAL_GENERATION;
    }

    private static ErrorCode check(ClassicGroup group, OffsetCommitRequest request) {
        int generation = request.generationIdOrMemberEpoch();
        if (generation < 0 && group.isIn(ClassicGroupState.EMPTY)) return ErrorCode.NONE;
        boolean namesMember = generation >= 0 || !request.memberId().isEmpty() || request.groupInstanceId() != null;
        if (!namesMember) return ErrorCode.UNKNOWN_MEMBER_ID;
        ErrorCode error = group.check(request.memberId(), request.groupInstanceId());
        if (error != ErrorCode.NONE) return error;
        if (generation != group.generation()) return ErrorCode.ILLEGAL_GENERATION;
        return group.isIn(ClassicGroupState.COMPLETING_REBALANCE) ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
    }

    private void keepAlive(ClassicGroup group, String memberId, Turn turn) {
        ClassicMember member = group.member(memberId);
        if (member != null) rebalance.heard(member, turn);
    }

    /** The same error for every partition asked for. */
    static OffsetCommitResponse refusal(OffsetCommitRequest request, ErrorCode error) {
        List<OffsetCommitResponse.OffsetCommitResponseTopic> topics =
                new ArrayList<>(request.topics().size());
        for (var topic : request.topics()) {
            List<OffsetCommitResponse.OffsetCommitResponsePartition> partitions =
                    new ArrayList<>(topic.partitions().size());
            for (var partition : topic.partitions()) partitions.add(answer(partition.partitionIndex(), error));
            topics.add(OffsetCommitResponse.OffsetCommitResponseTopic.builder()
                    .name(topic.name())
                    .topicId(topic.topicId())
                    .partitions(partitions)
                    .build());
        }
        return OffsetCommitResponse.builder().topics(topics).build();
    }

    private static OffsetCommitResponse.OffsetCommitResponsePartition answer(int partition, ErrorCode error) {
        return OffsetCommitResponse.OffsetCommitResponsePartition.builder()
                .partitionIndex(partition)
                .errorCode(error.code())
                .build();
    }

    private static long saturatedSum(long one, long other) {
        long sum = one + other;
        return sum < one ? Long.MAX_VALUE : sum;
    }
}
