package io.millrace.storage;

import io.millrace.records.DecompressionLimit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds things in the segments of a log, and remembers where the last batch is: most readers wait for that one. */
final class LogReader {
    private static final long NONE = -1;

    private final Segments segments;
    private long lastBatchOffset = NONE;
    private int lastBatchPosition;

    LogReader(Segments segments) {
        this.segments = segments;
    }

    /** A batch was appended to the active segment. */
    void appended(long baseOffset, int position) {
        lastBatchOffset = baseOffset;
        lastBatchPosition = position;
    }

    /** The active segment is another one, or was cut. */
    void forgetLastBatch() {
        lastBatchOffset = NONE;
    }

    ReadOutcome read(long fromOffset, int maxBytes, boolean atLeastOneBatch, long untilOffset, long logEndOffset)
            throws IOException {
        if (fromOffset >= untilOffset || fromOffset == logEndOffset) return empty(fromOffset);
        int index = segments.floorIndex(fromOffset);
        Segment segment = segments.at(index);
        Segment.Place first = place(segment, fromOffset);
        while (first == null) {
            if (++index == segments.count()) return empty(fromOffset);
            segment = segments.at(index);
            first = segment.find(fromOffset);
        }
        long endPosition = segment.sizeBytes();
        if (untilOffset < logEndOffset) {
            Segment.Place until = place(segment, untilOffset);
            if (until != null) endPosition = until.position();
        }
        long available = endPosition - first.position();
        if (available <= 0 || (first.sizeBytes() > maxBytes && !atLeastOneBatch)) return empty(fromOffset);
        int sizeBytes = (int) Math.min(Math.max(maxBytes, first.sizeBytes()), available);
        return new ReadOutcome.Slice(
                FileRecords.of(segment.log().shared(), first.position(), sizeBytes, segment.formats()),
                fromOffset,
                first.baseOffset());
    }

    private static ReadOutcome empty(long fromOffset) {
        return new ReadOutcome.Slice(FileRecords.EMPTY, fromOffset, fromOffset);
    }

    private Segment.@Nullable Place place(Segment segment, long offset) throws IOException {
        if (lastBatchOffset != NONE && offset >= lastBatchOffset && segment == segments.active())
            return new Segment.Place(lastBatchPosition, lastBatchOffset, segment.sizeBytes() - lastBatchPosition);
        return segment.find(offset);
    }

    List<AbortedTransaction> abortedTransactions(long fromOffset, long untilOffset) throws IOException {
        List<AbortedTransaction> found = new ArrayList<>();
        for (int i = segments.floorIndex(fromOffset); i < segments.count(); i++) {
            for (AbortedTransaction transaction : segments.at(i).abortedTransactions()) {
                if (transaction.lastOffset() >= fromOffset && transaction.firstOffset() < untilOffset)
                    found.add(transaction);
                if (transaction.lastStableOffset() >= untilOffset) return found;
            }
        }
        return found;
    }

    /** An offset at or past everything in a slice. */
    long upperBoundOffset(ReadOutcome.Slice slice, long logEndOffset) throws IOException {
        int index = segments.floorIndex(slice.batchBaseOffset());
        long segmentEnd = index + 1 < segments.count() ? segments.at(index + 1).baseOffset() : logEndOffset;
        long endPosition = slice.records().position() + slice.records().sizeBytes();
        return segments.at(index).upperBoundOffset(slice.batchBaseOffset(), endPosition, segmentEnd);
    }

    Optional<TimestampOffset> offsetForTimestamp(long timestamp, long logStartOffset, DecompressionLimit limit)
            throws IOException {
        for (Segment segment : segments.all()) {
            if (segment.maxTimestamp() < timestamp) continue;
            Optional<TimestampOffset> found = segment.findTimestamp(timestamp, logStartOffset, limit);
            if (found.isPresent()) return found;
        }
        return Optional.empty();
    }

    /** The largest time stamp in the log, or -1. */
    long newestTimestamp() throws IOException {
        long newest = -1;
        for (Segment segment : segments.all()) newest = Math.max(newest, segment.maxTimestamp());
        return newest;
    }
}
