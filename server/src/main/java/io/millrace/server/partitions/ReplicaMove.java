package io.millrace.server.partitions;

import io.millrace.environment.Lane;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.replication.CopyRounds;
import io.millrace.replication.FutureReplica;
import io.millrace.replication.run.LocalReplica;
import io.millrace.server.storage.LogDirectories;
import io.millrace.server.storage.LogsAtStart;
import io.millrace.storage.CopyWork;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.Flush;
import io.millrace.storage.LogCopy;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ProducerStateConfig;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One replica on its way to another log directory: copied slice by slice in its turn, opened, brought level, forced, changed over; waiting for
 * space and for a role where need be. Of one {@link LaneMoves}, on its lane.
 */
final class ReplicaMove {
    private static final System.Logger LOG = System.getLogger(ReplicaMove.class.getName());
    private static final int SLICE_BYTES = 1 << 20;
    private static final int SMALLEST_SLICE_BYTES = 16 << 10;
    /** Bytes that a turn of the lane copies, where the lane has to do it: a fraction of a millisecond. */
    private static final int LANE_SLICE_BYTES = 256 << 10;

    /** How often a copy that waits for space looks whether there is some. */
    static final long SPACE_PAUSE_MS = 1_000;

    private static final String RATE = "replica.alter.log.dirs.io.max.bytes.per.second";

    /** What becomes of a copy that does not take the replica's place. */
    enum Ending {
        /** It is deleted. */
        DISCARD,
        /** It is kept, for a later start. */
        SUSPEND,
        /** It is let go of without another write. */
        ABANDON
    }

    /** What all moves of a lane work with. */
    record Means(
            BrokerLane lane,
            LaneApplier applier,
            LogDirectories directories,
            ProducerStateConfig producerConfig,
            MoveTurns turns,
            Consumer<LogDirectoryFailed> diskFailed) {}

    private final LaneMoves moves;
    private final BrokerLane lane;
    private final LaneApplier applier;
    private final LogDirectories directories;
    private final ProducerStateConfig producerConfig;
    private final MoveTurns turns;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private final TopicPartition name;
    private final PartitionLog source;
    private final LogDirectories.InUse from;
    private final LogDirectories.InUse to;
    private final long beganAtMs;
    private final CopyRounds rounds = new CopyRounds();
    /** What the replica is now; null between two roles, when the log must not change. */
    private @Nullable LocalReplica role;

    private @Nullable LogCopy copy;
    private @Nullable Ending ending;
    private Runnable whenEnded = () -> {};
    private Lane.@Nullable Timer pause;
    private boolean isWorking;
    private boolean isSealed;
    private boolean isKeepingUp;

    /** What is in the copy's directory is to be looked at before it is gone on with. */
    private boolean mustResume;

    private boolean hasSaidItWaits;

    /** The next step waits for a role. */
    private boolean isParked;

    private boolean isOver;

    ReplicaMove(
            LaneMoves moves, Means means, LocalReplica partition, LogDirectories.InUse from, LogDirectories.InUse to) {
        this.moves = moves;
        this.lane = means.lane();
        this.applier = means.applier();
        this.directories = means.directories();
        this.producerConfig = means.producerConfig();
        this.turns = means.turns();
        this.diskFailed = means.diskFailed();
        this.beganAtMs = lane.clock().monotonicMs();
        this.role = partition;
        this.name = partition.name();
        this.source = partition.log();
        this.from = from;
        this.to = to;
    }

    TopicPartition name() {
        return name;
    }

    LogDirectories.InUse from() {
        return from;
    }

    LogDirectories.InUse to() {
        return to;
    }

    /** What there is of it, for whoever asks. */
    LaneMoves.Copy progress() {
        LogCopy made = copy;
        long end = source.logEndOffset();
        return new LaneMoves.Copy(
                name,
                to,
                made == null ? 0 : made.sizeBytes(),
                made == null ? end : Math.max(0, end - made.endOffset()));
    }

    void begin(@Nullable Path found) {
        source.compaction().pause();
        mustResume = found != null;
        make(found);
    }

    void park() {
        LocalReplica before = role;
        if (before != null) before.copyWith(null);
        role = null;
        // Forces that were held are those of the role that has ended.
        isSealed = false;
        isKeepingUp = false;
        rounds.interrupted();
    }

    void goOnAs(LocalReplica next) {
        if (next.log() != source)
            throw new IllegalStateException(name + " has another log than the one that is copied");
        role = next;
        if (!isParked) return;
        isParked = false;
        attempt(this::step);
    }

