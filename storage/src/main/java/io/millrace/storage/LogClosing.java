package io.millrace.storage;

import io.millrace.environment.DiskFull;
import java.io.IOException;
import java.nio.file.Path;

/** Ends the use of a log, so that the next start finds it whole if the disk lets it. */
final class LogClosing {
    private final LogParts log;
    private final LogCompaction compaction;
    private final RecoveryReport recovery;
    private boolean isClosed;

    LogClosing(LogParts log, LogCompaction compaction, RecoveryReport recovery) {
        this.log = log;
        this.compaction = compaction;
        this.recovery = recovery;
    }

    boolean isClosed() {
        return isClosed;
    }

    /** What {@link PartitionLog#close} does. */
    void close() {
        if (isClosed) return;
        isClosed = true;
        compaction.cancel();
        try {
            if (!isAsItWasClosed()) writeLast();
            closeFiles();
        } catch (DiskFull full) {
            closeWithoutSpace(full);
        } catch (IOException e) {
            throw new LogDirectoryFailed(log.directory(), "close", e);
        }
    }

    private void writeLast() throws IOException {
        log.active().finish();
        Flush flush = log.unforced.prepareFlush(Unforced.Extent.CLOSE, log.logEndOffset);
        flush.run();
        log.unforced.flushed(flush, false);
        if (flush.snapshot() != null && !flush.isSnapshotWritten()) {
            log.snapshots.discard(log.logEndOffset);
            throw new DiskFull(log.directory(), "cannot write the producer snapshot");
        }
        if (flush.isPartial()) throw new DiskFull(log.directory(), "cannot write the leader epochs");
    }

    private boolean isAsItWasClosed() {
        return recovery.wasClean()
                && recovery.notes().isEmpty()
                && !log.hasChanged
                && !log.unforced.hasNames()
                && !log.epochs.hasChangedBelow(log.logEndOffset)
                && (log.logEndOffset == 0 || log.snapshots.hasAt(log.logEndOffset));
    }

    private void closeWithoutSpace(DiskFull full) {
        try {
            for (int i = log.segments.floorIndex(log.unforced.recoveryPoint()); i < log.segments.count(); i++)
                log.segments.at(i).force();
            closeFiles();
            log.folder.disk().forceDirectory(log.directory());
            Path parent = log.directory().getParent();
            if (parent != null) log.folder.disk().forceDirectory(parent);
        } catch (IOException e) {
            throw new LogDirectoryFailed(log.directory(), "close", e);
        }
        throw new LogDirectoryFailed(log.directory(), "close", full);
    }

    /** What {@link PartitionLog#abandon} does. */
    void abandon() {
        if (isClosed) return;
        isClosed = true;
        try {
            closeFiles();
        } catch (IOException e) {
            throw new LogDirectoryFailed(log.directory(), "close", e);
        }
    }

    void closeFiles() throws IOException {
        for (Segment segment : log.segments.all()) segment.closeFiles();
    }
}
