package io.millrace.server.partitions;

import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.CompressionUnavailable;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.FileRecords;
import io.millrace.storage.FormatConversion;
import io.millrace.storage.LogDirectoryFailed;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Has consumers read what a log keeps in formats 0 and 1 as batches of format 2 (ADR 35), and nothing that is damaged (ADR 44). The work
 * is done on a helper, and only for ranges that nobody has read since the start; the others cost a look at a field. Touched on the partitions' lane
 * only, save the bytes held, which are given back from other lanes.
 */
public final class OldFormats {
    /** What answers on their way may hold; beyond it a partition is answered without records, and asked for again. */
    static final long MOST_HELD_BYTES = 64L << 20;

    private static final System.Logger LOG = System.getLogger(OldFormats.class.getName());

    private final LanePartitions partitions;
    private final AtomicLong heldBytes = new AtomicLong();
    private long conversions;
    private long convertedRecords;
    private long convertedBytes;

    /** What became of one read. */
    private sealed interface Outcome {
        record Made(FormatConversion conversion) implements Outcome {}

        record Damaged(CorruptLog damage) implements Outcome {}

        record DiskFailed(LogDirectoryFailed failure) implements Outcome {}

        record Unsupported(CompressionUnavailable why) implements Outcome {}

        record NotTried() implements Outcome {}
    }

    OldFormats(LanePartitions partitions) {
        this.partitions = partitions;
    }

    /** Whether {@link #convert} has anything to do. */
    public static boolean mayBeIn(List<PartitionRead> reads) {
        for (int i = 0; i < reads.size(); i++) if (reads.get(i).records().needsLook()) return true;
        return false;
    }

    /**
     * Converts what has to be.
     *
     * @param reads    results of {@link LanePartitions#read}, in the order in which they are served
     * @param maxBytes what they may have together, soft (KIP-74)
     * @param then     called on this lane with the same reads, refusals in the place of those that failed
     */
    public void convert(Lane lane, List<PartitionRead> reads, int maxBytes, Consumer<List<PartitionRead>> then) {
        lane.offload(() -> outcomes(reads, maxBytes), outcome -> {
            List<PartitionRead> results = new ArrayList<>(reads.size());
            switch (outcome) {
                case Lane.Outcome.Done<List<Outcome>>(List<Outcome> done) -> {
                    for (int i = 0; i < reads.size(); i++) results.add(result(reads.get(i), done.get(i)));
                }
                case Lane.Outcome.Failed<List<Outcome>>(Exception cause) -> {
                    LOG.log(System.Logger.Level.ERROR, "old batches could not be converted for a fetch", cause);
                    for (PartitionRead read : reads)
                        results.add(read.records().needsLook() ? refused(read, ErrorCode.UNKNOWN_SERVER_ERROR) : read);
                }
            }
            then.accept(results);
        });
    }

    private List<Outcome> outcomes(List<PartitionRead> reads, int maxBytes) {
        List<Outcome> outcomes = new ArrayList<>(reads.size());
        long left = maxBytes;
        long held = heldBytes.get();
        boolean isFirst = true;
        for (PartitionRead read : reads) {
            FileRecords range = read.records();
            Outcome outcome = new Outcome.NotTried();
            int bytes = range.sizeBytes();
            if (range.needsLook()) {
                int most = (int) Math.max(0, Math.min(left, read.wanted().maxBytes()));
                outcome = held >= MOST_HELD_BYTES ? new Outcome.Made(NOTHING) : outcome(range, most, isFirst);
                if (outcome instanceof Outcome.Made(FormatConversion.Converted made)) {
                    bytes = made.batches().remaining();
                    held += bytes;
                }
            }
            left -= bytes;
            isFirst &= bytes == 0;
            outcomes.add(outcome);
        }
        return outcomes;
    }

    private static final FormatConversion NOTHING = new FormatConversion.Converted(ByteBuffer.allocate(0), 0);

    private static Outcome outcome(FileRecords range, int maxBytes, boolean atLeastOneBatch) {
        try {
            return new Outcome.Made(FormatConversion.of(range, maxBytes, atLeastOneBatch));
        } catch (CorruptLog damage) {
            return new Outcome.Damaged(damage);
        } catch (LogDirectoryFailed failure) {
            return new Outcome.DiskFailed(failure);
        } catch (CompressionUnavailable unavailable) {
            return new Outcome.Unsupported(unavailable);
        }
    }

    private PartitionRead result(PartitionRead read, Outcome outcome) {
        return switch (outcome) {
            case Outcome.NotTried() -> read;
            case Outcome.Made(FormatConversion.NotNeeded(long untilPosition)) -> {
                read.records().noteSound(untilPosition);
                yield read;
            }
            case Outcome.Made(FormatConversion.Converted made) -> {
                if (made.recordCount() > 0) conversions++;
                convertedRecords += made.recordCount();
                if (made.recordCount() > 0) convertedBytes += made.batches().remaining();
                read.convertedTo(new ConvertedRecords(made.batches(), heldBytes));
                yield read;
            }
            case Outcome.Damaged(CorruptLog damage) -> refused(read, partitions.damaged(read.topicPartition(), damage));
            case Outcome.DiskFailed(LogDirectoryFailed failure) -> {
                partitions.diskFailed(failure);
                yield refused(read, ErrorCode.KAFKA_STORAGE_ERROR);
            }
            case Outcome.Unsupported(CompressionUnavailable why) ->
                refused(read, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE);
        };
    }

    private static PartitionRead refused(PartitionRead read, ErrorCode why) {
        read.release();
        return read.refused(why);
    }

    /** Answers for partitions that were converted since the start, for metrics. */
    public long conversions() {
        return conversions;
    }

    /** Records in them that were of an old format. */
    public long convertedRecords() {
        return convertedRecords;
    }

    /** Bytes of these answers. */
    public long convertedBytes() {
        return convertedBytes;
    }

    /** Bytes that such answers hold now. */
    public long heldBytes() {
        return heldBytes.get();
    }
}
