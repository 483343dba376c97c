package io.millrace.server.groups;

import io.millrace.coordinators.shard.run.ShardLog;
import io.millrace.protocol.ErrorCode;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.AppendOutcome;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogDirectoryFailed;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** The partition that a shard leads, as the log the shard writes to. */
final class PartitionShardLog implements ShardLog {
    private final LeaderPartition partition;
    private static final System.Logger LOG = System.getLogger(PartitionShardLog.class.getName());

    private final Consumer<LogDirectoryFailed> diskFailed;

    PartitionShardLog(LeaderPartition partition, Consumer<LogDirectoryFailed> diskFailed) {
        this.partition = partition;
        this.diskFailed = diskFailed;
    }

    @Override
    public Appended append(ByteBuffer batch) {
        try {
            return switch (partition.append(batch, AppendOrigin.COORDINATOR)) {
                case AppendOutcome.Appended appended -> new Appended.At(appended.lastOffset());
                case AppendOutcome.Duplicate duplicate -> new Appended.At(duplicate.lastOffset());
                // The one thing it is refused with KAFKA_STORAGE_ERROR for is want of space: the group's coordinator
                // stays this one, as it does while too few replicas are in sync.
                case AppendOutcome.Refused refused ->
                    new Appended.Refused(
                            refused.error() == ErrorCode.KAFKA_STORAGE_ERROR
                                            || refused.error() == ErrorCode.NOT_ENOUGH_REPLICAS
                                    ? ErrorCode.COORDINATOR_NOT_AVAILABLE
                                    : refused.error());
            };
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
            return new Appended.Refused(ErrorCode.KAFKA_STORAGE_ERROR);
        } catch (CorruptLog damage) {
            LOG.log(System.Logger.Level.ERROR, partition.name() + " takes no records: " + damage.getMessage());
            return new Appended.Refused(ErrorCode.KAFKA_STORAGE_ERROR);
        }
    }

    @Override
    public long highWatermark() {
        return partition.highWatermark();
    }
}
