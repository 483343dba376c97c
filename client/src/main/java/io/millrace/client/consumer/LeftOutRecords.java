package io.millrace.client.consumer;

import io.millrace.records.TopicPartition;
import java.util.concurrent.TimeUnit;

/** What becomes of records that cannot be read, {@code unreadable.records}: polls stop there, or leave them out and say so. */
final class LeftOutRecords {
    private static final System.Logger LOG = System.getLogger(LeftOutRecords.class.getName());
    /** A topic full of them must not fill the log of the application too. */
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final boolean isLeavingOut;
    private final String clientId;
    private long records;
    private long batches;
    private long unsaid;
    private long quietUntilNanos = System.nanoTime();

    LeftOutRecords(ConsumerOptions options) {
        this.isLeavingOut = options.leavesUnreadableOut();
        this.clientId = options.clientId();
    }

    /** Whether polls go on behind them. */
    boolean isLeavingOut() {
        return isLeavingOut;
    }

    /** A record is left out. */
    void record(TopicPartition partition, long offset, Throwable why) {
        records++;
        say("record " + offset + " of " + partition + " is left out: it cannot be deserialized: " + why);
    }

    /** A batch is left out, from that offset to the one before {@code untilOffset}. */
    void batch(TopicPartition partition, long fromOffset, long untilOffset, Throwable why) {
        batches++;
        say("the records " + fromOffset + " to " + (untilOffset - 1) + " of " + partition
                + " are left out: their batch cannot be read: " + why.getMessage());
    }

    private void say(String sentence) {
        if (System.nanoTime() - quietUntilNanos < 0) {
            unsaid++;
            return;
        }
        quietUntilNanos = System.nanoTime() + QUIET_NANOS;
        LOG.log(
                System.Logger.Level.WARNING,
                clientId + ": " + sentence
                        + (unsaid == 0 ? "" : " (and " + unsaid + " more since the last such line)"));
        unsaid = 0;
    }

    long records() {
        return records;
    }

    long batches() {
        return batches;
    }
}
