package io.millrace.server.storage;

import io.millrace.environment.Lane;
import io.millrace.environment.Randomness;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.LocalReplica;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.storage.Compaction;
import io.millrace.storage.CompactionLimits;
import io.millrace.storage.CompactionRange;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogConfig;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.PendingDeletion;
import io.millrace.storage.compaction.Throttle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The compactions of one lane's logs: says which are worth it, and runs those it is told to, a slice at a time on helpers; the
 * lane itself only puts finished segments in place. A log that cannot be compacted is set aside until it is opened anew or
 * gets other properties (it may be one of them that stands in the way), and the others go on. Touched only on the lane.
 */
public final class LaneCompactions {
    private static final System.Logger LOG = System.getLogger(LaneCompactions.class.getName());

    /** Small enough that a stop or a deleted topic does not wait for long; large enough that messages cost nothing. */
    private static final int SLICE_BYTES = 2 << 20;

    private final BrokerLane lane;
    private final LogDirectories directories;
    private final Randomness randomness;
    private final IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> checkpoints;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private final Map<TopicPartition, Known> known = new HashMap<>();
    private final Set<TopicPartition> running = new HashSet<>();
    private final List<Run> runs = new ArrayList<>();
    private boolean isStopped;
    private long done;
    private long failed;
    private long bytesRead;
    private long bytesWritten;
    private long recordsRead;
    private long recordsKept;

    /** What is remembered of a log, beyond its being open. */
    private static final class Known {
        final PartitionLog log;
        final @Nullable Uuid topicId;

        @Nullable
        String setAside;

        /** Under which it could not be compacted. */
        @Nullable
        LogConfig setAsideUnder;

        Known(PartitionLog log) {
            this.log = log;
            this.topicId = log.topicId().orElse(null);
        }
    }

    /**
     * How a compaction is to be run.
     *
     * @param threads how many compactions share {@code log.cleaner.io.max.bytes.per.second}
     */
    public record Pace(CompactionLimits limits, int threads) {}

    /**
     * Makes the compactions of a lane.
     *
     * @param checkpoints what {@code cleaner-offset-checkpoint} of each directory said at start
     */
    public LaneCompactions(
            BrokerLane lane,
            LogDirectories directories,
            Randomness randomness,
            IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> checkpoints,
            Consumer<LogDirectoryFailed> diskFailed) {
        this.lane = lane;
        this.directories = directories;
        this.randomness = randomness;
        this.checkpoints = checkpoints;
        this.diskFailed = diskFailed;
    }

    /** How the logs stand that are compacted, or were once. */
    public List<LogState> states() {
        List<LogState> states = new ArrayList<>();
        Map<TopicPartition, LogDirectories.InUse> places = lane.applier().places();
        known.keySet().removeIf(name -> !places.containsKey(name));
        for (LocalReplica partition : lane.partitions().replicas()) {
            LogDirectories.InUse place = places.get(partition.name());
            if (place == null) continue;
            PartitionLog log = partition.log();
            Known about = about(partition.name(), log, place);
            if (!log.config().isCompacting() && log.compaction().firstDirtyOffset() == 0) continue;
            try {
                states.add(state(partition.name(), place, about));
            } catch (LogDirectoryFailed broken) {
                diskFailed.accept(broken);
            } catch (CorruptLog damaged) {
                setAside(about, log.config(), damaged);
            }
        }
        return states;
    }

    private LogState state(TopicPartition name, LogDirectories.InUse place, Known about) {
        PartitionLog log = about.log;
        if (about.setAside != null && !log.config().equals(about.setAsideUnder)) about.setAside = null;
        CompactionRange range = log.compaction().range(lane.clock().wallMs());
        boolean isRunning = running.contains(name);
        boolean isDue = log.config().isCompacting()
                && !isRunning
                && !log.compaction().isPaused()
                && about.setAside == null
                && range.isDue(log.config().minCleanableDirtyRatio());
        Optional<String> wantOfSpace = isDue ? wantOfSpace(place, log, range) : Optional.empty();
        return new LogState(
                name,
                place,
                Optional.ofNullable(about.topicId),
                log.compaction().firstDirtyOffset(),
                range,
                isDue && wantOfSpace.isEmpty(),
                isRunning,
                Optional.ofNullable(about.setAside),
                wantOfSpace,
                log.sizeBytes());
    }

