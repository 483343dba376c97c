package io.millrace.client.committing;

import io.millrace.client.CommittedOffset;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Offsets that somebody wants committed, or wants to know, until it is certain what came of it. */
public final class OffsetsCall {
    private final boolean isCommit;
    private final Committer by;
    private final long deadlineMs;
    private final Consumer<OffsetsOutcome> then;
    /** What is to be committed; empty for a question. */
    private final Map<TopicPartition, CommittedOffset> committing;
    /** The partitions that are not done yet. */
    private final Set<TopicPartition> left;

    private final Map<TopicPartition, CommittedOffset> found = new HashMap<>();
    private final Map<TopicPartition, ErrorCode> errors = new TreeMap<>();
    private int failures;
    private long againFromMs = Long.MIN_VALUE;
    private String lastTrouble = "";
    private boolean isEnded;

    private OffsetsCall(
            boolean isCommit,
            Committer by,
            Map<TopicPartition, CommittedOffset> committing,
            Collection<TopicPartition> partitions,
            long deadlineMs,
            Consumer<OffsetsOutcome> then) {
        this.isCommit = isCommit;
        this.by = by;
        this.committing = new HashMap<>(committing);
        this.left = new LinkedHashSet<>(partitions);
        this.deadlineMs = deadlineMs;
        this.then = then;
        if (left.isEmpty()) throw new IllegalArgumentException("offsets of no partition");
    }

    /**
     * A commit.
     *
     * @param offsets of one partition at least
     * @param deadlineMs when at the latest it is told what came of it
     * @param then is told once
     */
    public static OffsetsCall commit(
            Map<TopicPartition, CommittedOffset> offsets,
            Committer by,
            long deadlineMs,
            Consumer<OffsetsOutcome> then) {
        return new OffsetsCall(true, by, offsets, offsets.keySet(), deadlineMs, then);
    }

    /** The question what is committed for these partitions, one at least. */
    public static OffsetsCall question(
            Collection<TopicPartition> partitions, Committer by, long deadlineMs, Consumer<OffsetsOutcome> then) {
        return new OffsetsCall(false, by, Map.of(), partitions, deadlineMs, then);
    }

    /** Whom it is to be told. */
    public Consumer<OffsetsOutcome> then() {
        return then;
    }

    boolean isCommit() {
        return isCommit;
    }

    long deadlineMs() {
        return deadlineMs;
    }

    long againFromMs() {
        return againFromMs;
    }

    boolean isEnded() {
        return isEnded;
    }

    /** Whether one request may do for both. */
    boolean goesWith(OffsetsCall other) {
        return isCommit == other.isCommit && by.equals(other.by);
    }

    /** Adds what is left of it to a request; what an earlier one would commit for the same partitions is of no use. */
    void addTo(Map<TopicPartition, CommittedOffset> wanted) {
        for (TopicPartition each : left) wanted.put(each, committing.getOrDefault(each, OffsetsRequest.ANY));
    }

    /**
     * It goes in a request with others: should it have to be repeated without a later one among them, whose time was over, that one
     * may have had its effect, and must not be undone.
     */
    void goWith(Map<TopicPartition, CommittedOffset> wanted) {
        committing.replaceAll((partition, own) -> wanted.getOrDefault(partition, own));
    }

    OffsetsRequest request(String groupId, Map<TopicPartition, CommittedOffset> wanted) {
        return new OffsetsRequest(groupId, isCommit, by, wanted);
    }

    /** Takes an answer in; null if it is to be asked again. */
    @Nullable
    OffsetsOutcome answered(OffsetsAnswer answer) {
        CoordinatorVerdict verdict = CoordinatorVerdict.DONE;
        TopicPartition decisive = null;
        errors.clear();
        for (TopicPartition each : List.copyOf(left)) {
            ErrorCode error = answer.errors().getOrDefault(each, ErrorCode.UNKNOWN_SERVER_ERROR);
            CoordinatorVerdict its = CoordinatorVerdict.of(error);
            if (its == CoordinatorVerdict.DONE) {
                left.remove(each);
                CommittedOffset offset = answer.offsets().get(each);
                if (offset != null) found.put(each, offset);
                continue;
            }
            errors.put(each, error);
            if (decisive == null || its.compareTo(verdict) > 0) decisive = each;
            verdict = verdict.and(its);
        }
        if (decisive == null) return end(ErrorCode.NONE, "");
        ErrorCode error = errors.getOrDefault(decisive, ErrorCode.UNKNOWN_SERVER_ERROR);
        String sentence = decisive + (errors.size() == 1 ? "" : " and " + (errors.size() - 1) + " more") + ": " + error
                + ", " + error.message();
        if (verdict == CoordinatorVerdict.REFUSED) return end(error, sentence);
        lastTrouble = sentence;
        return null;
    }

    OffsetsOutcome end(ErrorCode error, String sentence) {
        isEnded = true;
        return new OffsetsOutcome(error, sentence, found, errors);
    }

    void troubledBy(String sentence) {
        lastTrouble = sentence;
    }

    /** For the end of a sentence. */
    String lastTrouble() {
        return lastTrouble.isEmpty() ? "" : "; last trouble: " + lastTrouble;
    }

    /** Counts a try that failed, and returns how many have. */
    int failed() {
        return ++failures;
    }

    void waitUntil(long moment) {
        againFromMs = moment;
    }
}
