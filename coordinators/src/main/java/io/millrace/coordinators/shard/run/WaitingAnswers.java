package io.millrace.coordinators.shard.run;

import io.millrace.coordinators.shard.Answer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Answers that show what is not committed yet, ordered by the offset that has to be. All wait equally long at most, so
 * that their deadlines stand in the order in which they came.
 */
final class WaitingAnswers {
    private static final class Waiting {
        private final Answer<?> answer;
        private final long deadlineMs;
        private boolean isDone;

        Waiting(Answer<?> answer, long deadlineMs) {
            this.answer = answer;
            this.deadlineMs = deadlineMs;
        }
    }

    private final TreeMap<Long, List<Waiting>> byOffset = new TreeMap<>();
    private final ArrayDeque<Waiting> byDeadline = new ArrayDeque<>();

    void add(long offset, Answer<?> answer, long deadlineMs) {
        Waiting waiting = new Waiting(answer, deadlineMs);
        byOffset.computeIfAbsent(offset, at -> new ArrayList<>(2)).add(waiting);
        byDeadline.add(waiting);
    }

    /** Takes out what waited for offsets below the high watermark, in the order of these offsets. */
    List<Answer<?>> releaseBelow(long highWatermark) {
        List<Answer<?>> released = new ArrayList<>();
        Map.Entry<Long, List<Waiting>> first;
        while ((first = byOffset.firstEntry()) != null && first.getKey() < highWatermark) {
            byOffset.pollFirstEntry();
            takeOut(first.getValue(), released);
        }
        forgetDone();
        return released;
    }

    /** Takes out what has waited for too long. */
    List<Answer<?>> releaseOverdue(long nowMs) {
        List<Answer<?>> released = new ArrayList<>();
        Waiting first;
        while ((first = byDeadline.peek()) != null && (first.isDone || first.deadlineMs <= nowMs)) {
            byDeadline.poll();
            if (!first.isDone) {
                first.isDone = true;
                released.add(first.answer);
            }
        }
        if (byDeadline.isEmpty()) byOffset.clear();
        return released;
    }

    /** Takes out all. */
    List<Answer<?>> releaseAll() {
        List<Answer<?>> released = new ArrayList<>();
        for (List<Waiting> waiting : byOffset.values()) takeOut(waiting, released);
        byOffset.clear();
        byDeadline.clear();
        return released;
    }

    /** When the first will have waited for too long; {@link Long#MAX_VALUE} if none waits. */
    long nextDeadlineMs() {
        Waiting first = byDeadline.peek();
        return first == null ? Long.MAX_VALUE : first.deadlineMs;
    }

    private static void takeOut(List<Waiting> waiting, List<Answer<?>> released) {
        for (Waiting one : waiting) {
            if (one.isDone) continue;
            one.isDone = true;
            released.add(one.answer);
        }
    }

    private void forgetDone() {
        Waiting first;
        while ((first = byDeadline.peek()) != null && first.isDone) byDeadline.poll();
    }
}