    /** Whether no later run will take the copy for one that it can go on with; if not, its directory has failed. */
    boolean markStale() {
        LogCopy made = copy;
        if (made == null) return true;
        try {
            made.markStale();
            return true;
        } catch (LogDirectoryFailed failure) {
            diskFailed.accept(failure);
            return false;
        }
    }

    private void release() {
        LocalReplica as = role;
        if (as != null) as.releaseForces();
    }

    private void copyWith(@Nullable IntConsumer copier) {
        LocalReplica as = role;
        if (as != null) as.copyWith(copier);
    }

    private void make(@Nullable Path found) {
        Uuid topicId = source.topicId().orElseThrow(() -> new IllegalStateException(name + " has no topic id"));
        Uuid uniqueId = moves.newId();
        onHelper(() -> found != null ? found : to.directory().createFuture(name, topicId, uniqueId), path -> {
            copy = new LogCopy(source, to.directory(), path, producerConfig);
            goOn();
        });
    }

    /** Goes on where it was, at the beginning or after a wait. */
    private void goOn() {
        LogCopy making = copy;
        if (making == null) make(null);
        else if (mustResume)
            work(making, making.resuming(), () -> {
                mustResume = false;
                step();
            });
        else step();
    }

    /** Whether there is space for the next step; if there is not, it is taken later. The replica itself waits for nothing. */
    private boolean hasSpaceFor(FutureReplica.Step next) {
        boolean hasSpace = switch (next) {
            case COPY, CATCH_UP, KEEP_UP -> hasRoomToCopy();
            case OPEN, FORCE, SWAP -> directories.spaceOf(to).isOpen();
        };
        if (!hasSpace) waitForSpace(directories.spaceOf(to).now().text());
        else if (hasSaidItWaits) saySpaceIsBack();
        return hasSpace;
    }

    private boolean hasRoomToCopy() {
        return applier.spaceIn(to).roomForCopies() >= SMALLEST_SLICE_BYTES;
    }

    private void waitForSpace(String why) {
        if (pause != null) return;
        isSealed = false;
        isKeepingUp = false;
        rounds.interrupted();
        copyWith(null);
        release();
        if (!hasSaidItWaits)
            LOG.log(
                    System.Logger.Level.WARNING,
                    "moving " + name + " to " + to.directory().path() + " waits for space there: " + why);
        hasSaidItWaits = true;
        pause = lane.lane().schedule(SPACE_PAUSE_MS, () -> {
            pause = null;
            if (ending == null && !isOver) attempt(this::goOn);
        });
    }

    private void saySpaceIsBack() {
        hasSaidItWaits = false;
        LOG.log(
                System.Logger.Level.INFO,
                "moving " + name + " to " + to.directory().path() + " goes on: there is space");
    }

    /** Has a helper do something, and goes on with what came of it, unless the move is to end. */
    private <T> void onHelper(Callable<T> task, Consumer<T> then) {
        isWorking = true;
        lane.lane().offload(task, outcome -> {
            isWorking = false;
            switch (outcome) {
                case Lane.Outcome.Done<T>(T value) -> attempt(() -> then.accept(value));
                case Lane.Outcome.Failed<T>(Exception cause) -> failed(cause);
            }
            if (ending != null) over();
        });
    }

    private void work(LogCopy onto, CopyWork work, Runnable then) {
        onHelper(
                () -> {
                    work.run();
                    return true;
                },
                done -> {
                    ran(onto, work);
                    then.run();
                });
    }

    private void ran(LogCopy onto, CopyWork work) {
        onto.ran(work);
        rounds.copied(work.sizeBytes());
    }

    /** Whatever goes wrong with a move leaves the replica where it is. */
    private void attempt(Runnable deed) {
        try {
            deed.run();
        } catch (LogDirectoryFailed | CorruptLog cause) {
            failed(cause);
            if (ending != null && !isWorking) over();
        }
    }

    private void failed(Exception cause) {
        if (ending == null && cause instanceof LogDirectoryFailed full && full.isWantOfSpace()) {
            directories
                    .holding(full.directory())
                    .ifPresent(use -> directories.spaceOf(use).ranOut());
            waitForSpace(String.valueOf(full.getMessage()));
            return;
        }
        // It is deleted anyway, and the log that it was copied from may have been cut meanwhile.
        if (ending == Ending.DISCARD && !(cause instanceof LogDirectoryFailed)) return;
        if (cause instanceof LogDirectoryFailed broken) {
            if (ending == null) ending = Ending.ABANDON;
            diskFailed.accept(broken);
            return;
        }
        if (ending == null) ending = Ending.DISCARD;
        LOG.log(
                System.Logger.Level.ERROR,
                name + " is not moved to " + to.directory().path() + ": " + cause.getMessage(),
                cause);
    }

