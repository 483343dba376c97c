package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Reads a finished segment file batch by batch, whole ones with the right checksum. Has a handle of its own. */
final class BatchReader implements Closeable {
    private final DiskFile file;
    private final int endPosition;
    private final int ioBytes;
    private ByteBuffer chunk;
    private int chunkPosition;
    private int at;
    private int sizeBytes;

    BatchReader(Disk disk, Path path, int endPosition, int ioBytes) throws IOException {
        this.file = disk.open(path, OpenMode.READ);
        this.endPosition = endPosition;
        this.ioBytes = Math.max(ioBytes, BatchHeader.HEADER_BYTES);
        this.chunk = ByteBuffer.allocate(Math.min(this.ioBytes, Math.max(endPosition, BatchHeader.HEADER_BYTES)))
                .limit(0);
    }

    /**
     * Moves to the next batch.
     *
     * @throws CorruptLog if there is no whole batch, or its checksum is wrong
     */
    boolean next() throws IOException {
        at += sizeBytes;
        sizeBytes = 0;
        if (position() >= endPosition) return false;
        if (at == chunk.limit()) fill(ioBytes);
        while (true) {
            switch (BatchHeader.check(chunk, at)) {
                case BatchCheck.Whole(int whole) -> {
                    sizeBytes = whole;
                    return true;
                }
                case BatchCheck.Corrupt(String why) -> throw new CorruptLog(file.path(), position(), why);
                case BatchCheck.Torn(int missing) -> {
                    long needed = (long) chunk.limit() - at + missing;
                    if (position() + needed > endPosition)
                        throw new CorruptLog(
                                file.path(),
                                position(),
                                "the batch lacks " + missing + " bytes at the end of the file");
                    fill((int) Math.max(needed, ioBytes));
                }
            }
        }
    }

    private void fill(int wantedBytes) throws IOException {
        int from = position();
        int bytes = Math.min(wantedBytes, endPosition - from);
        if (chunk.capacity() < bytes) chunk = ByteBuffer.allocate(bytes);
        chunk.clear().limit(bytes);
        if (file.read(from, chunk) < bytes) throw new CorruptLog(file.path(), from, "the file is shorter than it was");
        chunk.flip();
        chunkPosition = from;
        at = 0;
    }

    Path path() {
        return file.path();
    }

    /** Where the current batch begins in the file. */
    int position() {
        return chunkPosition + at;
    }

    int sizeBytes() {
        return sizeBytes;
    }

    /** Whether nothing follows the current batch. */
    boolean isLast() {
        return position() + sizeBytes >= endPosition;
    }

    ByteBuffer buffer() {
        return chunk;
    }

    int at() {
        return at;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
