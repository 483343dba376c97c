package io.millrace.server.following;

import io.millrace.records.TopicPartition;
import io.millrace.replication.run.FollowerPartition;
import io.millrace.replication.run.Forces;
import io.millrace.server.fixture.ManualLane;
import io.millrace.server.fixture.ManualTime;
import io.millrace.server.fixture.MemoryDisk;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogConfig;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ProducerStateConfig;
import io.millrace.storage.ReadOutcome;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;

/** One replica's log on a disk, and the follower that writes it if there is one. */
final class FollowedReplica implements FollowerPartition.Owner {
    final TopicPartition name;
    final PartitionLog log;
    private final ManualTime time;

    FollowedReplica(MemoryDisk disk, String where, TopicPartition name, ManualTime time) {
        this.name = name;
        this.time = time;
        Path directory = Path.of("/" + where + "/" + name);
        disk.createDirectories(directory);
        log = PartitionLog.open(
                disk,
                directory,
                name,
                null,
                LogConfig.from(Map.of()),
                ProducerStateConfig.DEFAULT,
                0,
                0,
                false,
                time.wallMs());
    }

    FollowerPartition follow(int leaderEpoch, long backoffMs, ManualLane lane) {
        return new FollowerPartition(
                name, log, leaderEpoch, log.highWatermark(), backoffMs, lane, time, new Forces(lane), this);
    }

    void append(int leaderEpoch, ByteBuffer batch) {
        log.append(batch, AppendOrigin.COORDINATOR, leaderEpoch, time.wallMs(), time.monotonicMs());
    }

    /** Bytes from an offset on. */
    ByteBuffer read(long fromOffset, int maxBytes) {
        if (!(log.read(fromOffset, maxBytes, true, log.logEndOffset()) instanceof ReadOutcome.Slice slice))
            throw new AssertionError(fromOffset + " is not in " + log.logStartOffset() + ".." + log.logEndOffset());
        try {
            return slice.records().toBuffer();
        } finally {
            slice.records().release();
        }
    }

    @Override
    public void diskFailed(LogDirectoryFailed failure) {
        throw new AssertionError(failure);
    }

    @Override
    public void damaged(FollowerPartition partition, CorruptLog damage) {
        throw new AssertionError(damage);
    }

    @Override
    public void recoveryPointLowered(FollowerPartition partition, Runnable then) {
        then.run();
    }
}
