package io.millrace.raft.run;

import java.util.function.LongConsumer;

/**
 * Up to where the metadata log was forced at some moment, for a helper that writes that down as its recovery point. If the log is cut meanwhile, the
 * file must not say for long that it was forced further: what a crash leaves torn behind the cut would count as damage, and the node
 * would not start.
 */
public final class ForcedUpTo {
    private long offset;

    /** @param offset everything below is forced */
    public ForcedUpTo(long offset) {
        this.offset = offset;
    }

    /** Writes it down. Whoever cuts the log waits for that. */
    public synchronized void write(LongConsumer writing) {
        writing.accept(offset);
    }

    /**
     * The log is about to end here at the latest.
     *
     * @param lowering has the file say so if it says more
     */
    synchronized void cutTo(long endOffset, Runnable lowering) {
        offset = Math.min(offset, endOffset);
        lowering.run();
    }
}
