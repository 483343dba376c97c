package io.millrace.storage;

import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * One file of a segment, opened when first needed. Costs no path and no handle while nobody uses it; belongs to the
 * log's lane.
 */
final class LogFile {
    private final LogFolder folder;
    private final long baseOffset;
    private final String suffix;
    private @Nullable SharedFile open;
    private boolean usedSinceLastSweep;

    LogFile(LogFolder folder, long baseOffset, String suffix) {
        this.folder = folder;
        this.baseOffset = baseOffset;
        this.suffix = suffix;
    }

    Path path() {
        return folder.file(SegmentFileNames.of(baseOffset, suffix));
    }

    /** The open file, made if it does not exist. */
    DiskFile create() throws IOException {
        return shared(OpenMode.CREATE).file();
    }

    /** The open file, which exists. */
    DiskFile existing() throws IOException {
        return shared(OpenMode.READ_WRITE).file();
    }

    /** The open file, which exists, for handing out; the caller retains it. */
    SharedFile shared() throws IOException {
        return shared(OpenMode.READ_WRITE);
    }

    private SharedFile shared(OpenMode mode) throws IOException {
        usedSinceLastSweep = true;
        SharedFile file = open;
        if (file == null) {
            file = new SharedFile(folder.disk().open(path(), mode));
            open = file;
        }
        return file;
    }

    /** Lets the handle go unless it was used since the last call. */
    void closeIfIdle() throws IOException {
        if (usedSinceLastSweep) usedSinceLastSweep = false;
        else close();
    }

    void close() throws IOException {
        SharedFile file = open;
        open = null;
        if (file != null) file.release();
    }

    boolean isOpen() {
        return open != null;
    }
}
