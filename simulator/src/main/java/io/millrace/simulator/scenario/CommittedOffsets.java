package io.millrace.simulator.scenario;

import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.OffsetFetchRequest;
import io.millrace.protocol.messages.OffsetFetchResponse;
import io.millrace.testkit.SeededRandom;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Asks the coordinator again and again, from outside of a group, what the group has committed (G2). Members ask only where they
 * begin; most commits that undo a later one would be overtaken by the next before a member sees them.
 */
final class CommittedOffsets implements Actor {
    private static final int MOST_PAUSE_MS = 200;

    private final OffsetFetchRequest request;
    private final GroupHistory history;
    private final Caller caller;
    private final Lane lane;
    private final SeededRandom random;
    private boolean isEnding;
    private boolean isDone;

    /**
     * It does not ask yet.
     *
     * @param lane the caller's
     */
    CommittedOffsets(
            GroupHistory history,
            String groupId,
            Uuid topicId,
            int partitions,
            Caller caller,
            Lane lane,
            SeededRandom random) {
        this.history = history;
        this.caller = caller;
        this.lane = lane;
        this.random = random;
        request = OffsetFetchRequest.builder()
                .groups(List.of(OffsetFetchRequest.OffsetFetchRequestGroup.builder()
                        .groupId(groupId)
                        .topics(List.of(OffsetFetchRequest.OffsetFetchRequestTopics.builder()
                                .topicId(topicId)
                                .partitionIndexes(
                                        IntStream.range(0, partitions).boxed().toList())
                                .build()))
                        .build()))
                .build();
    }

    @Override
    public void begin() {
        ask();
    }

    /** It is done as soon as a question that it asks from now on is answered; from outside. */
    void end() {
        isEnding = true;
    }

    @Override
    public boolean isDone() {
        return isDone;
    }

    private void ask() {
        boolean isLast = isEnding;
        long askedAt = history.now();
        caller.ask(
                request,
                OffsetFetchResponse.class,
                answer -> {
                    if (isTaken(answer, askedAt) && isLast) isDone = true;
                    else askLater();
                },
                this::askLater);
    }

    private void askLater() {
        lane.schedule(1 + random.nextInt(MOST_PAUSE_MS), this::ask);
    }

    /** Whether the coordinator said it of every partition. */
    private boolean isTaken(OffsetFetchResponse answer, long askedAt) {
        var group = answer.groups().getFirst();
        if (isToBeRepeated(group.errorCode())) return false;
        var committed = new TreeMap<Integer, Long>();
        for (var each : group.topics().getFirst().partitions()) {
            if (isToBeRepeated(each.errorCode())) return false;
            committed.put(
                    each.partitionIndex(), Math.max(0, each.committedOffset())); // Without one it is the beginning.
        }
        history.committedAre(askedAt, committed);
        return true;
    }

    private boolean isToBeRepeated(short code) {
        ErrorCode error = ErrorCode.forCode(code);
        if (error != ErrorCode.NONE && !error.isRetriable()) throw history.broken("OffsetFetch: " + error);
        return error != ErrorCode.NONE;
    }
}
