package io.millrace.client.fetching;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Whole batches of a partition as they came, and what their broker said of them.
 *
 * @param generation of the position they were asked from
 * @param fromOffset asked from: earlier records of the first batch are not wanted
 * @param next where reading goes on behind them
 * @param bytes from 0 to its limit; the range's own until it is given back
 * @param aborted transactions in them that were aborted; empty unless only committed records are read
 */
public record FetchedRange(
        long generation, long fromOffset, FetchPosition next, ByteBuffer bytes, List<Aborted> aborted) {
    /** Keeps its own list. */
    public FetchedRange {
        aborted = List.copyOf(aborted);
    }

    /** A transaction of a producer that was aborted, by its first offset. */
    public record Aborted(long producerId, long firstOffset) {}

    /** How much memory it holds. */
    public int sizeBytes() {
        return bytes.limit();
    }
}
