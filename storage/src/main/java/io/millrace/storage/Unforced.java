package io.millrace.storage;

import io.millrace.environment.DiskFull;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What of a log is not known to be on its disk: records from the recovery point on, names, indexes. Collects it for flushes,
 * which run elsewhere, and takes what has become of them.
 */
final class Unforced {
    /** What a flush makes safe beside the records, the indexes of segments that grow no more, and the epochs. */
    enum Extent {
        RECORDS,
        /** The active segment's indexes, and behind them a snapshot in its midst. */
        CHECKPOINT,
        /** Those indexes, finished before as nothing is added to them any more, and a snapshot at the log end. */
        CLOSE
    }

    private final LogFolder folder;
    private final Segments segments;
    private final LeaderEpochs epochs;
    private final ProducerStates producers;
    private final ProducerSnapshots snapshots;

    private long recoveryPoint;
    private long sinceMs = -1;
    private boolean hasNames;
    /** Whether it is not known that the directory's own name has been forced in the one above. */
    private boolean isDirectoryUnforced;

    private long indexesFrom = Long.MAX_VALUE;
    private int truncations;
    private long unscannedBytes;
    private long restBehindPartialFlush = -1;

    Unforced(OpenedLog opened) {
        this.folder = opened.folder();
        this.segments = opened.segments();
        this.epochs = opened.epochs();
        this.producers = opened.producers();
        this.snapshots = opened.snapshots();
        this.recoveryPoint = opened.recoveryPoint();
        this.unscannedBytes = opened.report().bytesScanned();
        boolean wasClean = opened.report().wasClean();
        this.hasNames = opened.logEndOffset() == 0 && !wasClean;
        this.isDirectoryUnforced = !wasClean;
    }

    /** Everything below survives a power cut, and is not scanned after one. */
    long recoveryPoint() {
        return recoveryPoint;
    }

    /** Bytes that a restart after a crash would scan. */
    long unscannedBytes() {
        return unscannedBytes;
    }

    /** Whether names in the directory have changed. */
    boolean hasNames() {
        return hasNames;
    }

    // What happens to the log

    /** Bytes are written at the end of the active segment. */
    void written(int bytes, long nowMs) {
        unscannedBytes += bytes;
        if (sinceMs < 0) sinceMs = nowMs;
    }

    /** Names in the directory have changed: the next flush forces them. */
    void namesChanged() {
        hasNames = true;
    }

    /** The directory itself has another name. */
    void directoryRenamed() {
        isDirectoryUnforced = true;
    }

    /** Nothing is added to a segment any more, nor to its indexes. */
    void finished(Segment segment) {
        indexesFrom = Math.min(indexesFrom, segment.baseOffset());
    }

    /** The log ends at an offset now; flushes that were collected before say nothing of it. */
    void truncatedTo(long logEndOffset) {
        truncations++;
        recoveryPoint = Math.min(recoveryPoint, logEndOffset);
    }

    // Flushes

    /** Milliseconds until {@code flush.ms} asks for a flush if nothing else does; 0 if one is due, -1 if none will be. */
    long msUntilFlushDue(long logEndOffset, LogConfig config, long nowMs) {
        if (recoveryPoint >= logEndOffset || restBehindPartialFlush == logEndOffset) return -1;
        if (logEndOffset - recoveryPoint > config.unforcedRecords()
                || recoveryPoint < segments.active().baseOffset()) return 0;
        if (sinceMs < 0 || config.flushMs() == Long.MAX_VALUE) return -1;
        return Math.max(0, config.flushMs() - (nowMs - sinceMs));
    }

    /** Collects what has to be forced up to the log end offset. */
    Flush prepareFlush(Extent wanted, long logEndOffset) {
        List<SharedFile> files = new ArrayList<>();
        List<Path> smallFiles = new ArrayList<>(snapshots.takeUnforced());
        Extent extent = wanted == Extent.CHECKPOINT && !writesIndexes() ? Extent.RECORDS : wanted;
        boolean withIndexes = extent != Extent.RECORDS;
        boolean hasAllTransactions = true;
        try {
            long fromOffset = Math.min(recoveryPoint, indexesFrom);
            for (int i = segments.floorIndex(fromOffset); i < segments.count(); i++)
                hasAllTransactions &= writesTransactions(segments.at(i));
            for (int i = segments.floorIndex(fromOffset); i < segments.count(); i++)
                segments.at(i).collectForFlush(withIndexes || i < segments.count() - 1, files);
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "flush", e);
        }
        if (hasNames) smallFiles.add(folder.file(PartitionMetadata.FILE_NAME));
        boolean hasSnapshot = switch (extent) {
            case RECORDS -> false;
            case CHECKPOINT -> logEndOffset > segments.active().baseOffset();
            case CLOSE -> logEndOffset > 0;
        };
        Flush.Snapshot snapshot = hasSnapshot
                ? new Flush.Snapshot(
                        logEndOffset, snapshots.path(logEndOffset), ByteBuffer.wrap(producers.toSnapshot()))
                : null;
        if (snapshot != null) hasNames = true;
        if (withIndexes) unscannedBytes = 0;
        Flush flush = new Flush(
                folder,
                logEndOffset,
                truncations,
                files,
                smallFiles,
                epochs.takeChanges().orElse(null),
                hasNames,
                hasNames && isDirectoryUnforced,
                snapshot,
                !hasAllTransactions);
        if (hasNames) isDirectoryUnforced = false;
        hasNames = false;
        indexesFrom = Long.MAX_VALUE;
        sinceMs = -1;
        return flush;
    }

    /** Whether there was space for the entries that only memory has; if not, a restart scans more. */
    private boolean writesIndexes() {
        try {
            segments.active().writeIndexes();
            return true;
        } catch (DiskFull full) {
            return false;
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "flush", e);
        }
    }

    private static boolean writesTransactions(Segment segment) throws IOException {
        try {
            segment.writeTransactions();
            return true;
        } catch (DiskFull full) {
            return false;
        }
    }

    /**
     * A flush has run: everything below its end offset is safe, unless the log was cut meanwhile.
     *
     * @param isOpen whether the log is: the snapshots of a closed one stay as they are
     */
    void flushed(Flush flush, boolean isOpen) {
        boolean isValid = flush.truncations() == truncations;
        if (isValid && !flush.isPartial()) recoveryPoint = Math.max(recoveryPoint, flush.endOffset());
        restBehindPartialFlush = flush.isPartial() ? flush.endOffset() : -1;
        if (flush.isPartial() && flush.hasLeaderEpochs()) epochs.putBackChanges();
        Flush.Snapshot snapshot = flush.snapshot();
        if (snapshot == null || !isOpen) return;
        try {
            if (isValid && flush.isSnapshotWritten()) snapshots.flushedAt(snapshot.offset(), segments);
            else snapshots.discard(snapshot.offset());
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "delete a snapshot of", e);
        }
    }
}
