package io.millrace.simulator.scenario;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FindCoordinatorRequest;
import io.millrace.protocol.messages.FindCoordinatorResponse;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitRequest.OffsetCommitRequestPartition;
import io.millrace.protocol.messages.OffsetCommitResponse;
import java.util.ArrayList;
import java.util.List;

/** Commits the beginning of each partition for a group that has no members yet. */
final class Anchor implements Actor {
    private final OffsetCommitRequest request;
    private final Caller caller;
    private boolean isDone;

    Anchor(String groupId, Uuid topicId, int partitions, Caller caller) {
        this.caller = caller;
        List<OffsetCommitRequestPartition> all = new ArrayList<>();
        for (int each = 0; each < partitions; each++)
            all.add(OffsetCommitRequestPartition.builder()
                    .partitionIndex(each)
                    .committedOffset(0)
                    .build());
        request = OffsetCommitRequest.builder()
                .groupId(groupId)
                .generationIdOrMemberEpoch(-1)
                .topics(List.of(OffsetCommitRequest.OffsetCommitRequestTopic.builder()
                        .topicId(topicId)
                        .partitions(all)
                        .build()))
                .build();
    }

    @Override
    public void begin() {
        FindCoordinatorRequest search = FindCoordinatorRequest.builder()
                .coordinatorKeys(List.of(request.groupId()))
                .build();
        caller.ask(
                search,
                FindCoordinatorResponse.class,
                answer -> {
                    ErrorCode error =
                            ErrorCode.forCode(answer.coordinators().getFirst().errorCode());
                    if (error == ErrorCode.NONE) commit();
                    else if (error.isRetriable()) caller.afterPause(this::begin);
                    else throw new AssertionError("FindCoordinator: " + error);
                },
                () -> caller.afterPause(this::begin));
    }

    private void commit() {
        caller.ask(
                request,
                OffsetCommitResponse.class,
                answer -> {
                    for (var each : answer.topics().getFirst().partitions()) {
                        ErrorCode error = ErrorCode.forCode(each.errorCode());
                        if (error == ErrorCode.NONE) continue;
                        if (!error.isRetriable()) throw new AssertionError("OffsetCommit: " + error);
                        caller.afterPause(this::begin);
                        return;
                    }
                    isDone = true;
                },
                () -> caller.afterPause(this::begin));
    }

    @Override
    public boolean isDone() {
        return isDone;
    }
}
