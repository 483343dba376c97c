package io.millrace.storage;

import io.millrace.environment.DiskFull;
import java.io.IOException;

/** Begins new segments at the end of a log, when they are due by size, age or index, and whenever the log needs another active one. */
final class LogRoller {
    private final LogParts log;

    LogRoller(LogParts log) {
        this.log = log;
    }

    /** As batches of so many bytes are to be appended. */
    void rollIfDue(int batchesBytes, long baseOffset, long lastOffset, long newestTimestamp, long wallMs)
            throws IOException {
        if (!log.active().shouldRoll(batchesBytes, newestTimestamp, lastOffset, log.config, wallMs)) return;
        rollTo(Math.max(baseOffset, lastOffset - Integer.MAX_VALUE), wallMs);
    }

    /** What {@link PartitionLog#roll} does. */
    void roll(long wallMs) {
        try {
            if (log.active().sizeBytes() > 0) rollTo(log.logEndOffset, wallMs);
        } catch (IOException e) {
            throw new LogDirectoryFailed(log.directory(), "roll a segment of", e);
        }
    }

    /** All that a full disk may refuse comes first, so that then nothing has changed. */
    void rollTo(long baseOffset, long wallMs) throws IOException {
        Segment old = log.active();
        if (old.sizeBytes() == 0 && old.baseOffset() == baseOffset) return;
        if (old.sizeBytes() > 0) old.finish();
        log.snapshots.write(baseOffset, log.producers);
        Segment next;
        try {
            next = newSegment(baseOffset, wallMs);
        } catch (DiskFull full) {
            // One in the midst of a segment would say that its indexes were forced.
            log.snapshots.discard(baseOffset);
            throw full;
        }
        if (old.sizeBytes() == 0) {
            log.segments.remove(log.segments.count() - 1, log.segments.count());
            SegmentFiles.delete(log.folder, old);
        } else {
            log.unforced.finished(old);
        }
        add(next);
    }

    Segment newSegment(long baseOffset, long wallMs) throws IOException {
        Segment segment = new Segment(log.folder, baseOffset, Segment.Found.NOTHING, 0, wallMs);
        if (baseOffset > 0) segment.createFile();
        return segment;
    }

    void add(Segment segment) {
        log.segments.add(segment);
        log.updateJitter();
        log.unforced.namesChanged();
        log.hasChanged = true;
        log.reader.forgetLastBatch();
    }
}
