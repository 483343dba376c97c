package io.millrace.client.dispatch;

import io.millrace.client.CommittedOffset;
import io.millrace.records.TopicPartition;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What of one partition is being handled, from the time it is assigned until it is let go.
 *
 * @param <R> what the one who handles a record knows it as
 */
final class PartitionWork<R> {
    /** Records that are handled one after the other, the first of which is, or is about to be. */
    static final class Lane<R> {
        HeldRecord<R> last;

        Lane(HeldRecord<R> only) {
            this.last = only;
        }
    }

    final TopicPartition partition;
    final CommitWatermark watermark = new CommitWatermark();
    /** What others have finished of it before. */
    final AheadCursor ahead;

    final Map<Object, Lane<R>> lanes = new HashMap<>();
    /** First ones of their lanes, while handlers of an earlier assignment of this partition still run. */
    final ArrayDeque<HeldRecord<R>> heldBack = new ArrayDeque<>();

    int unfinished;
    long unfinishedBytes;
    int running;
    boolean isStopped;
    boolean isForgotten;
    /** By its own bound. */
    boolean isFull;

    boolean isPaused;
    /** What was committed last; null for nothing. */
    @Nullable
    CommittedOffset committed;

    PartitionWork(TopicPartition partition, AheadCursor ahead) {
        this.partition = partition;
        this.ahead = ahead;
    }

    /** Adds a record to its lane; whether it is the first one there, and so may start. */
    boolean enqueue(HeldRecord<R> record) {
        Object key = record.laneKey;
        if (key == null) return true;
        Lane<R> lane = lanes.get(key);
        if (lane == null) {
            lanes.put(key, new Lane<>(record));
            return true;
        }
        lane.last.next = record;
        lane.last = record;
        return false;
    }

    /** The first record of a lane is finished: the next one, which may start; null if there is none. */
    @Nullable
    HeldRecord<R> dequeue(HeldRecord<R> first) {
        Object key = first.laneKey;
        if (key == null) return null;
        HeldRecord<R> next = first.next;
        first.next = null;
        if (next == null) lanes.remove(key);
        return next;
    }

    /**
     * What may be committed; null if that is nothing, or has been.
     *
     * @param isAheadTold whether to say what is finished although one before it is not
     */
    @Nullable
    CommittedOffset uncommitted(boolean isAheadTold) {
        long offset = watermark.nextOffset();
        String metadata = "";
        if (isAheadTold) {
            List<FinishedAhead.Range> ranges = new ArrayList<>(watermark.finishedAhead());
            if (offset < 0 && !ranges.isEmpty()) offset = watermark.firstUnfinishedOffset();
            if (offset >= 0) {
                ranges.addAll(ahead.behind(watermark.lastOffset()));
                int epoch = Math.max(watermark.finishedAheadEpoch(), ahead.leaderEpoch());
                metadata = new FinishedAhead(ranges, epoch).metadata(offset);
            }
        }
        if (offset < 0) return null;
        CommittedOffset now = new CommittedOffset(offset, watermark.leaderEpoch(), metadata);
        return now.equals(committed) ? null : now;
    }
}