    /**
     * A compaction copies a segment's worth at a time before it frees anything. It may use half of the reserve for that, as
     * there is less in use when it is done.
     */
    private Optional<String> wantOfSpace(LogDirectories.InUse place, PartitionLog log, CompactionRange range) {
        DirectorySpace.Look look = directories.spaceOf(place).now();
        long copyBytes =
                Math.min(range.cleanBytes() + range.dirtyBytes(), log.config().segmentBytes());
        if (look.state() != SpaceReserve.State.EXHAUSTED && look.usableBytes() - copyBytes >= look.reserveBytes() / 2)
            return Optional.empty();
        return Optional.of("waits for space: a copy may take " + copyBytes + " bytes; " + look.text());
    }

    private Known about(TopicPartition name, PartitionLog log, LogDirectories.InUse place) {
        Known before = known.get(name);
        if (before != null && before.log == log) return before;
        Known now = new Known(log);
        known.put(name, now);
        if (before != null && before.topicId != null && before.topicId.equals(now.topicId))
            log.compaction().resumeAt(before.log.compaction().firstDirtyOffset());
        else if (directories.atStart().found(name).isPresent() && place.speaksOf(name, now.topicId))
            log.compaction().resumeAt(checkpoints.getOrDefault(place, Map.of()).getOrDefault(name, 0L));
        return now;
    }

    /**
     * Compacts a log once.
     *
     * @param ended told on the lane how it ended: whether there was any progress
     */
    public void compact(TopicPartition name, Pace pace, Consumer<Boolean> ended) {
        LocalReplica partition = lane.partitions().replica(name);
        Known about = known.get(name);
        if (isStopped || partition == null || about == null || about.log != partition.log() || running.contains(name)) {
            ended.accept(false);
            return;
        }
        PartitionLog log = partition.log();
        CompactionRange range = log.compaction().range(lane.clock().wallMs());
        LogDirectories.InUse place = lane.applier().places().get(name);
        if (range.dirtyBytes() == 0
                || !log.config().isCompacting()
                || log.compaction().isPaused()
                || place == null
                || wantOfSpace(place, log, range).isPresent()) {
            ended.accept(false);
            return;
        }
        Compaction compaction = log.compaction()
                .begin(range, pace.limits(), lane.clock().wallMs(), randomness.nextLong(), randomness.nextLong());
        Run run = new Run(name, about, compaction, pace, ended);
        running.add(name);
        runs.add(run);
        run.slice();
    }

    /** No compaction goes on beyond the slice it is in. */
    public void stop() {
        isStopped = true;
        for (Run run : List.copyOf(runs)) run.hurry();
    }

    /** A compaction under way. */
    private final class Run {
        private final TopicPartition name;
        private final Known about;
        private final Compaction compaction;
        private final Pace pace;
        private final Consumer<Boolean> ended;
        private final Throttle throttle = new Throttle();
        private Lane.@Nullable Timer pause;
        private long bytesBefore;

        Run(TopicPartition name, Known about, Compaction compaction, Pace pace, Consumer<Boolean> ended) {
            this.name = name;
            this.about = about;
            this.compaction = compaction;
            this.pace = pace;
            this.ended = ended;
        }

        void slice() {
            pause = null;
            long beganAtMs = lane.clock().monotonicMs();
            int bytes = (int) Math.clamp(bytesPerSecond(), 1, SLICE_BYTES);
            lane.lane().offload(() -> compaction.step(bytes), outcome -> {
                switch (outcome) {
                    case Lane.Outcome.Done<Compaction.Step>(Compaction.Step next) -> go(next, beganAtMs);
                    case Lane.Outcome.Failed<Compaction.Step>(Exception cause) -> broke(cause);
                }
            });
        }