    private void step() {
        LogCopy making = copy;
        if (ending != null || isOver || pause != null || making == null) return;
        LocalReplica as = role;
        if (as == null) {
            isParked = true;
            return;
        }
        long lagBytes = making.lagBytes();
        rounds.stand(lagBytes, lane.clock().monotonicMs());
        FutureReplica.Step next = FutureReplica.next(new FutureReplica.Standing(
                making.hasFoundation(),
                making.future().isPresent(),
                lagBytes,
                rounds.lost(),
                making.endOffset(),
                isSealed,
                making.future().map(PartitionLog::recoveryPoint).orElse(0L),
                source.recoveryPoint()));
        if (!hasSpaceFor(next)) return;
        switch (next) {
            case COPY -> inTurn(() -> Optional.of(making.nextSlice(sliceBytes())));
            case OPEN -> {
                rounds.interrupted();
                mustResume = true;
                work(making, making.opening(lane.clock().wallMs()), () -> {
                    mustResume = false;
                    step();
                });
            }
            case CATCH_UP -> {
                // Whoever waits for a force that is held back must not wait for the rate as well.
                if (isSealed) tail(making).ifPresent(work -> work(making, work, this::step));
                else inTurn(() -> tail(making));
            }
            case KEEP_UP -> keepUp(making);
            case FORCE -> {
                rounds.interrupted();
                as.holdForces(() -> attempt(() -> force(making, as)));
            }
            case SWAP -> swap(making, as);
        }
    }

    private long rate() {
        return rounds.rate(lane.configs().brokerLong(RATE));
    }

    private int sliceBytes() {
        return Math.clamp(Math.min(rate(), applier.spaceIn(to).roomForCopies()), SMALLEST_SLICE_BYTES, SLICE_BYTES);
    }

    private Optional<CopyWork> tail(LogCopy making) {
        return tail(making, sliceBytes());
    }

    private Optional<CopyWork> tail(LogCopy making, int maxBytes) {
        return making.nextTail(maxBytes, lane.clock().wallMs(), lane.clock().monotonicMs());
    }

    /** Writers outrun the helpers: the lane copies, a slice in each turn, and more after each append. */
    private void keepUp(LogCopy making) {
        if (!isKeepingUp) {
            isKeepingUp = true;
            copyWith(this::appended);
            LOG.log(
                    System.Logger.Level.INFO,
                    name + " grows faster than it is copied to "
                            + to.directory().path() + "; its appends wait for " + making.lagBytes()
                            + " bytes of the copy");
        }
        copyOnLane(making, LANE_SLICE_BYTES);
        lane.lane().execute(() -> attempt(this::step));
    }

    private void appended(int sizeBytes) {
        LogCopy making = copy;
        if (making == null || ending != null || isWorking || isOver || !hasRoomToCopy()) return;
        try {
            copyOnLane(making, (long) sizeBytes * CopyRounds.OWED_PER_BYTE);
        } catch (LogDirectoryFailed | CorruptLog cause) {
            // The append itself has been done.
            copyWith(null);
            lane.lane()
                    .execute(() -> attempt(() -> {
                        throw cause;
                    }));
        }
    }

    private void copyOnLane(LogCopy making, long bytes) {
        for (long left = bytes; left > 0; ) {
            CopyWork work = tail(making, Math.clamp(left, SMALLEST_SLICE_BYTES, SLICE_BYTES))
                    .orElse(null);
            if (work == null) return;
            applier.spaceIn(to).appended((int) work.sizeBytes());
            work.run();
            ran(making, work);
            left -= work.sizeBytes();
        }
    }

    /** Copies when its turn has come. */
    private void inTurn(Supplier<Optional<CopyWork>> nextWork) {
        turns.ask(lane.lane(), () -> {
            LogCopy making = copy;
            if (ending != null || making == null) {
                turns.done(0, rate());
                return;
            }
            Optional<CopyWork> work;
            try {
                work = nextWork.get();
            } catch (LogDirectoryFailed | CorruptLog cause) {
                turns.done(0, rate());
                failed(cause);
                over();
                return;
            }
            if (work.isPresent()) {
                copyInTurn(making, work.get());
            } else {
                turns.done(0, rate());
                attempt(this::step);
            }
        });
    }

    private void copyInTurn(LogCopy making, CopyWork work) {
        isWorking = true;
        applier.spaceIn(to).appended((int) work.sizeBytes());
        lane.lane()
                .offload(
                        () -> {
                            work.run();
                            return true;
                        },
                        outcome -> {
                            isWorking = false;
                            turns.done(work.sizeBytes(), rate());
                            switch (outcome) {
                                case Lane.Outcome.Done<Boolean> ignored -> {
                                    ran(making, work);
                                    attempt(this::step);
                                }
                                case Lane.Outcome.Failed<Boolean>(Exception cause) -> failed(cause);
                            }
                            if (ending != null && !isWorking) over();
                        });
    }

