package io.millrace.client.consumer;

import io.millrace.client.fetching.RangeReader;
import io.millrace.records.TopicPartition;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of records that cannot be read: polls stop there, or leave them out and say so ({@code unreadable.records}); records that
 * cannot be deserialized may be put into another topic before that.
 */
final class LeftOutRecords {
    private static final System.Logger LOG = System.getLogger(LeftOutRecords.class.getName());
    /** A topic full of them must not fill the log of the application too. */
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final boolean isLeavingOut;
    private final @Nullable Quarantine quarantine;
    private final String clientId;
    private long records;
    private long batches;
    private long unsaid;
    private long quietUntilNanos = System.nanoTime();

    LeftOutRecords(ConsumerOptions options) {
        this.isLeavingOut = options.leavesUnreadableOut();
        Quarantine.Place place = options.quarantine();
        this.quarantine = place == null ? null : new Quarantine(place, options.groupId());
        this.clientId = options.clientId();
    }

    /** Whether polls go on behind batches that cannot be read. */
    boolean isLeavingBatchesOut() {
        return isLeavingOut;
    }

    /** Whether polls go on behind records that cannot be deserialized. */
    boolean isLeavingRecordsOut() {
        return isLeavingOut || quarantine != null;
    }

    /**
     * The record that the reader stands at is left out.
     *
     * @throws ConsumerFailure if it is to be put away first, and cannot be
     */
    void record(TopicPartition partition, RangeReader reader, RuntimeException why) {
        Quarantine away = quarantine;
        if (away != null) away.put(partition, reader, why);
        records++;
        String where = away == null ? " is left out" : " is put into topic " + away.topic();
        say("record " + reader.offset() + " of " + partition + where + ": it cannot be deserialized: " + why);
    }

    void close(Duration timeout) {
        if (quarantine != null) quarantine.close(timeout);
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
