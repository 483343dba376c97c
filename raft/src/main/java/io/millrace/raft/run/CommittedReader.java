package io.millrace.raft.run;

import io.millrace.environment.Lane;
import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.FileRecords;
import io.millrace.storage.LogDirectoryFailed;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * Hands committed batches to the state machine, in order and each once. What this node appended itself it still has in
 * memory; everything else is read from the log off the lane, a piece at a time, so that a long replay leaves the lane free
 * in between.
 */
final class CommittedReader {
    private final Lane lane;
    private final MetadataLog log;
    private final Consumer<CommittedBatch> onCommitted;
    private final Consumer<Exception> onFailed;
    /** Batches of this leader's epoch that the state machine has not seen yet, by offset. */
    private final Deque<CommittedBatch> own = new ArrayDeque<>();

    private long nextOffset;
    private long highWatermark;
    private boolean reading;
    /** Counts how often the log was replaced under the reader; what was read of an earlier one is passed over. */
    private int replacements;

    private boolean stopped;

    CommittedReader(
            Lane lane,
            MetadataLog log,
            long nextOffset,
            Consumer<CommittedBatch> onCommitted,
            Consumer<Exception> onFailed) {
        this.lane = lane;
        this.log = log;
        this.nextOffset = nextOffset;
        this.onCommitted = onCommitted;
        this.onFailed = onFailed;
    }

    /** Everything below has been handed over. */
    long nextOffset() {
        return nextOffset;
    }

    /** This node appended a batch; kept until it is committed. */
    void appended(CommittedBatch batch) {
        own.add(batch);
    }

    /** Everything below is committed. */
    void advanceTo(long newHighWatermark) {
        highWatermark = newHighWatermark;
        deliver();
    }

    /** The log was cut at an offset, above what is committed. */
    void truncatedTo(long offset) {
        own.removeIf(batch -> batch.lastOffset() >= offset);
    }

    /** A snapshot took the place of everything below an offset. */
    void replacedUntil(long offset) {
        own.clear();
        replacements++;
        reading = false;
        nextOffset = offset;
        highWatermark = Math.max(highWatermark, offset);
    }

    /** Hands over nothing more. */
    void stop() {
        stopped = true;
        own.clear();
    }

    private void deliver() {
        while (!stopped && !reading && nextOffset < highWatermark) {
            CommittedBatch head = own.peek();
            if (head != null && head.baseOffset() == nextOffset) {
                own.remove();
                handOver(head);
            } else {
                read(head == null ? highWatermark : Math.min(highWatermark, head.baseOffset()));
            }
        }
    }

    private void handOver(CommittedBatch batch) {
        nextOffset = batch.nextOffset();
        onCommitted.accept(batch);
    }

    private void read(long untilOffset) {
        FileRecords range;
        try {
            range = log.range(nextOffset, untilOffset);
        } catch (LogDirectoryFailed | CorruptLog failure) {
            failed(failure);
            return;
        }
        reading = true;
        int replacementsBefore = replacements;
        Path file = range.file().path();
        long position = range.position();
        lane.offload(
                () -> {
                    try {
                        return range.toBuffer();
                    } finally {
                        range.release();
                    }
                },
                outcome -> {
                    if (replacements != replacementsBefore) return;
                    reading = false;
                    switch (outcome) {
                        case Lane.Outcome.Done<ByteBuffer>(ByteBuffer bytes) ->
                            handOver(bytes, untilOffset, file, position);
                        case Lane.Outcome.Failed<ByteBuffer>(Exception cause) -> failed(cause);
                    }
                });
    }

    private void handOver(ByteBuffer bytes, long untilOffset, Path file, long position) {
        try {
            for (MetadataLog.Stored stored : MetadataLog.batches(bytes, nextOffset, untilOffset, file, position)) {
                if (stopped) break;
                if (BatchHeader.check(stored.batch(), 0) instanceof BatchCheck.Corrupt(String why))
                    throw new CorruptLog(file, stored.position(), why);
                handOver(decode(stored.batch()));
            }
        } catch (CorruptLog changedOnDisk) {
            failed(changedOnDisk);
            return;
        }
        deliver();
    }

    private void failed(Exception cause) {
        if (stopped) return;
        stopped = true;
        onFailed.accept(cause);
    }

    private static CommittedBatch decode(ByteBuffer batch) {
        List<ByteBuffer> values = BatchHeader.isControl(batch, 0) ? List.of() : QuorumBatches.readValues(batch);
        return new CommittedBatch(
                BatchHeader.baseOffset(batch, 0),
                BatchHeader.lastOffset(batch, 0),
                BatchHeader.partitionLeaderEpoch(batch, 0),
                BatchHeader.maxTimestamp(batch, 0),
                values);
    }
}
