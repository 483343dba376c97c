package io.millrace.records;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes batches of format 2 of messages of formats 0 and 1. Offsets, keys, values, codec and kind of time stamp stay; a record of
 * format 0 has no time stamp, which format 2 writes as -1. A wrapper becomes one batch; messages without compression that follow
 * each other are gathered into one, as each would otherwise carry a header of 61 bytes.
 *
 * <p>One conversion serves one thread, batch after batch: {@link #add} as long as {@link #takes} says so, then {@link #build}.
 */
public final class LegacyConversion {
    /** Messages are gathered until they have this many bytes; about what a producer's batch has. */
    static final int GATHERED_BYTES = 16 << 10;

    private static final int ATTRIBUTES_AT = 17;
    private static final int LOG_APPEND_TIME_BIT = 0x08;

    private final DecompressionLimit limit;
    private @Nullable BatchBuilder builder;
    private long baseOffset;
    private long lastOffset;
    private long appendTime;
    private boolean isGathering;
    private int gatheredBytes;
    private int recordCount;

    /** A conversion that unpacks no wrapper beyond the limit. */
    public LegacyConversion(DecompressionLimit limit) {
        this.limit = limit;
    }

    /**
     * Whether a message that {@link LegacyBatch#check} has found whole may join those added since the last {@link #build}:
     * nothing is compressed, they share one time stamp if that is the log's, and there are not too many bytes yet.
     */
    public boolean takes(ByteBuffer buffer, int at) {
        if (builder == null) return true;
        long offset = LegacyBatch.lastOffset(buffer, at);
        return isGathering
                && LegacyBatch.compressionId(buffer, at) == Compression.NONE.id()
                && appendTime(buffer, at) == appendTime
                && gatheredBytes + (long) BatchHeader.sizeBytes(buffer, at) <= GATHERED_BYTES
                && offset > lastOffset
                && offset - baseOffset <= Integer.MAX_VALUE;
    }

    /**
     * Adds the records of a message or wrapper.
     *
     * @throws InvalidBatch           if they are malformed, do not unpack within the limit, or have offsets that no batch can
     *                                have; nothing was added then
     * @throws CompressionUnavailable if the codec does not run on this machine
     */
    public void add(ByteBuffer buffer, int at) {
        List<Record> records = LegacyBatch.records(buffer, at, limit);
        long first = records.getFirst().offset();
        long last = records.getLast().offset();
        if (first < 0 || last - first > Integer.MAX_VALUE)
            throw new InvalidBatch("messages of the offsets " + first + " to " + last + " cannot be one batch");
        BatchBuilder into = builder;
        if (into == null) {
            into = begin(buffer, at, first);
            builder = into;
        }
        for (Record record : records)
            into.appendAt(record.offset(), record.timestamp(), record.key(), record.value(), List.of());
        lastOffset = last;
        gatheredBytes += BatchHeader.sizeBytes(buffer, at);
        recordCount += records.size();
    }

    private BatchBuilder begin(ByteBuffer buffer, int at, long firstOffset) {
        Compression codec =
                Compression.forId(LegacyBatch.compressionId(buffer, at)).orElseThrow();
        baseOffset = firstOffset;
        appendTime = appendTime(buffer, at);
        isGathering = codec == Compression.NONE;
        gatheredBytes = 0;
        recordCount = 0;
        boolean byAppendTime = appendTime != BatchHeader.NO_TIMESTAMP;
        BatchBuilder begun = new BatchBuilder(
                codec,
                codec.defaultLevel(),
                byAppendTime ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME,
                firstOffset,
                BatchHeader.NO_PRODUCER_ID,
                BatchHeader.NO_PRODUCER_EPOCH,
                BatchHeader.NO_SEQUENCE,
                BatchHeader.NO_LEADER_EPOCH,
                false,
                false);
        return byAppendTime ? begun.logAppendTime(appendTime) : begun;
    }

    /** The time stamp that the log gave to all of a message, or -1 if its producer gave it or there is none. */
    private static long appendTime(ByteBuffer buffer, int at) {
        boolean byLog =
                BatchHeader.magic(buffer, at) == 1 && (buffer.get(at + ATTRIBUTES_AT) & LOG_APPEND_TIME_BIT) != 0;
        return byLog ? LegacyBatch.maxTimestamp(buffer, at) : BatchHeader.NO_TIMESTAMP;
    }

    /** How many records the batch being made has, or the last one had. */
    public int recordCount() {
        return recordCount;
    }

    /**
     * The batch of what was added, from position 0 to its limit, on the heap and with its checksum; the next {@link #add} begins
     * another.
     *
     * @throws IllegalStateException if nothing was added
     */
    public ByteBuffer build() {
        BatchBuilder built = builder;
        if (built == null) throw new IllegalStateException("no message was added");
        builder = null;
        return built.build();
    }
}
