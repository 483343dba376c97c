package io.millrace.storage;

import io.millrace.environment.DiskFile;
import io.millrace.records.BatchHeader;
import io.millrace.records.LegacyBatch;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Walks the batches of a segment file by their headers. It reads as much at once as its window holds, checks no CRC and
 * looks at no record. Base offset, length and leader epoch are under no CRC: of these it checks what the neighbour before says,
 * which costs nothing, as both have been read (ADR 32).
 */
final class BatchCursor {
    private final DiskFile file;
    private final ByteBuffer window;
    private final long endPosition;
    private long windowPosition;
    private long position;
    private int at;
    private int sizeBytes;
    private final long segmentBaseOffset;
    private long previousPosition;
    private long previousLastOffset;
    private int previousEpoch = BatchHeader.NO_LEADER_EPOCH;

    /**
     * @param segmentBaseOffset the first offset that the file can hold
     * @param window   a buffer of at least one header, used as long as the cursor is
     * @param position where a batch begins
     * @param endPosition just past the last batch
     */
    BatchCursor(DiskFile file, long segmentBaseOffset, ByteBuffer window, long position, long endPosition) {
        this.file = file;
        this.window = window.clear().limit(0);
        this.windowPosition = position;
        this.position = position;
        this.endPosition = endPosition;
        this.segmentBaseOffset = segmentBaseOffset;
        this.previousPosition = position;
        this.previousLastOffset = segmentBaseOffset - 1;
    }

    /**
     * Moves to the next batch, the first one at the first call.
     *
     * @throws CorruptLog if what is there cannot be a whole batch, or cannot follow the one before
     */
    boolean next() throws IOException {
        position += sizeBytes;
        sizeBytes = 0;
        if (position >= endPosition) return false;
        long left = endPosition - position;
        if (left < LegacyBatch.SMALLEST_BYTES)
            throw corrupt("a batch needs " + LegacyBatch.SMALLEST_BYTES + " bytes, " + left + " are left");
        if (position + Math.min(left, StoredBatch.HEADER_BYTES) > windowPosition + window.limit()) fill();
        at = (int) (position - windowPosition);
        byte magic = BatchHeader.magic(window, at);
        if (magic < 0 || magic > BatchHeader.MAGIC) throw corrupt("magic " + magic + ", want 0 to 2");
        int smallest = magic == BatchHeader.MAGIC ? BatchHeader.HEADER_BYTES : LegacyBatch.SMALLEST_BYTES;
        sizeBytes = BatchHeader.sizeBytes(window, at);
        if (sizeBytes < smallest || sizeBytes > left)
            throw corrupt("a batch of " + sizeBytes + " bytes, " + left + " are left");
        requireToFollow(magic == BatchHeader.MAGIC);
        return true;
    }

    private void requireToFollow(boolean tellsItsBaseOffset) {
        long lastOffset = lastOffset();
        long firstOffset = tellsItsBaseOffset ? baseOffset() : lastOffset;
        int epoch = leaderEpoch();
        if (firstOffset <= previousLastOffset)
            throw corrupt("offset " + firstOffset + " follows " + previousLastOffset + " of the batch at byte "
                    + previousPosition);
        if (lastOffset < firstOffset) throw corrupt("last offset " + lastOffset + " before base offset " + firstOffset);
        if (lastOffset - segmentBaseOffset > Integer.MAX_VALUE)
            throw corrupt("offset " + lastOffset + " in the segment of " + segmentBaseOffset);
        if (epoch != BatchHeader.NO_LEADER_EPOCH && epoch < previousEpoch)
            throw corrupt("leader epoch " + epoch + " follows " + previousEpoch + " of the batch at byte "
                    + previousPosition);
        previousPosition = position;
        previousLastOffset = lastOffset;
        previousEpoch = Math.max(previousEpoch, epoch);
    }

    /**
     * The last offset of the batch that {@link #next} will move to, or -1 if there is no header of one: an index that
     * promises a batch there is wrong.
     */
    long peekLastOffset() throws IOException {
        long there = position + sizeBytes;
        if (there < 0 || endPosition - there < LegacyBatch.SMALLEST_BYTES) return -1;
        window.clear().limit((int) Math.min(window.capacity(), endPosition - there));
        int read = file.read(there, window);
        window.flip();
        windowPosition = there;
        if (read < LegacyBatch.SMALLEST_BYTES) return -1;
        byte magic = BatchHeader.magic(window, 0);
        if (magic < 0 || magic > BatchHeader.MAGIC) return -1;
        if (magic == BatchHeader.MAGIC && read < BatchHeader.HEADER_BYTES) return -1;
        return StoredBatch.lastOffset(window, 0);
    }

    /** Whether the current batch is of format 0 or 1. */
    boolean isLegacy() {
        return LegacyBatch.isLegacy(window, at);
    }

    private void fill() throws IOException {
        window.clear().limit((int) Math.min(window.capacity(), endPosition - position));
        int read = file.read(position, window);
        if (read < LegacyBatch.SMALLEST_BYTES) throw corrupt("the file ends within a batch header");
        window.flip();
        windowPosition = position;
    }

    private CorruptLog corrupt(String reason) {
        return new CorruptLog(file.path(), position, reason);
    }

    /** Where the current batch begins in the file. */
    long position() {
        return position;
    }

    /** Where the current batch ends. */
    long endPosition() {
        return position + sizeBytes;
    }

    int sizeBytes() {
        return sizeBytes;
    }

    /** {@link StoredBatch#baseOffset}. */
    long baseOffset() {
        return StoredBatch.baseOffset(window, at);
    }

    long lastOffset() {
        return StoredBatch.lastOffset(window, at);
    }

    long maxTimestamp() {
        return StoredBatch.maxTimestamp(window, at);
    }

    int leaderEpoch() {
        return StoredBatch.leaderEpoch(window, at);
    }

    long producerId() {
        return StoredBatch.producerId(window, at);
    }

    boolean isControl() {
        return StoredBatch.isControl(window, at);
    }

    /** The header of the current batch; the buffer is the window, at {@link #headerAt}. */
    ByteBuffer header() {
        return window;
    }

    int headerAt() {
        return at;
    }

    /** Reads the whole current batch into a new buffer. */
    ByteBuffer batch() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(sizeBytes);
        if (file.read(position, bytes) < sizeBytes) throw corrupt("the file ends within a batch");
        return bytes.flip();
    }
}