        private void go(Compaction.Step next, long beganAtMs) {
            switch (next) {
                case MORE -> {
                    if (!about.log.config().isCompacting())
                        about.log.compaction().cancel();
                    later(beganAtMs);
                }
                case SWAP -> {
                    try {
                        about.log
                                .compaction()
                                .swap(compaction)
                                .orElse(List.of())
                                .forEach(this::deleteLater);
                    } catch (LogDirectoryFailed broken) {
                        broke(broken);
                        return;
                    }
                    later(beganAtMs);
                }
                case DONE, GONE -> end(next == Compaction.Step.DONE);
            }
        }

        private void later(long beganAtMs) {
            long bytes = compaction.bytesRead() + compaction.bytesWritten();
            long tookMs = lane.clock().monotonicMs() - beganAtMs;
            long pauseMs = throttle.pauseMs(bytes - bytesBefore, bytesPerSecond(), tookMs);
            bytesBefore = bytes;
            if (pauseMs == 0 || isStopped) slice();
            else pause = lane.lane().schedule(pauseMs, this::slice);
        }

        /** Looked up for every slice: whoever changes it need not wait for the end of a long compaction. */
        private double bytesPerSecond() {
            return lane.configs().brokerDouble("log.cleaner.io.max.bytes.per.second") / pace.threads();
        }

        /** Ends the pause it may be in, and the compaction with the next slice. */
        void hurry() {
            about.log.compaction().cancel();
            Lane.Timer timer = pause;
            if (timer == null) return;
            timer.cancel();
            slice();
        }

        private void deleteLater(PendingDeletion deletion) {
            LaneUpkeep.deleteLater(lane, deletion, lane.applier().fileDeleteDelayMs(about.log));
        }

        private void broke(Exception cause) {
            if (cause instanceof LogDirectoryFailed broken) diskFailed.accept(broken);
            else setAside(about, compaction.config(), cause);
            end(false);
        }

        private void end(boolean isDone) {
            about.log.compaction().finished(compaction, isDone);
            running.remove(name);
            runs.remove(this);
            bytesRead += compaction.bytesRead();
            bytesWritten += compaction.bytesWritten();
            recordsRead += compaction.recordsRead();
            recordsKept += compaction.recordsKept();
            if (isDone) {
                done++;
                LOG.log(
                        System.Logger.Level.INFO,
                        "compacted " + name + " from offset "
                                + compaction.range().firstDirtyOffset() + " to "
                                + compaction.endOffset() + ": read " + compaction.bytesRead() + " bytes, wrote "
                                + compaction.bytesWritten() + ", kept " + compaction.recordsKept() + " of "
                                + compaction.recordsRead() + " records");
            }
            // The map had no room for all keys: the next pass takes what is left, worth it or not.
            if (isDone && compaction.endOffset() < compaction.range().untilOffset()) compact(name, pace, ended);
            else ended.accept(isDone);
        }
    }

    private void setAside(Known about, LogConfig under, Exception cause) {
        if (about.setAside != null) return;
        failed++;
        about.setAside = String.valueOf(cause.getMessage());
        about.setAsideUnder = under;
        LOG.log(
                System.Logger.Level.ERROR,
                about.log.partition()
                        + " is not compacted any more until the next start or until its properties change; the other"
                        + " logs are: "
                        + cause.getMessage(),
                cause);
    }

    /** What was done, and how the logs stand. */
    public CompactionNumbers numbers() {
        long setAside = 0;
        long setAsideBytes = 0;
        for (Known one : known.values()) {
            if (one.setAside == null) continue;
            setAside++;
            setAsideBytes += one.log.sizeBytes();
        }
        double largest = 0;
        for (LogState state : states())
            largest = Math.max(largest, state.range().dirtyRatio());
        return new CompactionNumbers(
                done,
                failed,
                bytesRead,
                bytesWritten,
                recordsRead,
                recordsKept,
                running.size(),
                setAside,
                setAsideBytes,
                largest);
    }
}
