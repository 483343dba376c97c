package io.millrace.simulator.scenario;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FindCoordinatorRequest;
import io.millrace.protocol.messages.FindCoordinatorResponse;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitResponse;
import io.millrace.protocol.messages.OffsetFetchRequest;
import io.millrace.protocol.messages.OffsetFetchResponse;
import io.millrace.testkit.SeededRandom;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Commits rising offsets for a group without members and fetches them now and then. What is fetched is never older than the
 * last commit that was acknowledged, nor than what was fetched before (G2).
 */
final class OffsetCommitter implements Actor {
    private static final long NONE = -1;

    private final String group;
    private final Uuid topicId;
    private final Caller caller;
    private final SeededRandom random;
    private int commitsLeft;
    private long lastSent = NONE;
    private long leastValid = NONE;
    /** Those that no answer came to: a link may hold one back, and it takes effect after later ones. */
    private final Set<Long> unanswered = new HashSet<>();

    private boolean isDone;

    OffsetCommitter(String group, Uuid topicId, Caller caller, SeededRandom random, int commits) {
        this.group = group;
        this.topicId = topicId;
        this.caller = caller;
        this.random = random;
        this.commitsLeft = commits;
    }

    @Override
    public void begin() {
        FindCoordinatorRequest request =
                FindCoordinatorRequest.builder().coordinatorKeys(List.of(group)).build();
        caller.ask(
                request,
                FindCoordinatorResponse.class,
                answer -> {
                    ErrorCode error =
                            ErrorCode.forCode(answer.coordinators().getFirst().errorCode());
                    if (error == ErrorCode.NONE) next();
                    else again("FindCoordinator", error, this::begin);
                },
                () -> caller.afterPause(this::begin));
    }

    private void again(String what, ErrorCode error, Runnable next) {
        if (!error.isRetriable()) throw new AssertionError(what + " of group " + group + ": " + error);
        caller.afterPause(next);
    }

    private void next() {
        if (commitsLeft == 0) fetch(() -> isDone = true);
        else if (random.nextInt(4) == 0) fetch(this::commit);
        else commit();
    }

    private void commit() {
        commitsLeft--;
        lastSent += 1 + random.nextInt(3);
        long offset = lastSent;
        OffsetCommitRequest request = OffsetCommitRequest.builder()
                .groupId(group)
                .generationIdOrMemberEpoch(-1)
                .topics(List.of(OffsetCommitRequest.OffsetCommitRequestTopic.builder()
                        .topicId(topicId)
                        .partitions(List.of(OffsetCommitRequest.OffsetCommitRequestPartition.builder()
                                .partitionIndex(0)
                                .committedOffset(offset)
                                .build()))
                        .build()))
                .build();
        caller.ask(
                request,
                OffsetCommitResponse.class,
                answer -> {
                    ErrorCode error = ErrorCode.forCode(
                            answer.topics().getFirst().partitions().getFirst().errorCode());
                    if (error == ErrorCode.NONE) {
                        leastValid = offset;
                        caller.afterPause(this::next);
                    } else {
                        again("OffsetCommit", error, this::next);
                    }
                },
                () -> {
                    unanswered.add(offset);
                    caller.afterPause(this::next);
                });
    }

    private void fetch(Runnable then) {
        OffsetFetchRequest request = OffsetFetchRequest.builder()
                .groups(List.of(OffsetFetchRequest.OffsetFetchRequestGroup.builder()
                        .groupId(group)
                        .topics(List.of(OffsetFetchRequest.OffsetFetchRequestTopics.builder()
                                .topicId(topicId)
                                .partitionIndexes(List.of(0))
                                .build()))
                        .build()))
                .build();
        caller.ask(
                request,
                OffsetFetchResponse.class,
                answer -> {
                    var found = answer.groups().getFirst();
                    ErrorCode error = ErrorCode.forCode(found.errorCode());
                    if (error != ErrorCode.NONE) {
                        again("OffsetFetch", error, () -> fetch(then));
                        return;
                    }
                    fetched(found.topics().getFirst().partitions().getFirst());
                    then.run();
                },
                () -> caller.afterPause(() -> fetch(then)));
    }

    private void fetched(OffsetFetchResponse.OffsetFetchResponsePartitions found) {
        long offset = found.committedOffset();
        boolean isValid = unanswered.contains(offset) || (offset >= leastValid && offset <= lastSent);
        if (found.errorCode() != 0 || !isValid) {
            throw new AssertionError("group " + group + " has committed offset " + offset + " (error "
                    + found.errorCode() + "), it must lie in [" + leastValid + ", " + lastSent + "]");
        }
        leastValid = offset;
    }

    @Override
    public boolean isDone() {
        return isDone;
    }
}
