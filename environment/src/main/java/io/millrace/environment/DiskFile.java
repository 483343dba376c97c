package io.millrace.environment;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * An open file, read and written at stated positions. It has no cursor, so reads may come from several threads; writes
 * come from one owner.
 *
 * <p>Every failure is an {@link IOException} that names the file. A failed {@link #force} is final: the kernel may have
 * dropped the pages, so nothing written since the last successful force may be trusted, and it must not be retried.
 */
public interface DiskFile extends Closeable {
    /** The path it was opened under; a later rename does not change it. */
    Path path();

    /** Bytes in the file. */
    long sizeBytes() throws IOException;

    /**
     * Reads until {@code into} is full or the file ends.
     *
     * @param position first byte wanted, from 0; at or past the end nothing is read
     * @return bytes read, from 0 to {@code into.remaining()}; less than that only at the end of the file
     */
    int read(long position, ByteBuffer into) throws IOException;

    /**
     * Writes all that remains in {@code from}, extending the file where needed. The write is visible to readers at once
     * and survives a power cut only after {@link #force}.
     *
     * @param position where the first byte goes, from 0 to the size of the file
     * @throws DiskFull if there was no space for all of it; a part may have been written
     */
    void write(long position, ByteBuffer from) throws IOException;

    /** Cuts the file to {@code sizeBytes}; no effect if it is not longer. */
    void truncate(long sizeBytes) throws IOException;

    /** Returns once content and size are on stable storage. */
    void force() throws IOException;
}
