package io.millrace.storage;

import io.millrace.environment.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Writes bytes of a file over themselves, for recovery. After a force that failed, the page cache of common systems takes
 * the pages for clean: a later force reports success without writing them, also to the process that is started next, which
 * still reads them. Written again they are dirty, and the force that follows speaks the truth (ADR 33). Cut off anywhere it
 * changes nothing, since what it writes is what is there.
 */
final class Rewriting {
    private static final int CHUNK_BYTES = 1 << 20;

    private Rewriting() {}

    /** Writes the bytes of {@code [from, until)} again. */
    static void rewrite(DiskFile file, long from, long until) throws IOException {
        if (from >= until) return;
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, until - from));
        for (long at = from; at < until; at += chunk.limit()) {
            chunk.clear().limit((int) Math.min(chunk.capacity(), until - at));
            int read = file.read(at, chunk);
            if (read < chunk.limit())
                throw new IOException(file.path() + " ended at byte " + (at + read) + " while it was written again");
            file.write(at, chunk.flip());
        }
    }
}
