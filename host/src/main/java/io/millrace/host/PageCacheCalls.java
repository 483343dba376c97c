package io.millrace.host;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Advice to the kernel about the pages of a file. None of it changes what a file holds or what of it is durable, and none
 * of it takes note of a failed write, which stays there for the next force to find. A file that is gone is no error.
 */
interface PageCacheCalls {
    /** Begins to write dirty pages of a range to the disk, without waiting for it. */
    void writeOut(Path file, long from, long byteCount) throws IOException;

    /** Gives back the pages of a range that are not dirty. */
    void drop(Path file, long from, long byteCount) throws IOException;

    /** Memory of the machine. */
    long memoryBytes() throws IOException;
}
