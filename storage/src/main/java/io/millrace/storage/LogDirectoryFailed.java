package io.millrace.storage;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The disk failed under a log. Nothing in that log directory may be trusted or written any more: the owner fences the
 * directory (KIP-112, KIP-858) and goes on with the others.
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

    /** The partition or log directory in which the operation failed. */
    public Path directory() {
        return directory;
    }
}
