package io.millrace.coordinators.shard.run;

import io.millrace.coordinators.shard.CoordinatorRecord;
import io.millrace.protocol.CoordinatorRecordFrame;
import io.millrace.protocol.CoordinatorValue;
import io.millrace.records.BatchBuilder;
import io.millrace.records.BatchHeader;
import io.millrace.records.TimestampType;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Packs a decision's records, in order, into batches of bounded size; most decisions fit into one. */
final class BatchPacker {
    /** A batch and the records in it. */
    record Packed(ByteBuffer batch, List<CoordinatorRecord> records) {}

    private final List<CoordinatorRecord> records;
    private final ShardLimits limits;
    private final long timestampMs;
    private int next;

    BatchPacker(List<CoordinatorRecord> records, ShardLimits limits, long timestampMs) {
        this.records = records;
        this.limits = limits;
        this.timestampMs = timestampMs;
    }

    boolean hasNext() {
        return next < records.size();
    }

    Packed next() {
        BatchBuilder batch = new BatchBuilder(
                limits.compression(),
                limits.compression().defaultLevel(),
                TimestampType.CREATE_TIME,
                0,
                BatchHeader.NO_PRODUCER_ID,
                BatchHeader.NO_PRODUCER_EPOCH,
                BatchHeader.NO_SEQUENCE,
                BatchHeader.NO_LEADER_EPOCH,
                false,
                false);
        int from = next;
        while (next < records.size()) {
            CoordinatorRecord record = records.get(next);
            ByteBuffer key = CoordinatorRecordFrame.writeKey(record.key());
            ByteBuffer value = valueOf(record);
            boolean isFull = batch.sizeBytesWith(timestampMs, key, value, List.of()) > limits.maxBatchBytes();
            if (isFull && next > from) break;
            batch.append(timestampMs, key, value, List.of());
            next++;
        }
        return new Packed(batch.build(), records.subList(from, next));
    }

    private static @Nullable ByteBuffer valueOf(CoordinatorRecord record) {
        CoordinatorValue value = record.value();
        return value == null ? null : CoordinatorRecordFrame.writeValue(value, record.valueVersion());
    }
}
