package io.millrace.client.committing;

import io.millrace.client.CommittedOffset;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What of a group's offsets is asked next. One request is under way at a time, and a commit that is to be repeated keeps its place
 * before later ones, so that commits take effect in the order they were asked for. Commits that wait in a row go in one request.
 * A question sees all commits that were asked for before it; one that is to be repeated lets others pass.
 */
public final class OffsetsQueue {
    /** Commits that nobody waits for must not pile up without end while there is no coordinator. */
    static final int MOST_CALLS = 10_000;
    /** A request that asks for as many takes no more calls in. */
    private static final int ENOUGH_PARTITIONS = 1_000;

    /** A call is over. */
    public record Ending(OffsetsCall call, OffsetsOutcome outcome) {}

    private final String groupId;
    private final RetryBackoff backoff;
    private final Deque<OffsetsCall> waiting = new ArrayDeque<>();
    private List<OffsetsCall> underWay = List.of();

    /** Nothing is asked. */
    public OffsetsQueue(String groupId, RetryBackoff backoff) {
        this.groupId = groupId;
        this.backoff = backoff;
    }

    /** Takes a call in; it ends at once if too many wait. */
    public List<Ending> add(OffsetsCall call) {
        OffsetsCall longest = waiting.peekFirst();
        if (longest != null && waiting.size() >= MOST_CALLS) {
            return List.of(ending(
                    call,
                    ErrorCode.COORDINATOR_NOT_AVAILABLE,
                    waiting.size() + " commits and questions wait for the coordinator of group " + groupId + " already"
                            + longest.lastTrouble()));
        }
        waiting.add(call);
        return List.of();
    }

    private static Ending ending(OffsetsCall call, ErrorCode error, String sentence) {
        return new Ending(call, call.end(error, sentence));
    }

    /** Whether there is something that could be asked now. */
    public boolean hasNext(long nowMs) {
        if (!underWay.isEmpty()) return false;
        for (OffsetsCall each : waiting) {
            if (each.againFromMs() <= nowMs) return true;
            if (each.isCommit()) return false;
        }
        return false;
    }

    /** What to ask now, and is under way from now on; null for nothing. */
    public @Nullable OffsetsRequest next(long nowMs) {
        if (!underWay.isEmpty()) return null;
        Set<OffsetsCall> row = new LinkedHashSet<>();
        Map<TopicPartition, CommittedOffset> wanted = new LinkedHashMap<>();
        OffsetsCall first = null;
        for (OffsetsCall each : waiting) {
            boolean mayGo = each.againFromMs() <= nowMs;
            if (!mayGo && !each.isCommit()) continue;
            if (!mayGo || (first != null && !each.goesWith(first))) break;
            if (first == null) first = each;
            row.add(each);
            each.addTo(wanted);
            if (wanted.size() >= ENOUGH_PARTITIONS) break;
        }
        if (first == null) return null;
        if (row.size() > 1) for (OffsetsCall each : row) each.goWith(wanted);
        waiting.removeIf(row::contains);
        underWay = List.copyOf(row);
        return first.request(groupId, wanted);
    }

    /** The answer to what is under way. */
    public List<Ending> answered(OffsetsAnswer answer, long nowMs, long randomBits) {
        List<Ending> endings = new ArrayList<>();
        List<OffsetsCall> again = new ArrayList<>();
        for (OffsetsCall each : underWay) {
            if (each.isEnded()) continue;
            OffsetsOutcome outcome = each.answered(answer);
            if (outcome == null) again.add(each);
            else endings.add(new Ending(each, outcome));
        }
        askAgain(again, nowMs, randomBits);
        return endings;
    }

    /** There is no answer to what is under way. */
    public void unanswered(String sentence, long nowMs, long randomBits) {
        List<OffsetsCall> again = new ArrayList<>();
        for (OffsetsCall each : underWay) {
            if (each.isEnded()) continue;
            each.troubledBy(sentence);
            again.add(each);
        }
        askAgain(again, nowMs, randomBits);
    }

    private void askAgain(List<OffsetsCall> calls, long nowMs, long randomBits) {
        underWay = List.of();
        int failures = 0;
        for (OffsetsCall each : calls) failures = Math.max(failures, each.failed());
        if (failures == 0) return;
        long moment = nowMs + backoff.waitMs(failures, randomBits);
        for (OffsetsCall each : calls.reversed()) {
            each.waitUntil(moment);
            if (each.isCommit()) waiting.addFirst(each);
            else waiting.addLast(each);
        }
    }

    /** What is under way cannot be asked. */
    public List<Ending> refused(ErrorCode error, String sentence) {
        List<Ending> endings = new ArrayList<>();
        for (OffsetsCall each : underWay) if (!each.isEnded()) endings.add(ending(each, error, sentence));
        underWay = List.of();
        return endings;
    }

    /** Something keeps the calls from being asked, for now. */
    public void troubledBy(String sentence) {
        for (OffsetsCall each : waiting) each.troubledBy(sentence);
    }

    /** None of the calls can be done. */
    public List<Ending> failAll(ErrorCode error, String sentence) {
        List<Ending> endings = new ArrayList<>(refused(error, sentence));
        for (OffsetsCall each : waiting) endings.add(ending(each, error, sentence));
        waiting.clear();
        return endings;
    }

    /** Ends the calls whose time is over; what is under way goes on all the same. */
    public List<Ending> expire(long nowMs) {
        List<Ending> endings = new ArrayList<>();
        for (OffsetsCall each : underWay)
            if (!each.isEnded() && each.deadlineMs() <= nowMs) endings.add(expired(each, ", which was asked"));
        for (OffsetsCall each : waiting) if (each.deadlineMs() <= nowMs) endings.add(expired(each, ""));
        waiting.removeIf(OffsetsCall::isEnded);
        return endings;
    }

    private Ending expired(OffsetsCall call, String asked) {
        return ending(
                call,
                ErrorCode.REQUEST_TIMED_OUT,
                "no answer of the coordinator of group " + groupId + asked + " in time" + call.lastTrouble());
    }

    /** When something is to be done if nothing happens until then; {@link Long#MAX_VALUE} for never. */
    public long dueMs(long nowMs) {
        long dueMs = Long.MAX_VALUE;
        for (OffsetsCall each : underWay) if (!each.isEnded()) dueMs = Math.min(dueMs, each.deadlineMs());
        for (OffsetsCall each : waiting) {
            dueMs = Math.min(dueMs, each.deadlineMs());
            if (underWay.isEmpty() && each.againFromMs() > nowMs) dueMs = Math.min(dueMs, each.againFromMs());
        }
        return dueMs;
    }
}
