package io.millrace.client.committing.run;

import io.millrace.client.CommittedOffset;
import io.millrace.client.committing.Committer;
import io.millrace.client.committing.OffsetsOutcome;
import io.millrace.client.fetching.FetchPosition;
import io.millrace.client.fetching.run.FetchLine;
import io.millrace.client.fetching.run.FetchSink;
import io.millrace.client.fetching.run.FetcherLane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Has partitions of which nobody has said where to begin begin where their group has committed, or else where {@code
 * auto.offset.reset} says. Everything happens on one lane.
 */
public final class CommittedStart {
    /**
     * A partition that is to begin.
     *
     * @param sink is told if it cannot
     * @param generation how often the application has moved it; if it moves it once more, this is of no use
     */
    public record Fresh(TopicPartition partition, FetchLine line, FetchSink sink, long generation) {}

    private final String groupId;
    private final GroupOffsets offsets;
    private final FetcherLane fetcher;
    private final Supplier<Committer> committer;
    private final Consumer<String> whenLoginRefused;

    /**
     * Nothing is to begin yet.
     *
     * @param committer who asks, as of now; any thread's
     * @param whenLoginRefused is told, on the lane, each time a broker does not let this client in, which is then asked again
     */
    public CommittedStart(
            String groupId,
            GroupOffsets offsets,
            FetcherLane fetcher,
            Supplier<Committer> committer,
            Consumer<String> whenLoginRefused) {
        this.groupId = groupId;
        this.offsets = offsets;
        this.fetcher = fetcher;
        this.committer = committer;
        this.whenLoginRefused = whenLoginRefused;
    }

    /** Asks for as long as it takes what is committed for these, and has them begin there. */
    public void begin(List<Fresh> fresh) {
        if (fresh.isEmpty()) return;
        List<TopicPartition> partitions = new ArrayList<>(fresh.size());
        for (Fresh each : fresh) partitions.add(each.partition());
        offsets.committed(partitions, committer.get(), Long.MAX_VALUE, outcome -> answered(fresh, outcome));
    }

    private void answered(List<Fresh> fresh, OffsetsOutcome outcome) {
        if (outcome.error() == ErrorCode.SASL_AUTHENTICATION_FAILED) {
            whenLoginRefused.accept(outcome.sentence());
            begin(fresh); // Which the line to the coordinator spreads.
            return;
        }
        List<Fresh> again = new ArrayList<>();
        for (Fresh each : fresh) {
            ErrorCode error = outcome.errors().getOrDefault(each.partition(), ErrorCode.NONE);
            boolean isKept = !outcome.errors().isEmpty() && error == ErrorCode.NONE;
            if (outcome.error() == ErrorCode.NONE || isKept) begin(each, outcome);
            else if (error.isRetriable()) again.add(each); // Another one's error ended the question.
            else fail(each, error == ErrorCode.NONE ? outcome.error() : error, outcome);
        }
        begin(again);
    }

    private void begin(Fresh fresh, OffsetsOutcome outcome) {
        CommittedOffset committed = outcome.offsets().get(fresh.partition());
        FetchPosition position =
                committed == null ? null : new FetchPosition(committed.offset(), committed.leaderEpoch());
        fetcher.beginAt(fresh.line(), position, fresh.generation());
    }

    private void fail(Fresh fresh, ErrorCode error, OffsetsOutcome outcome) {
        String sentence = "reading the committed offset of " + fresh.partition() + " of group " + groupId + " failed: "
                + error + ", " + (error == outcome.error() ? outcome.sentence() : error.message());
        fresh.sink().failed(fresh.generation(), error, sentence);
    }
}
