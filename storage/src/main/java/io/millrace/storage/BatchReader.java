package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.InvalidBatch;
import io.millrace.records.LegacyBatch;
import io.millrace.records.LegacyConversion;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * Reads a stretch of a segment file batch by batch, whole ones with the right checksum. Those of formats 0 and 1 come as batches of
 * format 2 that it makes of them (ADR 35). What it makes depends on the file, on where it begins and on {@code boundary} only, so
 * that two readers see the same batches.
 */
final class BatchReader implements Closeable {
    private final DiskFile file;
    private final boolean ownsFile;
    private final long endPosition;
    private final int ioBytes;
    private final long boundary;
    private final boolean mayBeCut;
    private final LegacyConversion legacy;
    private ByteBuffer chunk;
    private long chunkPosition;
    private int at;
    private long position;
    private long nextPosition;
    private ByteBuffer batch;
    private int batchAt;
    private int sizeBytes;
    private boolean isConverted;

    private BatchReader(
            DiskFile file,
            boolean ownsFile,
            long position,
            long endPosition,
            int ioBytes,
            long boundary,
            boolean mayBeCut,
            DecompressionLimit limit) {
        this.file = file;
        this.ownsFile = ownsFile;
        this.endPosition = endPosition;
        this.ioBytes = Math.max(ioBytes, BatchHeader.HEADER_BYTES);
        this.boundary = boundary;
        this.mayBeCut = mayBeCut;
        this.legacy = new LegacyConversion(limit);
        this.position = position;
        this.nextPosition = position;
        this.chunkPosition = position;
        this.chunk = ByteBuffer.allocate(
                        (int) Math.min(this.ioBytes, Math.max(endPosition - position, BatchHeader.HEADER_BYTES)))
                .limit(0);
        this.batch = chunk;
    }

    /**
     * A reader of a finished segment, with a handle of its own.
     *
     * @param boundary an offset that no batch made of old messages holds together with an earlier one
     * @param limit    what batches of old formats may unpack to
     */
    static BatchReader ofSegment(
            Disk disk, Path path, int endPosition, int ioBytes, long boundary, DecompressionLimit limit)
            throws IOException {
        return new BatchReader(disk.open(path, OpenMode.READ), true, 0, endPosition, ioBytes, boundary, false, limit);
    }

    /** A reader of a range that begins with a batch and may end within one, which is left out. The file is the caller's. */
    static BatchReader ofRange(FileRecords range, int ioBytes) {
        return new BatchReader(
                range.file(),
                false,
                range.position(),
                range.position() + range.sizeBytes(),
                ioBytes,
                Long.MAX_VALUE,
                true,
                DecompressionLimit.DEFAULT);
    }

    /**
     * Moves to the next batch.
     *
     * @throws CorruptLog   if there is no whole batch, or its checksum is wrong
     * @throws InvalidBatch if a batch of an old format does not unpack
     */
    boolean next() throws IOException {
        position = nextPosition;
        int whole = load();
        if (whole == 0) return false;
        isConverted = LegacyBatch.isLegacy(chunk, at);
        if (isConverted) {
            gather(whole);
            return true;
        }
        batch = chunk;
        batchAt = at;
        sizeBytes = whole;
        nextPosition += whole;
        return true;
    }

    private void gather(int firstBytes) throws IOException {
        boolean isBelow = StoredBatch.lastOffset(chunk, at) < boundary;
        legacy.add(chunk, at);
        nextPosition += firstBytes;
        try {
            for (int whole = load(); whole > 0 && LegacyBatch.isLegacy(chunk, at); whole = load()) {
                if (!legacy.takes(chunk, at) || StoredBatch.lastOffset(chunk, at) < boundary != isBelow) break;
                legacy.add(chunk, at);
                nextPosition += whole;
            }
        } catch (CorruptLog | InvalidBatch ignored) {
            // What was gathered before it is sound. The next call begins with the bad one and meets it again.
        }
        batch = legacy.build();
        batchAt = 0;
        sizeBytes = batch.limit();
    }

    /** Has the whole batch that begins at {@link #nextPosition} in the chunk, at {@link #at}; its size, or 0 at the end. */
    private int load() throws IOException {
        if (nextPosition >= endPosition) return 0;
        if (nextPosition >= chunkPosition + chunk.limit()) fill(ioBytes);
        at = (int) (nextPosition - chunkPosition);
        while (true) {
            switch (StoredBatch.check(chunk, at)) {
                case BatchCheck.Whole(int whole) -> {
                    return whole;
                }
                case BatchCheck.Corrupt(String why) -> throw new CorruptLog(file.path(), nextPosition, why);
                case BatchCheck.Torn(int missing) -> {
                    long needed = (long) chunk.limit() - at + missing;
                    if (nextPosition + needed > endPosition) {
                        if (mayBeCut) return 0;
                        throw new CorruptLog(
                                file.path(),
                                nextPosition,
                                "the batch lacks " + missing + " bytes at the end of the file");
                    }
                    fill((int) Math.max(needed, ioBytes));
                }
            }
        }
    }

    private void fill(int wantedBytes) throws IOException {
        int bytes = (int) Math.min(wantedBytes, endPosition - nextPosition);
        if (chunk.capacity() < bytes) chunk = ByteBuffer.allocate(bytes);
        chunk.clear().limit(bytes);
        if (file.read(nextPosition, chunk) < bytes)
            throw new CorruptLog(file.path(), nextPosition, "the file is shorter than it was");
        chunk.flip();
        chunkPosition = nextPosition;
        at = 0;
    }

    Path path() {
        return file.path();
    }

    /** Where the current batch begins in the file. */
    long position() {
        return position;
    }

    /** Size of the batch as it is given; {@link #storedBytes} as it is in the file. */
    int sizeBytes() {
        return sizeBytes;
    }

    /** Bytes of the file that the current batch was made of. */
    int storedBytes() {
        return (int) (nextPosition - position);
    }

    /** Whether the current batch was made of messages of format 0 or 1. */
    boolean isConverted() {
        return isConverted;
    }

    /** Whether nothing follows the current batch. */
    boolean isLast() {
        return nextPosition >= endPosition;
    }

    /** Holds the current batch, at {@link #at}; until the next call of {@link #next}. */
    ByteBuffer buffer() {
        return batch;
    }

    int at() {
        return batchAt;
    }

    @Override
    public void close() throws IOException {
        if (ownsFile) file.close();
    }
}
