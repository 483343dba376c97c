package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.DiskFull;
import io.millrace.environment.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What has to be forced so that a log survives a power cut up to an offset. Made on the log's lane by
 * {@link PartitionLog#prepareFlush}; {@link #run} blocks and belongs on a disk helper; afterwards the lane is told
 * through {@link PartitionLog#flushed}. Run exactly once. At most one flush of a log is under way at a time.
 */
public final class Flush {
    private final Disk disk;
    private final Path directory;
    private final long endOffset;
    private final int truncations;
    private final List<SharedFile> files;
    private final List<Path> smallFiles;
    private final byte @Nullable [] leaderEpochs;
    private final boolean forceNames;
    private final boolean forceDirectoryName;
    private final @Nullable Snapshot snapshot;
    private boolean isPartial;
    private boolean isSnapshotWritten;
    private boolean done;

    /** A producer snapshot that is written once everything it speaks of has been forced. */
    record Snapshot(long offset, Path file, ByteBuffer content) {}

    Flush(
            LogFolder folder,
            long endOffset,
            int truncations,
            List<SharedFile> files,
            List<Path> smallFiles,
            byte @Nullable [] leaderEpochs,
            boolean forceNames,
            boolean forceDirectoryName,
            @Nullable Snapshot snapshot,
            boolean isPartial) {
        this.disk = folder.disk();
        this.directory = folder.directory();
        this.endOffset = endOffset;
        this.truncations = truncations;
        this.files = files;
        this.smallFiles = smallFiles;
        this.leaderEpochs = leaderEpochs;
        this.forceNames = forceNames;
        this.forceDirectoryName = forceDirectoryName;
        this.snapshot = snapshot;
        this.isPartial = isPartial;
    }

    /** Everything below is on stable storage once {@link #run} has returned. */
    public long endOffset() {
        return endOffset;
    }

    int truncations() {
        return truncations;
    }

    @Nullable
    Snapshot snapshot() {
        return snapshot;
    }

    boolean isSnapshotWritten() {
        return isSnapshotWritten;
    }

    boolean hasLeaderEpochs() {
        return leaderEpochs != null;
    }

    /**
     * Whether a full disk kept something small from being written. The batches are forced all the same; but a restart has to
     * scan them, so the recovery point must not pass.
     */
    boolean isPartial() {
        return isPartial;
    }

    boolean isDone() {
        return done;
    }

    /**
     * Forces the files. A full disk does not fail it: {@link PartitionLog#flushed} sees what is missing.
     *
     * @throws LogDirectoryFailed if one could not be forced; it must not be tried again
     */
    public void run() {
        try {
            forceFiles();
            for (Path file : smallFiles) forceSmallFile(file);
            if (snapshot != null) isSnapshotWritten = writeSnapshot(snapshot);
            boolean namesAreForced = leaderEpochs != null && writeLeaderEpochs(leaderEpochs);
            isPartial |= leaderEpochs != null && !namesAreForced;
            if (forceNames && !namesAreForced) disk.forceDirectory(directory);
            if (forceDirectoryName && directory.getParent() != null) disk.forceDirectory(directory.getParent());
        } catch (NoSuchFileException e) {
            if (disk.isDirectory(directory)) throw new LogDirectoryFailed(directory, "flush", e);
            // The partition was deleted meanwhile: its directory has another name, and nothing needs to last.
        } catch (IOException e) {
            throw new LogDirectoryFailed(directory, "flush", e);
        }
        done = true;
    }

    private boolean writeSnapshot(Snapshot one) throws IOException {
        try (DiskFile file = disk.open(one.file(), OpenMode.CREATE)) {
            file.truncate(0);
            file.write(0, one.content().duplicate());
            file.force();
            return true;
        } catch (DiskFull full) {
            return false;
        }
    }

    private boolean writeLeaderEpochs(byte[] content) throws IOException {
        try {
            disk.replace(directory.resolve(LeaderEpochs.FILE_NAME), content);
            return true;
        } catch (DiskFull full) {
            return false;
        }
    }

    private void forceFiles() throws IOException {
        IOException failure = null;
        for (SharedFile file : files) {
            try {
                if (failure == null) file.file().force();
            } catch (IOException e) {
                failure = e;
            } finally {
                file.release();
            }
        }
        if (failure != null) throw failure;
    }

    private void forceSmallFile(Path path) throws IOException {
        try (DiskFile file = disk.open(path, OpenMode.READ_WRITE)) {
            file.force();
        } catch (NoSuchFileException e) {
            // A snapshot that retention or truncation has removed since needs no force.
        }
    }
}
