package io.millrace.client.fetching;

import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.records.CompressionUnavailable;
import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.InvalidBatch;
import io.millrace.records.LegacyBatch;
import io.millrace.records.Record;
import io.millrace.records.RecordHeader;
import io.millrace.records.RecordIterator;
import io.millrace.records.RecordWalk;
import io.millrace.records.TimestampType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads the records of fetched ranges one by one: checks each batch, unpacks it, and leaves out what is not an
 * application's: control records, aborted transactions, and what lies before the offset that was asked for. Buffers it hands
 * out are valid until the next step.
 */
public final class RangeReader {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final boolean isReadCommitted;
    private final RecordWalk walk = new RecordWalk(DecompressionLimit.DEFAULT);
    private @Nullable FetchedRange range;
    private AbortedTransactions aborted = new AbortedTransactions(List.of());
    private int at;
    private int batchEnd;
    private boolean isInBatch;
    private int batchLeaderEpoch;
    private TimestampType timestampType = TimestampType.CREATE_TIME;
    /** Views of the batch's records, moved from record to record. */
    private ByteBuffer keyView = NOTHING;

    private ByteBuffer valueView = NOTHING;
    private @Nullable Iterator<Record> legacy;
    private @Nullable Record legacyRecord;
    private long batchBaseOffset;
    private long batchNextOffset;

    /** A reader without a range. */
    public RangeReader(boolean isReadCommitted) {
        this.isReadCommitted = isReadCommitted;
    }

    /** Stands before the first record of a range. */
    public void begin(FetchedRange next) {
        range = next;
        aborted = new AbortedTransactions(next.aborted());
        at = 0;
        isInBatch = false;
        legacy = null;
        legacyRecord = null;
    }

    /**
     * Goes to the next record; false behind the last one.
     *
     * @throws InvalidBatch if a batch, or a record of it, cannot be read
     * @throws CompressionUnavailable if its codec does not run on this machine
     */
    public boolean next() {
        FetchedRange reading = Objects.requireNonNull(range, "no range");
        while (true) {
            if (isInBatch) {
                while (step()) if (offset() >= reading.fromOffset()) return true;
                leaveBatch();
            }
            if (at >= reading.bytes().limit()) return false;
            enterBatch(reading.bytes());
        }
    }

    private void leaveBatch() {
        isInBatch = false;
        legacy = null;
        legacyRecord = null;
        at = batchEnd;
    }

    /** Gives the rest of the batch up, whatever is in it; the next step goes on behind it. */
    public void skipBatch() {
        leaveBatch();
    }

    private void enterBatch(ByteBuffer bytes) {
        batchEnd = at + BatchHeader.LOG_OVERHEAD + bytes.getInt(at + Long.BYTES);
        batchBaseOffset = bytes.getLong(at);
        boolean isLegacy = LegacyBatch.isLegacy(bytes, at);
        batchNextOffset = 1 + (isLegacy ? LegacyBatch.lastOffset(bytes, at) : BatchHeader.lastOffset(bytes, at));
        BatchCheck check = isLegacy ? LegacyBatch.check(bytes, at) : BatchHeader.check(bytes, at);
        switch (check) {
            case BatchCheck.Whole whole -> {}
            case BatchCheck.Torn(int missingBytes) ->
                throw new InvalidBatch("a batch lacks " + missingBytes + " bytes");
            case BatchCheck.Corrupt(String why) -> throw new InvalidBatch(why);
        }
        if (isLegacy) {
            batchLeaderEpoch = FetchPosition.NO_EPOCH;
            timestampType = TimestampType.CREATE_TIME;
            legacy = LegacyBatch.records(bytes, at, DecompressionLimit.DEFAULT).iterator();
            isInBatch = true;
            return;
        }
        batchLeaderEpoch = BatchHeader.partitionLeaderEpoch(bytes, at);
        if (BatchHeader.isControl(bytes, at)) {
            takeMarker(bytes);
            at = batchEnd;
            return;
        }
        boolean isLeftOut = isReadCommitted
                && BatchHeader.isTransactional(bytes, at)
                && aborted.isAborted(BatchHeader.producerId(bytes, at), BatchHeader.lastOffset(bytes, at));
        if (isLeftOut) {
            at = batchEnd;
            return;
        }
        timestampType = BatchHeader.timestampType(bytes, at);
        walk.begin(bytes, at);
        keyView = walk.bytes().duplicate();
        valueView = walk.bytes().duplicate();
        isInBatch = true;
    }

    private void takeMarker(ByteBuffer bytes) {
        if (!isReadCommitted) return;
        RecordIterator records = new RecordIterator(bytes, at, DecompressionLimit.DEFAULT);
        if (!records.hasNext()) return; // Compaction may leave a batch without its record.
        if (ControlRecords.read(records.next()) instanceof ControlRecord.EndTransaction(boolean isCommit, int epoch)
                && !isCommit) {
            aborted.ended(BatchHeader.producerId(bytes, at), BatchHeader.lastOffset(bytes, at));
        }
    }

    private boolean step() {
        Iterator<Record> old = legacy;
        if (old == null) return walk.next();
        if (!old.hasNext()) return false;
        legacyRecord = old.next();
        return true;
    }

    /** The record's offset. */
    public long offset() {
        Record old = legacyRecord;
        return old == null ? walk.offset() : old.offset();
    }

    /** The record's time stamp in milliseconds since 1970, or -1 for none. */
    public long timestamp() {
        Record old = legacyRecord;
        return old == null ? walk.timestamp() : old.timestamp();
    }

    /** Who made the time stamp. */
    public TimestampType timestampType() {
        return timestampType;
    }

    /** The epoch of the leader that appended the record; -1 if it is not known. */
    public int leaderEpoch() {
        return batchLeaderEpoch;
    }

    /** The key's bytes, from its position to its limit; null for none. */
    public @Nullable ByteBuffer key() {
        Record old = legacyRecord;
        if (old != null) return old.key();
        return walk.hasKey() ? moved(keyView, walk.keyAt(), walk.keyBytes()) : null;
    }

    /** The value's bytes, from its position to its limit; null for none. */
    public @Nullable ByteBuffer value() {
        Record old = legacyRecord;
        if (old != null) return old.value();
        return walk.hasValue() ? moved(valueView, walk.valueAt(), walk.valueBytes()) : null;
    }

    private static ByteBuffer moved(ByteBuffer view, int at, int bytes) {
        return view.order(ByteOrder.BIG_ENDIAN)
                .limit(at + bytes)
                .position(at); // A deserializer may have said otherwise.
    }

    /** The headers, on memory of their own. */
    public List<RecordHeader> headers() {
        if (legacyRecord != null || walk.headerCount() == 0) return List.of();
        List<RecordHeader> headers = new ArrayList<>(walk.headerCount());
        for (RecordHeader each : walk.record().headers()) headers.add(new RecordHeader(each.key(), copy(each.value())));
        return headers;
    }

    private static @Nullable ByteBuffer copy(@Nullable ByteBuffer bytes) {
        if (bytes == null) return null;
        byte[] own = new byte[bytes.remaining()];
        bytes.get(bytes.position(), own);
        return ByteBuffer.wrap(own);
    }

    /** The first offset of the batch it stands in, or could not get into. */
    public long batchBaseOffset() {
        return batchBaseOffset;
    }

    /** The offset behind that batch, as its header has it, which may be what is damaged. */
    public long batchNextOffset() {
        return batchNextOffset;
    }
}
