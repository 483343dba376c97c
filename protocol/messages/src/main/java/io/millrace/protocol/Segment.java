package io.millrace.protocol;

import java.nio.ByteBuffer;

/** A piece of a written message; the pieces are sent one after the other. */
public sealed interface Segment {
    /** How many bytes the piece has. */
    int sizeBytes();

    /**
     * Bytes in memory.
     *
     * @param bytes from its position to its limit
     */
    record Bytes(ByteBuffer bytes) implements Segment {
        @Override
        public int sizeBytes() {
            return bytes.remaining();
        }
    }

    /**
     * Record batches that were not copied into the message.
     *
     * @param payload as it was in the message's {@code records} field
     */
    record Payload(RecordsPayload payload) implements Segment {
        @Override
        public int sizeBytes() {
            return payload.sizeBytes();
        }
    }
}
