package io.millrace.connection.run;

import io.millrace.environment.DiskFile;

/**
 * Bytes of a file that are to be sent.
 *
 * @param file open until the reply has been sent
 * @param position first byte
 * @param sizeBytes how many, at least 1; all of them are in the file
 */
public record FileRange(DiskFile file, long position, int sizeBytes) {
    /** Checks the ranges. */
    public FileRange {
        if (position < 0) throw new IllegalArgumentException("position " + position + " is negative");
        if (sizeBytes < 1) throw new IllegalArgumentException("size of " + sizeBytes + " bytes is below 1");
    }
}
