package io.millrace.client.fetching.run;

import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.fetching.FetchStep;

/** What partitions have to know before they can be read: an offset by time, and whether a position is still in the leader's log. */
final class PositionQuestions {
    private final FetcherLane fetcher;
    private final ClientLane lane;

    PositionQuestions(FetcherLane fetcher, ClientLane lane) {
        this.fetcher = fetcher;
        this.lane = lane;
    }

    /** Asks for the offset; returns when to look again. */
    long ask(FetchLine line, FetchStep.LookUp step, QuestionRound round) {
        OffsetQuestions broker = round.to(step.brokerId());
        if (broker == null) return fetcher.cluster().connect(step.brokerId());
        long generation = line.fetch.generation();
        line.fetch.asked(step.leaderEpoch());
        broker.lookUp(line.partition, step.leaderEpoch(), step.timestamp(), (error, offset, timestamp, epoch) -> {
            if (line.isRemoved) return;
            fetcher.carryOut(
                    line, line.fetch.lookedUp(generation, error, offset, epoch, lane.nowMs(), fetcher.randomBits()));
            fetcher.lookSoon();
        });
        return Long.MAX_VALUE;
    }

    /** Asks where the epoch of the position ends; returns when to look again. */
    long ask(FetchLine line, FetchStep.CheckEpoch step, QuestionRound round) {
        OffsetQuestions broker = round.to(step.brokerId());
        if (broker == null) return fetcher.cluster().connect(step.brokerId());
        long generation = line.fetch.generation();
        line.fetch.asked(step.leaderEpoch());
        broker.checkEpoch(
                line.partition, step.leaderEpoch(), step.positionEpoch(), (error, endOffset, timestamp, endEpoch) -> {
                    if (line.isRemoved) return;
                    long wallMs = lane.clock().wallMs();
                    long nowMs = lane.nowMs();
                    fetcher.carryOut(
                            line,
                            line.fetch.epochChecked(
                                    generation, error, endEpoch, endOffset, nowMs, wallMs, fetcher.randomBits()));
                    fetcher.lookSoon();
                });
        return Long.MAX_VALUE;
    }
}
