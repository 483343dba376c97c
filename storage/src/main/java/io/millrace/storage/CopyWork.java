package io.millrace.storage;

import java.io.IOException;
import java.nio.file.Path;

/** A piece of work of a {@link LogCopy} for a helper. */
public abstract class CopyWork {
    private final Path directory;
    private final long sizeBytes;

    CopyWork(Path directory, long sizeBytes) {
        this.directory = directory;
        this.sizeBytes = sizeBytes;
    }

    /** Bytes of batches that it copies. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /**
     * Does it; blocks. Called once.
     *
     * @throws LogDirectoryFailed if either disk failed
     * @throws CorruptLog if what is copied is damaged
     */
    public final void run() {
        try {
            doIt();
        } catch (IOException e) {
            throw new LogDirectoryFailed(directory, "write a copy in", e);
        }
    }

    abstract void doIt() throws IOException;

    /** Told on the lane once it has run. */
    abstract void ran();

    /** Lets go of what it holds, where it will not be run. */
    public void drop() {}
}
