package io.millrace.client.consumer;

import io.millrace.client.fetching.FetchPosition;
import io.millrace.client.fetching.FetchedRange;
import io.millrace.client.fetching.RangeReader;
import io.millrace.client.fetching.run.FetchLine;
import io.millrace.client.fetching.run.FetchSink;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/** A partition that is read, where the lane and the application's thread meet. What is not said to be otherwise is the latter's. */
final class AssignedPartition implements FetchSink {
    /** What the lane has for the application, in order. */
    private sealed interface Arrival {
        long generation();

        record Range(FetchedRange range) implements Arrival {
            @Override
            public long generation() {
                return range.generation();
            }
        }

        record Position(long generation, FetchPosition position) implements Arrival {}

        record Failure(long generation, ErrorCode error, String sentence) implements Arrival {}
    }

    private static final int FEW = 10;

    final TopicPartition partition;
    private final Mailbox mailbox;
    private final ConcurrentLinkedQueue<Arrival> arrivals = new ConcurrentLinkedQueue<>();
    private final RangeReader reader;
    private volatile long logStartOffset = -1;
    private volatile long endOffset = -1;
    private volatile long highWatermark = -1;

    /** The lane's. */
    @Nullable
    FetchLine line;

    /** How often the application has moved it. */
    long generation;

    private @Nullable FetchPosition position;
    /** Whether the position is behind a record of these, whatever {@link #position} says: a record costs no object. */
    private boolean isBehindRecord;

    private long recordOffset;
    private int recordLeaderEpoch;

    /** Whether it was told where to begin. */
    boolean isBegun;

    boolean isPaused;
    /** How many records a poll got of it last: as many may come again. */
    int usualCount = FEW;

    private @Nullable FetchedRange reading;
    /** What is not read any more, and the lane has not been told of. */
    private List<FetchedRange> released = List.of();

    private final boolean isReadCommitted;

    AssignedPartition(TopicPartition partition, Mailbox mailbox, boolean isReadCommitted) {
        this.partition = partition;
        this.mailbox = mailbox;
        this.isReadCommitted = isReadCommitted;
        this.reader = new RangeReader(isReadCommitted);
    }

    @Override
    public void fetched(FetchedRange range) {
        arrivals.add(new Arrival.Range(range));
        mailbox.tell();
    }

    @Override
    public void positioned(long ofGeneration, FetchPosition found) {
        arrivals.add(new Arrival.Position(ofGeneration, found));
        mailbox.tell();
    }

    @Override
    public void failed(long ofGeneration, ErrorCode error, String sentence) {
        arrivals.add(new Arrival.Failure(ofGeneration, error, sentence));
        mailbox.tell();
    }

    @Override
    public void reaches(long itsLogStartOffset, long itsHighWatermark, long itsLastStableOffset) {
        logStartOffset = itsLogStartOffset;
        highWatermark = itsHighWatermark;
        endOffset = isReadCommitted && itsLastStableOffset >= 0 ? itsLastStableOffset : itsHighWatermark;
    }

    /** Where reading can get to, as the last answer had it; -1 if there was none. */
    long endOffset() {
        return endOffset;
    }

    /** How many offsets the position is behind that end; empty if one of them is not known yet. */
    OptionalLong lag() {
        learn();
        FetchPosition stands = position();
        long end = endOffset;
        return stands == null || end < 0 ? OptionalLong.empty() : OptionalLong.of(Math.max(0, end - stands.offset()));
    }

    long highWatermark() {
        return highWatermark;
    }

    long logStartOffset() {
        return logStartOffset;
    }

    /** The application has moved it: what came is of no use. */
    void moved(@Nullable FetchPosition stated) {
        generation++;
        isBegun = true;
        standAt(stated);
        leaveRange();
        dropStale();
    }

    /** The next offset the application gets; null while it is not known. */
    @Nullable
    FetchPosition position() {
        if (isBehindRecord) standAt(new FetchPosition(recordOffset + 1, recordLeaderEpoch));
        return position;
    }

    private void standAt(@Nullable FetchPosition found) {
        position = found;
        isBehindRecord = false;
    }

    /** That record is given, or left out: the position is behind it. */
    void passed(long offset, int leaderEpoch) {
        recordOffset = offset;
        recordLeaderEpoch = leaderEpoch;
        isBehindRecord = true;
    }

    private void leaveRange() {
        FetchedRange range = reading;
        if (range == null) return;
        reading = null;
        release(range);
    }

    private void release(FetchedRange range) {
        if (released.isEmpty()) released = new ArrayList<>();
        released.add(range);
    }

    private void dropStale() {
        for (Arrival next = arrivals.peek(); next != null && next.generation() != generation; next = arrivals.peek()) {
            arrivals.remove();
            if (next instanceof Arrival.Range(FetchedRange range)) release(range);
        }
    }

    /** Takes news in that are no records. */
    void learn() {
        dropStale();
        while (reading == null && arrivals.peek() instanceof Arrival.Position(long of, FetchPosition found)) {
            arrivals.remove();
            standAt(found);
            dropStale();
        }
    }

    /** Why nothing more comes; null if it may. */
    @Nullable
    ConsumerFailure failure() {
        learn();
        if (reading != null || !(arrivals.peek() instanceof Arrival.Failure(long of, ErrorCode error, String sentence)))
            return null;
        FetchPosition at = position();
        return new ConsumerFailure(error, sentence, partition, at == null ? -1 : at.offset(), null);
    }

    /** The reader before the next record; null if there is none now. Its exceptions are for whoever polls. */
    @Nullable
    RangeReader nextRecord() {
        while (true) {
            FetchedRange range = reading;
            if (range == null) { // What is being read is never stale: moved() leaves it.
                learn();
                if (!(arrivals.peek() instanceof Arrival.Range(FetchedRange next))) return null;
                arrivals.remove();
                reading = next;
                reader.begin(next);
                range = next;
            }
            if (reader.next()) return reader;
            standAt(range.next());
            leaveRange();
        }
    }

    /** Where the reader could not go on. */
    long troubledOffset() {
        FetchPosition at = position();
        return Math.max(reader.batchBaseOffset(), at == null ? 0 : at.offset());
    }

    /** Just behind what the reader could not read; -1 if the batch says nothing of it that can be so. */
    long behindTrouble() {
        long next = reader.batchNextOffset();
        return next > troubledOffset() && next <= highWatermark ? next : -1;
    }

    /** Leaves the rest of the batch out that cannot be read. */
    void skipBatch() {
        reader.skipBatch();
    }

    /** Whether a range has been begun that may have more records. */
    boolean isWithinRange() {
        return reading != null;
    }

    /** Whether there is something for a poll. */
    boolean hasNews() {
        return reading != null || !arrivals.isEmpty();
    }

    /** All that it holds, once neither the lane nor the application uses it any more. */
    List<FetchedRange> letGo() {
        leaveRange();
        for (Arrival next = arrivals.poll(); next != null; next = arrivals.poll())
            if (next instanceof Arrival.Range(FetchedRange range)) release(range);
        return takeReleased();
    }

    /** What the lane is to be told of. */
    List<FetchedRange> takeReleased() {
        List<FetchedRange> taken = released;
        released = List.of();
        return taken;
    }
}
