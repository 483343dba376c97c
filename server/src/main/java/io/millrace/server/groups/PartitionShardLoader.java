package io.millrace.server.groups;

import io.millrace.coordinators.shard.run.ShardLoader;
import io.millrace.environment.Lane;
import io.millrace.records.BatchHeader;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.FileRecords;
import io.millrace.storage.FormatConversion;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ReadOutcome;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Reads a shard's partition from its start: the lane finds the range, a helper reads the bytes. */
final class PartitionShardLoader implements ShardLoader {
    private final LeaderPartition partition;
    private final Lane lane;
    private final Consumer<LogDirectoryFailed> diskFailed;

    PartitionShardLoader(LeaderPartition partition, Lane lane, Consumer<LogDirectoryFailed> diskFailed) {
        this.partition = partition;
        this.lane = lane;
        this.diskFailed = diskFailed;
    }

    @Override
    public long startOffset() {
        return partition.log().logStartOffset();
    }

    /**
     * Reads up to the log end, whatever of it is committed: the shard's answers wait for what they show. So offsets can be
     * fetched that are committed even while nothing new can be, as too few replicas are in sync.
     */
    @Override
    public void read(long fromOffset, int maxBytes, Consumer<Slice> then) {
        PartitionLog log = partition.log();
        long end = log.logEndOffset();
        if (fromOffset >= end) {
            then.accept(new Slice.End());
            return;
        }
        FileRecords records;
        try {
            ReadOutcome outcome = log.read(fromOffset, maxBytes, true, end);
            if (!(outcome instanceof ReadOutcome.Slice slice)) {
                then.accept(new Slice.Failed("offset " + fromOffset + " is not in " + partition.name()
                        + ", which holds [" + log.logStartOffset() + ", " + log.logEndOffset() + ")"));
                return;
            }
            records = slice.records();
        } catch (LogDirectoryFailed | CorruptLog failed) {
            then.accept(failed(failed));
            return;
        }
        lane.offload(
                () -> {
                    try {
                        return inFormat2(records);
                    } finally {
                        records.release();
                    }
                },
                outcome -> then.accept(
                        switch (outcome) {
                            case Lane.Outcome.Done<ByteBuffer>(ByteBuffer bytes) -> wholeBatches(bytes, fromOffset);
                            case Lane.Outcome.Failed<ByteBuffer>(Exception cause) -> failed(cause);
                        }));
    }

    private Slice failed(Exception cause) {
        if (cause instanceof LogDirectoryFailed failed) diskFailed.accept(failed);
        return new Slice.Failed(String.valueOf(cause.getMessage()));
    }

    /** A log of offsets may be as old as its cluster, and begin with batches of a format before 2. */
    private static ByteBuffer inFormat2(FileRecords records) {
        if (records.needsLook()
                && FormatConversion.of(records, records.sizeBytes(), true)
                        instanceof FormatConversion.Converted converted) return converted.batches();
        return records.toBuffer();
    }

    /** A read may end in the midst of a batch; that one is read again with the next slice. */
    private static Slice wholeBatches(ByteBuffer bytes, long fromOffset) {
        int at = 0;
        long nextOffset = fromOffset;
        while (bytes.limit() - at >= BatchHeader.LOG_OVERHEAD) {
            int sizeBytes = BatchHeader.sizeBytes(bytes, at);
            if (sizeBytes < BatchHeader.HEADER_BYTES || sizeBytes > bytes.limit() - at) break;
            nextOffset = BatchHeader.nextOffset(bytes, at);
            at += sizeBytes;
        }
        if (at == 0) return new Slice.Failed("no whole batch at offset " + fromOffset);
        return new Slice.Batches(bytes.position(0).limit(at), nextOffset);
    }
}
