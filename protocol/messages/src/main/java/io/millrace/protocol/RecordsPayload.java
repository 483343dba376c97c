package io.millrace.protocol;

import java.nio.ByteBuffer;

/**
 * Record batches inside a message, as bytes nobody looked at: a slice of the frame they came in, or something that the
 * sender of the message knows how to send without copying, such as a range of a log file.
 */
public interface RecordsPayload {
    /** No batches at all. */
    RecordsPayload EMPTY = new Buffer(ByteBuffer.allocate(0));

    /** How many bytes it stands for. */
    int sizeBytes();

    /**
     * Bytes in memory.
     *
     * @param bytes from its position to its limit; users take a duplicate and leave both alone. It lives no longer than
     *              the buffer that the message was read from.
     */
    record Buffer(ByteBuffer bytes) implements RecordsPayload {
        @Override
        public int sizeBytes() {
            return bytes.remaining();
        }
    }
}
