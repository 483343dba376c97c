package io.millrace.storage;

import io.millrace.environment.DiskFile;
import io.millrace.records.BatchHeader;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Walks the batches of a segment file by their headers. It reads as much at once as its window holds, checks no CRC and
 * looks at no record.
 */
final class BatchCursor {
    private final DiskFile file;
    private final ByteBuffer window;
    private final long endPosition;
    private long windowPosition;
    private long position;
    private int at;
    private int sizeBytes;

    /**
     * @param window   a buffer of at least one header, used as long as the cursor is
     * @param position where a batch begins
     * @param endPosition just past the last batch
     */
    BatchCursor(DiskFile file, ByteBuffer window, long position, long endPosition) {
        this.file = file;
        this.window = window.clear().limit(0);
        this.windowPosition = position;
        this.position = position;
        this.endPosition = endPosition;
    }

    /**
     * Moves to the next batch, the first one at the first call.
     *
     * @throws CorruptLog if what is there cannot be a whole batch of format 2
     */
    boolean next() throws IOException {
        position += sizeBytes;
        sizeBytes = 0;
        if (position >= endPosition) return false;
        if (endPosition - position < BatchHeader.HEADER_BYTES)
            throw corrupt("a batch header needs " + BatchHeader.HEADER_BYTES + " bytes, " + (endPosition - position)
                    + " are left");
        if (position + BatchHeader.HEADER_BYTES > windowPosition + window.limit()) fill();
        at = (int) (position - windowPosition);
        byte magic = BatchHeader.magic(window, at);
        if (magic != 2) throw corrupt("magic " + magic + ", want 2; older formats are not read");
        sizeBytes = BatchHeader.sizeBytes(window, at);
        if (sizeBytes < BatchHeader.HEADER_BYTES || sizeBytes > endPosition - position)
            throw corrupt("a batch of " + sizeBytes + " bytes, " + (endPosition - position) + " are left");
        return true;
    }

    private void fill() throws IOException {
        window.clear().limit((int) Math.min(window.capacity(), endPosition - position));
        int read = file.read(position, window);
        if (read < BatchHeader.HEADER_BYTES) throw corrupt("the file ends within a batch header");
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

    int sizeBytes() {
        return sizeBytes;
    }

    long baseOffset() {
        return BatchHeader.baseOffset(window, at);
    }

    long lastOffset() {
        return BatchHeader.lastOffset(window, at);
    }

    long maxTimestamp() {
        return BatchHeader.maxTimestamp(window, at);
    }

    int leaderEpoch() {
        return BatchHeader.partitionLeaderEpoch(window, at);
    }

    long producerId() {
        return BatchHeader.producerId(window, at);
    }

    boolean isControl() {
        return BatchHeader.isControl(window, at);
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
