package io.millrace.storage;

import io.millrace.environment.DiskFull;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Takes records out of a log: old ones from its start by retention and DeleteRecords, and those at its end that the leader does not have. */
final class LogRemoval {
    private final LogParts log;
    private final LogRoller roller;
    private final LogCompaction compaction;

    LogRemoval(LogParts log, LogRoller roller, LogCompaction compaction) {
        this.log = log;
        this.roller = roller;
        this.compaction = compaction;
    }

    /** What {@link PartitionLog#deleteRecordsBefore} does. */
    boolean deleteRecordsBefore(long offset) {
        if (offset > log.highWatermark) return false;
        if (offset > log.logStartOffset) {
            log.logStartOffset = offset;
            log.epochs.truncateFromStart(offset);
        }
        return true;
    }

    /** What {@link PartitionLog#advanceLogStartOffset} does. */
    boolean advanceLogStartOffset(long offset) {
        long bounded = Math.min(offset, log.logEndOffset);
        if (bounded <= log.logStartOffset) return false;
        log.logStartOffset = bounded;
        log.advanceHighWatermark(bounded);
        log.epochs.truncateFromStart(bounded);
        return true;
    }

    /** What {@link PartitionLog#expire} does. */
    List<PendingDeletion> expire(long wallMs) {
        try {
            int due = Retention.dueCount(
                    log.segments, log.config, log.logStartOffset, log.logEndOffset, log.highWatermark, wallMs);
            if (due == 0) return List.of();
            if (due == log.segments.count() && !rollsIfThereIsSpace(wallMs)) due--;
            if (due == 0) return List.of();
            List<Segment> removed = log.segments.remove(0, due);
            log.logStartOffset =
                    Math.max(log.logStartOffset, log.segments.first().baseOffset());
            log.epochs.truncateFromStart(log.logStartOffset);
            List<PendingDeletion> pending = new ArrayList<>(removed.size());
            for (Segment segment : removed) pending.add(SegmentFiles.markDeleted(log.folder, segment));
            log.snapshots.deleteBefore(log.segments.first().baseOffset());
            log.unforced.namesChanged();
            return pending;
        } catch (IOException e) {
            throw LogDirectoryFailed.halfDone(log.directory(), "remove old segments of", e);
        }
    }

    private boolean rollsIfThereIsSpace(long wallMs) throws IOException {
        try {
            roller.rollTo(log.logEndOffset, wallMs);
            return true;
        } catch (DiskFull full) {
            return false;
        }
    }

    /** What {@link PartitionLog#truncateTo} does. */
    boolean truncateTo(long offset) {
        if (offset >= log.logEndOffset) {
            log.epochs.truncateFromEnd(log.logEndOffset);
            return false;
        }
        if (offset < log.segments.first().baseOffset()) {
            truncateFullyAndStartAt(offset);
            return true;
        }
        compaction.truncated(offset);
        try {
            log.hasChanged = true;
            log.logEndOffset = LogTruncation.cut(log.folder, log.segments, offset);
            log.reader.forgetLastBatch();
            log.logStartOffset = Math.min(log.logStartOffset, log.logEndOffset);
            log.highWatermark = Math.min(log.highWatermark, log.logEndOffset);
            log.unforced.truncatedTo(log.logEndOffset);
            log.epochs.truncateFromEnd(log.logEndOffset);
            log.snapshots.deleteFrom(log.logEndOffset + 1);
            log.snapshots.restore(log.producers, log.segments, log.logStartOffset, log.logEndOffset);
            log.producers.highWatermarkAdvanced(log.highWatermark);
            log.updateJitter();
            return true;
        } catch (IOException e) {
            throw LogDirectoryFailed.halfDone(log.directory(), "truncate", e);
        }
    }

    /** What {@link PartitionLog#truncateFullyAndStartAt} does. */
    void truncateFullyAndStartAt(long offset) {
        compaction.truncated(0);
        try {
            log.hasChanged = true;
            LogTruncation.removeFrom(log.folder, log.segments, 0);
            log.snapshots.deleteFrom(0);
            log.producers.clear();
            log.epochs.clear();
            roller.add(roller.newSegment(offset, 0));
            log.folder.disk().forceDirectory(log.directory());
            log.logStartOffset = offset;
            log.logEndOffset = offset;
            log.highWatermark = offset;
            log.unforced.truncatedTo(offset);
        } catch (IOException e) {
            throw LogDirectoryFailed.halfDone(log.directory(), "truncate", e);
        }
    }
}