    /** The forces of {@code held} are held; if the replica is something else by now, those of that are to be. */
    private void force(LogCopy making, LocalReplica held) {
        if (ending != null) {
            over();
            return;
        }
        if (held != role) {
            step();
            return;
        }
        Flush flush = making.prepareFlush();
        onHelper(
                () -> {
                    flush.run();
                    return true;
                },
                done -> {
                    making.flushed(flush);
                    if (making.future().map(PartitionLog::recoveryPoint).orElse(0L) < flush.endOffset()) {
                        directories.spaceOf(to).ranOut();
                        waitForSpace("leader epochs or indexes of the copy cannot be written");
                        return;
                    }
                    work(making, making.sealing(), () -> {
                        isSealed = held == role;
                        step();
                    });
                });
    }

    /** One turn of the lane: nobody appends in between. */
    private void swap(LogCopy making, LocalReplica as) {
        for (Optional<CopyWork> rest = tail(making); rest.isPresent(); rest = tail(making)) {
            rest.get().run();
            ran(making, rest.get());
        }
        switch (making.swap(from.directory(), moves.newId())) {
            case LogCopy.Swap.Done(PartitionLog log, Path aside) -> {
                moved(log, as);
                lane.lane().schedule(applier.fileDeleteDelayMs(log), () -> moves.deleteSoon(from.directory(), aside));
            }
            case LogCopy.Swap.SourceFailed(PartitionLog log, LogDirectoryFailed failure) -> {
                moved(log, as);
                diskFailed.accept(failure);
                if (failure.isWantOfSpace()) moves.setAsideLater(name, from, source.directory());
            }
            case LogCopy.Swap.TargetFailed(LogDirectoryFailed failure) -> failed(failure);
        }
    }

    private static boolean isBroken(Lane.Outcome<Boolean> outcome) {
        return outcome instanceof Lane.Outcome.Failed<Boolean>(Exception cause)
                && !(cause instanceof LogDirectoryFailed failure && failure.isWantOfSpace());
    }

    private void moved(PartitionLog log, LocalReplica as) {
        isOver = true;
        moves.ended(this);
        applier.moved(name, to);
        log.askBeforeAppends(applier.spaceIn(to));
        as.goOnIn(log);
        turns.moved();
        LOG.log(
                System.Logger.Level.INFO,
                "moved " + name + " from " + from.directory().path() + " to "
                        + to.directory().path() + ": " + log.sizeBytes() + " bytes in "
                        + (lane.clock().monotonicMs() - beganAtMs) + " ms");
        whenEnded.run();
    }

    /** As {@link #end}; {@code then} is run once it has ended. */
    void end(Ending how, Runnable then) {
        whenEnded = then;
        end(how);
    }

    /** Ends the move, once what is under way has come to its end. */
    void end(Ending how) {
        if (isOver) return;
        if (ending == null || how == Ending.ABANDON) ending = how;
        moves.ended(this);
        release();
        if (!isWorking) over();
    }

    private void over() {
        Ending how = ending;
        if (isOver || how == null || isWorking) return;
        isOver = true;
        if (pause != null) pause.cancel();
        moves.ended(this);
        // Another move of the same replica may have begun meanwhile.
        if (!moves.isMoving(name)) {
            source.compaction().goOn();
            copyWith(null);
            release();
        }
        LogCopy made = copy;
        if (made == null) {
            whenEnded.run();
            return;
        }
        lane.lane()
                .offload(
                        () -> {
                            switch (how) {
                                case DISCARD -> made.discard();
                                case SUSPEND -> made.suspend();
                                case ABANDON -> made.abandon();
                            }
                            return true;
                        },
                        outcome -> {
                            if (outcome instanceof Lane.Outcome.Failed<Boolean>(Exception cause)
                                    && cause instanceof LogDirectoryFailed broken) diskFailed.accept(broken);
                            // One that was closed without space for its last small files is looked at as after a
                            // crash.
                            if (how == Ending.SUSPEND && !isBroken(outcome))
                                directories
                                        .atStart()
                                        .leaveFuture(
                                                name,
                                                new LogsAtStart.Future(
                                                        to,
                                                        made.directory(),
                                                        source.topicId().orElse(null)));
                            whenEnded.run();
                            if (how == Ending.SUSPEND) moves.suspended(name);
                        });
    }
}
