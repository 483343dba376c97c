package io.millrace.replication.run;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.records.TopicPartition;
import io.millrace.replication.FollowerAnswer;
import io.millrace.replication.FollowerRequest;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.AppendOutcome;
import io.millrace.storage.AppendSpace;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogConfig;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ProducerStateConfig;
import io.millrace.storage.ReadOutcome;
import io.millrace.testkit.SeededRandom;
import io.millrace.testkit.disk.SimulatedDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One broker with one replica on a disk of its own, which leads, follows, or is down. Its checkpoints are as durable as files that were forced. */
final class StoryBroker implements FollowerPartition.Owner {
    static final TopicPartition NAME = new TopicPartition("t", 0);
    private static final Path DIRECTORY = Path.of("/data/t-0");
    private static final long BACKOFF_MS = 1_000;

    final StoryLane lane = new StoryLane();
    final SimulatedDisk disk;
    private final LogConfig config;
    private PartitionLog log;
    private @Nullable FollowerPartition following;
    private long highWatermark;
    private long recoveryPoint;
    private long logStart;
    private long savedHighWatermark;
    private @Nullable Runnable heldUntilWritten;

    StoryBroker(SeededRandom random, Map<String, String> properties) {
        disk = new SimulatedDisk(random, lane::wallMs, digest -> {});
        config = LogConfig.from(properties);
        try {
            disk.createDirectories(DIRECTORY);
            for (Path parent = DIRECTORY.getParent(); parent != null; parent = parent.getParent())
                disk.forceDirectory(parent);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        log = open();
    }

    private PartitionLog open() {
        return PartitionLog.open(
                disk,
                DIRECTORY,
                NAME,
                null,
                config,
                ProducerStateConfig.DEFAULT,
                recoveryPoint,
                logStart,
                false,
                lane.wallMs());
    }

    PartitionLog log() {
        return log;
    }

    FollowerPartition follower() {
        FollowerPartition found = following;
        if (found == null) throw new IllegalStateException("it does not follow");
        return found;
    }

    long highWatermark() {
        return following == null ? highWatermark : following.highWatermark();
    }

    /** Everybody in sync has come so far. */
    void committed(long offset) {
        highWatermark = Math.max(highWatermark, offset);
        log.advanceHighWatermark(offset);
    }

    void lead(int epoch) {
        stopFollowing();
        highWatermark = log.highWatermark();
        log.assignEpochStart(epoch, log.logEndOffset());
    }

    void follow(int epoch) {
        if (following != null) {
            following.followIn(epoch);
            return;
        }
        following = new FollowerPartition(
                NAME,
                log,
                epoch,
                Math.max(highWatermark, savedHighWatermark),
                BACKOFF_MS,
                lane,
                lane,
                new Forces(lane),
                this);
    }

    private void stopFollowing() {
        if (following == null) return;
        following.resign();
        lane.run();
        following.whenIdle(() -> following = null);
    }

    /** The checkpoint files are written. */
    void writeCheckpoints() {
        recoveryPoint = log.recoveryPoint();
        logStart = log.logStartOffset();
        savedHighWatermark = highWatermark();
        Runnable held = heldUntilWritten;
        heldUntilWritten = null;
        if (held != null) held.run();
    }

    void force() {
        if (following != null) following.checkpoint(() -> {});
        lane.run();
    }

    void losePower() {
        lane.lose();
        disk.stop();
        disk.losePower();
        disk.start();
        following = null;
        heldUntilWritten = null;
        highWatermark = 0;
        log = open();
    }

    AppendOutcome append(ByteBuffer batch, int epoch) {
        return log.append(batch, AppendOrigin.COORDINATOR, epoch, lane.wallMs(), lane.monotonicMs());
    }

    /** What there is in the log as bytes, from an offset on. */
    ByteBuffer read(long fromOffset, int maxBytes) {
        if (!(log.read(fromOffset, maxBytes, true, log.logEndOffset()) instanceof ReadOutcome.Slice slice))
            throw new IllegalStateException(
                    fromOffset + " is not in " + log.logStartOffset() + ".." + log.logEndOffset());
        try {
            return slice.records().toBuffer();
        } finally {
            slice.records().release();
        }
    }

    /** Answers a follower as a leader does, with the log there is; what is left out of it is for the caller to do. */
    void answer(FollowerRequest request, int ownEpoch, int maxBytes, FollowerPartition to) {
        switch (request) {
            case FollowerRequest.Fetch fetch -> answerFetch(fetch, ownEpoch, maxBytes, to);
            case FollowerRequest.LogRange ignored ->
                to.answered(request, new FollowerAnswer.Range(log.logStartOffset(), log.logEndOffset()));
            case FollowerRequest.EndOfEpoch ignored -> throw new AssertionError("nobody asks so any more");
        }
    }

    private void answerFetch(FollowerRequest.Fetch fetch, int ownEpoch, int maxBytes, FollowerPartition to) {
        if (fetch.leaderEpoch() != ownEpoch) {
            to.answered(fetch, new FollowerAnswer.Refused(ErrorCode.FENCED_LEADER_EPOCH));
            return;
        }
        if (fetch.lastFetchedEpoch() >= 0) {
            Optional<OffsetAndEpoch> end = log.endOffsetForEpoch(fetch.lastFetchedEpoch());
            if (end.isEmpty()) {
                to.answered(fetch, new FollowerAnswer.Refused(ErrorCode.OFFSET_OUT_OF_RANGE));
                return;
            }
            if (end.get().leaderEpoch() < fetch.lastFetchedEpoch() || end.get().offset() < fetch.fetchOffset()) {
                to.answered(fetch, new FollowerAnswer.Diverges(end.get()));
                return;
            }
        }
        if (fetch.fetchOffset() < log.logStartOffset() || fetch.fetchOffset() > log.logEndOffset()) {
            to.answered(fetch, new FollowerAnswer.Refused(ErrorCode.OFFSET_OUT_OF_RANGE));
            return;
        }
        to.fetched(fetch, highWatermark, log.logStartOffset(), read(fetch.fetchOffset(), maxBytes));
    }

    void refuseAppends(boolean isFull) {
        log.askBeforeAppends(
                !isFull
                        ? AppendSpace.UNWATCHED
                        : new AppendSpace() {
                            @Override
                            public String refusal(AppendOrigin origin, int batchesBytes) {
                                return "the log directory is full";
                            }

                            @Override
                            public void appended(int batchesBytes) {
                                throw new AssertionError("nothing was to be appended");
                            }

                            @Override
                            public String ranOut(io.millrace.environment.DiskFull why) {
                                return "the log directory is full";
                            }
                        });
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
        heldUntilWritten = then;
    }
}
