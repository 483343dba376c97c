package io.millrace.replication;

/**
 * How far a replica's own log has come.
 *
 * @param endOffset     next offset to be written
 * @param forcedOffset  everything below it is on stable storage
 * @param highWatermark everything below it is known to be committed; at most {@code endOffset}
 */
public record LogPositions(long endOffset, long forcedOffset, long highWatermark) {
    /**
     * Checks that they fit together.
     *
     * @throws IllegalArgumentException if the high watermark lies beyond the end
     */
    public LogPositions {
        if (highWatermark > endOffset)
            throw new IllegalArgumentException("high watermark " + highWatermark + " beyond log end " + endOffset);
    }
}
