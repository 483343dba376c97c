package io.millrace.storage;

import io.millrace.environment.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Files that no longer belong to a log and bear the suffix {@code .deleted}. The owner calls {@link #run} on a disk
 * helper once {@code file.delete.delay.ms} has passed; forgotten ones are deleted when the log is opened next.
 */
public final class PendingDeletion {
    private final Disk disk;
    private final List<Path> files;
    private final long sizeBytes;

    PendingDeletion(Disk disk, List<Path> files, long sizeBytes) {
        this.disk = disk;
        this.files = files;
        this.sizeBytes = sizeBytes;
    }

    /** The files, under their present names. */
    public List<Path> files() {
        return files;
    }

    /** Bytes of batches that go with them. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /**
     * Deletes the files; those that are gone already are passed over.
     *
     * @throws LogDirectoryFailed if one could not be deleted
     */
    public void run() {
        for (Path file : files) {
            try {
                disk.delete(file);
            } catch (IOException e) {
                throw new LogDirectoryFailed(file, "delete", e);
            }
        }
    }
}
