package io.millrace.raft.run;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A committed batch of the metadata log.
 *
 * @param baseOffset offset of its first record
 * @param lastOffset offset of its last record
 * @param epoch leader epoch it was written in
 * @param appendTimeMs when it was written, by the leader's wall clock
 * @param values the records' values in order, each to be read from its position; none for a control batch, whose offsets
 *     count all the same
 */
public record CommittedBatch(long baseOffset, long lastOffset, int epoch, long appendTimeMs, List<ByteBuffer> values) {
    /** Offset of the next batch. */
    public long nextOffset() {
        return lastOffset + 1;
    }
}
