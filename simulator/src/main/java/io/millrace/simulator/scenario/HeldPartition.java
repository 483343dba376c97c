package io.millrace.simulator.scenario;

import io.millrace.client.fetching.FetchPosition;
import io.millrace.client.fetching.FetchedRange;
import io.millrace.client.fetching.RangeReader;
import io.millrace.client.fetching.run.FetchLine;
import io.millrace.client.fetching.run.FetchSink;
import io.millrace.client.fetching.run.FetcherLane;
import io.millrace.protocol.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A partition that a client reads by the real fetcher, as an application sees it: after a position come all records from there on,
 * each once and in order (R19), and none that another has taken the place of (R3).
 */
final class HeldPartition implements FetchSink {
    /** The client has not found out yet where to begin. */
    private static final long UNKNOWN = -1;

    private static final long NEVER = -1;

    private final String reader;
    private final PartitionHistory history;
    private final RangeReader records;
    private final FetcherLane fetcher;
    private final LongConsumer begins;
    private final ArrayDeque<FetchedRange> arrived = new ArrayDeque<>();
    private @Nullable FetchedRange reading;
    private @Nullable FetchLine line;
    private long generation;
    private long nextOffset = UNKNOWN;
    private int leaderEpoch = FetchPosition.NO_EPOCH;
    private boolean isDamaged;

    /**
     * It is not said yet where to begin.
     *
     * @param begins is told where it does if the client finds out by itself
     */
    HeldPartition(
            String reader,
            PartitionHistory history,
            boolean isReadCommitted,
            FetcherLane fetcher,
            LongConsumer begins) {
        this.reader = reader;
        this.fetcher = fetcher;
        this.history = history;
        this.records = new RangeReader(isReadCommitted);
        this.begins = begins;
    }

    void isReadBy(FetchLine itsLine) {
        line = itsLine;
    }

    FetchLine line() {
        return Objects.requireNonNull(line, "nobody reads it");
    }

    /** The application has moved it, or has it begin; what was fetched before is of no use. Returns the new generation. */
    long moved(long toOffset) {
        generation++;
        nextOffset = toOffset;
        leaderEpoch = FetchPosition.NO_EPOCH;
        leaveAll();
        return generation;
    }

    private void leaveAll() {
        fetcher.released(line(), List.copyOf(arrived));
        arrived.clear();
        leaveRange();
    }

    /** The client is to find out where to begin. */
    long toBegin() {
        return moved(UNKNOWN);
    }

    /** The client does not have it any more; whatever was asked about it ends in nothing. */
    void isGone() {
        generation = NEVER;
        leaveAll();
    }

    @Override
    public String toString() {
        return nextOffset + (isBegun() ? "" : " not begun") + (arrived.isEmpty() ? "" : " more arrived");
    }

    boolean isBegun() {
        return generation > 0;
    }

    /** Where the application stands; -1 if it is not known. */
    long position() {
        return nextOffset;
    }

    int leaderEpoch() {
        return leaderEpoch;
    }

    /** Takes records, so many at most; returns how many there were. */
    int take(int most, LongConsumer taken) {
        int count = 0;
        if (isDamaged) tryAgain();
        while (count < most) {
            FetchedRange range = reading;
            if (range == null) {
                range = arrived.poll();
                if (range == null) break;
                reading = range;
                records.begin(range);
            }
            if (!records.next()) {
                leaveRange();
                continue;
            }
            takeOne(records.offset(), records.value());
            leaderEpoch = records.leaderEpoch();
            taken.accept(nextOffset - 1);
            count++;
        }
        return count;
    }

    /** What its leader has was damaged; somebody else may lead by now. */
    private void tryAgain() {
        isDamaged = false;
        long offset = nextOffset;
        if (offset == UNKNOWN) fetcher.reset(line(), toBegin());
        else fetcher.seek(line(), FetchPosition.at(offset), moved(offset));
    }

    private void leaveRange() {
        FetchedRange range = reading;
        if (range == null) return;
        reading = null;
        fetcher.released(line(), List.of(range));
    }

    private void takeOne(long offset, @Nullable ByteBuffer value) {
        if (offset != nextOffset) throw history.broken(reader + " stands at " + nextOffset + " and is given " + offset);
        history.read(
                offset,
                StandardCharsets.UTF_8.decode(Objects.requireNonNull(value)).toString());
        nextOffset = offset + 1;
    }

    @Override
    public void fetched(FetchedRange range) {
        if (range.generation() == generation) arrived.add(range);
        else fetcher.released(line(), List.of(range));
    }

    @Override
    public void positioned(long ofGeneration, FetchPosition found) {
        if (ofGeneration != generation) return;
        if (nextOffset != UNKNOWN)
            throw history.broken(reader + " stands at " + nextOffset + " and is moved to " + found);
        nextOffset = found.offset();
        leaderEpoch = found.leaderEpoch();
        begins.accept(nextOffset);
    }

    @Override
    public void failed(long ofGeneration, ErrorCode error, String sentence) {
        if (ofGeneration != generation) return;
        isDamaged = error == ErrorCode.CORRUPT_MESSAGE && history.mayBeDamaged();
        if (!isDamaged) throw history.broken(reader + " cannot go on: " + error + ", " + sentence);
    }

    @Override
    public void reaches(long logStartOffset, long highWatermark, long lastStableOffset) {
        if (logStartOffset > 0) throw history.broken(reader + " is told that the log begins at " + logStartOffset);
        history.highWatermark(highWatermark);
    }
}
