package io.millrace.protocol;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * What a {@link ProtocolWriter} wrote.
 *
 * @param segments  in the order they are sent; none is empty
 * @param sizeBytes the sum of their sizes
 */
public record Written(List<Segment> segments, long sizeBytes) {
    /** Keeps its own list. */
    public Written {
        segments = List.copyOf(segments);
    }

    /**
     * All of it as one buffer, copied unless it is one piece already.
     *
     * @throws IllegalStateException if a payload is not in memory, or if everything together is above 2 GiB
     */
    public ByteBuffer toBuffer() {
        if (segments.size() == 1 && segments.get(0) instanceof Segment.Bytes(ByteBuffer only)) return only.duplicate();
        if (sizeBytes > Integer.MAX_VALUE) throw new IllegalStateException(sizeBytes + " bytes do not fit one buffer");
        ByteBuffer all = ByteBuffer.allocate((int) sizeBytes);
        for (Segment segment : segments) all.put(inMemory(segment).duplicate());
        return all.flip();
    }

    private static ByteBuffer inMemory(Segment segment) {
        return switch (segment) {
            case Segment.Bytes(ByteBuffer bytes) -> bytes;
            case Segment.Payload(RecordsPayload.Buffer(ByteBuffer bytes)) -> bytes;
            case Segment.Payload(RecordsPayload payload) ->
                throw new IllegalStateException(payload.getClass().getName() + " is not in memory");
        };
    }
}
