package io.millrace.storage;

import io.millrace.environment.DiskFull;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The disk failed under a log. Nothing in that log directory may be trusted or written any more: the owner fences the
 * directory (KIP-112, KIP-858) and goes on with the others, unless it {@link #isWantOfSpace}.
 */
public final class LogDirectoryFailed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Path directory;

    /**
     * @param directory the partition or log directory in which it happened
     * @param doing     what was being done, as a phrase such as "append to"
     */
    public LogDirectoryFailed(Path directory, String doing, IOException cause) {
        super("could not " + doing + " " + directory + ": " + cause.getMessage(), cause);
        this.directory = directory;
    }

    /** As the constructor says, of something that a full disk too leaves half done. */
    static LogDirectoryFailed halfDone(Path directory, String doing, IOException cause) {
        return new LogDirectoryFailed(
                directory, doing, cause instanceof DiskFull ? new IOException(cause.getMessage(), cause) : cause);
    }

    /**
     * Whether the disk was only full. Then what was being done has had no effect and may be tried again when there is space;
     * nothing that was written before is in doubt, and the directory is not fenced.
     */
    public boolean isWantOfSpace() {
        return getCause() instanceof DiskFull;
    }

    /** The partition or log directory in which the operation failed. */
    public Path directory() {
        return directory;
    }
}
