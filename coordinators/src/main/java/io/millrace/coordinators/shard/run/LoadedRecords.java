package io.millrace.coordinators.shard.run;

import io.millrace.coordinators.shard.CoordinatorRecord;
import io.millrace.coordinators.shard.RecordReader;
import io.millrace.coordinators.shard.ShardMachine;
import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.LegacyBatch;
import io.millrace.records.Record;
import io.millrace.records.RecordIterator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a slice of a coordinator's log says, read on a helper thread so that the lane has but to replay it. */
final class LoadedRecords {
    /** One thing to be replayed. */
    private sealed interface Step {
        record Plain(long offset, CoordinatorRecord record) implements Step {}

        record InTransaction(long producerId, long offset, CoordinatorRecord record) implements Step {}

        record TransactionEnd(long producerId, long offset, boolean isCommitted) implements Step {}
    }

    private final List<Step> steps = new ArrayList<>();

    private LoadedRecords() {}

    /**
     * Reads whole batches.
     *
     * @throws IllegalStateException if there is anything else in the bytes; it names the offset
     */
    static LoadedRecords read(ByteBuffer bytes, RecordReader reader) {
        LoadedRecords loaded = new LoadedRecords();
        int at = bytes.position();
        while (at < bytes.limit()) {
            boolean isLegacy = bytes.limit() - at >= LegacyBatch.SMALLEST_BYTES && LegacyBatch.isLegacy(bytes, at);
            BatchCheck check = isLegacy ? LegacyBatch.check(bytes, at) : BatchHeader.check(bytes, at);
            switch (check) {
                case BatchCheck.Whole(int sizeBytes) -> {
                    if (isLegacy) loaded.addLegacyBatch(bytes, at, reader);
                    else loaded.addBatch(bytes, at, reader);
                    at += sizeBytes;
                }
                case BatchCheck.Torn(int missingBytes) ->
                    throw new IllegalStateException("a batch lacks " + missingBytes + " bytes");
                case BatchCheck.Corrupt(String why) -> throw new IllegalStateException("a batch is corrupt: " + why);
            }
        }
        return loaded;
    }

    /** Offsets that brokers before 0.11 wrote. */
    private void addLegacyBatch(ByteBuffer bytes, int at, RecordReader reader) {
        for (Record record : LegacyBatch.records(bytes, at, DecompressionLimit.DEFAULT)) {
            Step step = dataStep(false, BatchHeader.NO_PRODUCER_ID, record, reader);
            if (step != null) steps.add(step);
        }
    }

    private void addBatch(ByteBuffer bytes, int at, RecordReader reader) {
        long producerId = BatchHeader.producerId(bytes, at);
        boolean isTransactional = BatchHeader.isTransactional(bytes, at);
        boolean isControl = BatchHeader.isControl(bytes, at);
        RecordIterator records = new RecordIterator(bytes, at, DecompressionLimit.DEFAULT);
        while (records.hasNext()) {
            Record record = records.next();
            Step step =
                    isControl ? controlStep(producerId, record) : dataStep(isTransactional, producerId, record, reader);
            if (step != null) steps.add(step);
        }
    }

    private static @Nullable Step dataStep(
            boolean isTransactional, long producerId, Record record, RecordReader reader) {
        ByteBuffer key = record.key();
        if (key == null) throw new IllegalStateException("the record at offset " + record.offset() + " has no key");
        CoordinatorRecord read;
        try {
            read = reader.read(key, record.value()).orElse(null);
        } catch (RuntimeException unreadable) {
            throw new IllegalStateException(
                    "the record at offset " + record.offset() + " cannot be read: " + unreadable.getMessage(),
                    unreadable);
        }
        if (read == null) return null;
        return isTransactional
                ? new Step.InTransaction(producerId, record.offset(), read)
                : new Step.Plain(record.offset(), read);
    }

    private static @Nullable Step controlStep(long producerId, Record record) {
        return switch (ControlRecords.read(record)) {
            case ControlRecord.EndTransaction end ->
                new Step.TransactionEnd(producerId, record.offset(), end.isCommit());
            default -> null;
        };
    }

    /** Replays all; gives how many records that were. */
    int replayOn(ShardMachine machine) {
        for (Step step : steps) {
            switch (step) {
                case Step.Plain(long offset, CoordinatorRecord record) -> machine.replay(offset, record);
                case Step.InTransaction(long producerId, long offset, CoordinatorRecord record) ->
                    machine.replayInTransaction(producerId, offset, record);
                case Step.TransactionEnd(long producerId, long offset, boolean isCommitted) ->
                    machine.replayTransactionEnd(producerId, offset, isCommitted);
            }
        }
        return steps.size();
    }
}
