package io.millrace.replication.run;

import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.storage.Flush;
import io.millrace.storage.LogConfig;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The log of one replica on this broker, forced as its properties ask: off the lane, many appends to one force, one force at a time. Touched only
 * on the partition's lane.
 */
final class ForcedLog {
    private PartitionLog log;
    private final Lane lane;
    private final Clock clock;
    private final Forces forces;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private final LongConsumer forcedTo;
    private boolean isForcing;
    private @Nullable Runnable afterForce;
    private boolean isClosed;
    private boolean isForceWanted;
    private Lane.@Nullable Timer flushTimer;
    private long unforcedAppends;
    private boolean hasFailed;
    private boolean holdsForces;
    private @Nullable Runnable onceHeld;

    /**
     * Takes a log that is open.
     *
     * @param forces     the lane's
     * @param diskFailed is told when the log's directory can no longer be trusted; the owner fences it
     * @param forcedTo   is told after each force that everything below an offset survives a power cut
     */
    ForcedLog(
            PartitionLog log,
            Lane lane,
            Clock clock,
            Forces forces,
            Consumer<LogDirectoryFailed> diskFailed,
            LongConsumer forcedTo) {
        this.log = log;
        this.lane = lane;
        this.clock = clock;
        this.forces = forces;
        this.diskFailed = diskFailed;
        this.forcedTo = forcedTo;
    }

    PartitionLog log() {
        return log;
    }

    /** Takes over changed properties; what they ask to be forced is. */
    void updateConfig(LogConfig config) {
        log.updateConfig(config);
        cancelTimer();
        forceIfDue();
    }

    private void cancelTimer() {
        Lane.Timer timer = flushTimer;
        if (timer != null) timer.cancel();
        flushTimer = null;
    }

    /** One append that failed is the last: what it left in the file is for the next start to look at. */
    void requireSound() {
        if (hasFailed)
            throw new LogDirectoryFailed(
                    log.directory(), "append to", new IOException("an earlier write or force failed"));
    }

    /** A write of it has failed: nothing is forced any more. */
    void failed() {
        hasFailed = true;
    }

    /** Something was appended: it is forced if that is due. */
    void appended() {
        unforcedAppends++;
        forceIfDue();
    }

    private void forceIfDue() {
        if (isClosed || hasFailed || holdsForces) return;
        long waitMs = log.msUntilFlushDue(clock.monotonicMs());
        if (waitMs == 0) force();
        if (waitMs <= 0 || flushTimer != null) return;
        flushTimer = lane.schedule(waitMs, () -> {
            flushTimer = null;
            forceIfDue();
        });
    }

    /** Forces what is not forced yet when its turn among the lane's logs has come. */
    private void force() {
        if (isForceWanted || isForcing) return;
        isForceWanted = true;
        Path disk = log.directory().getParent() == null
                ? log.directory()
                : log.directory().getParent();
        forces.request(disk, () -> {
            isForceWanted = false;
            return canForce()
                    && log.logEndOffset() > log.recoveryPoint()
                    && begin(log::prepareFlush, () -> forces.ended(disk));
        });
    }

    private boolean canForce() {
        return !isForcing && !isClosed && !hasFailed && !holdsForces;
    }

    /**
     * Sees to it that after a crash the log is scanned from its present end only. No effect if nothing was appended since the last time, or while
     * another force is under way.
     *
     * @param then run on the lane once that is done, at once if there is nothing to do
     */
    void checkpoint(Runnable then) {
        if (!canForce() || log.unscannedBytes() == 0 || !begin(log::prepareCheckpoint, then)) then.run();
    }

    /** Begins a force; false if the disk failed before it could, and then {@code then} is not run. */
    private boolean begin(Supplier<Flush> prepare, Runnable then) {
        Flush flush;
        try {
            flush = prepare.get();
        } catch (LogDirectoryFailed failed) {
            hasFailed = true;
            diskFailed.accept(failed);
            return false;
        }
        long appends = unforcedAppends;
        unforcedAppends = 0;
        isForcing = true;
        lane.offload(
                () -> {
                    long beganNanos = clock.monotonicNanos();
                    flush.run();
                    return clock.monotonicNanos() - beganNanos;
                },
                outcome -> {
                    isForcing = false;
                    switch (outcome) {
                        case Lane.Outcome.Done<Long>(Long nanos) -> forces.count(nanos, appends);
                        case Lane.Outcome.Failed<Long>(Exception cause) -> forceFailed(cause);
                    }
                    if (afterForce != null) afterForce.run();
                    if (!isClosed && !hasFailed) forced(flush);
                    Runnable held = onceHeld;
                    onceHeld = null;
                    if (held != null) held.run();
                    then.run();
                });
        return true;
    }

    private void forced(Flush flush) {
        log.flushed(flush);
        forcedTo.accept(flush.endOffset());
        forceIfDue();
    }

    /** A second force would succeed without the pages that the first one lost: whoever owns or closes the log has to know. */
    private void forceFailed(Exception cause) {
        hasFailed = true;
        diskFailed.accept(
                cause instanceof LogDirectoryFailed failed
                        ? failed
                        : new LogDirectoryFailed(log.directory(), "force", asIo(cause)));
    }

    private static IOException asIo(Exception cause) {
        return cause instanceof IOException io ? io : new IOException(cause);
    }

    /**
     * Nothing is forced until {@link #releaseForces} or {@link #goOnIn}.
     *
     * @param then run once no force is under way, at once if none is
     */
    void holdForces(Runnable then) {
        holdsForces = true;
        if (isForcing) onceHeld = then;
        else then.run();
    }

    /** Ends {@link #holdForces}. */
    void releaseForces() {
        if (!holdsForces) return;
        holdsForces = false;
        onceHeld = null;
        forceIfDue();
    }

    /**
     * Goes on in a copy of the log that holds all records of it, and in which all is forced that was forced in it. Forces are held when it is
     * called, and are until {@link #releaseForces}.
     */
    void goOnIn(PartitionLog copy) {
        if (!holdsForces || isForcing)
            throw new IllegalStateException("forces of " + log.partition() + " are not held");
        if (copy.logEndOffset() != log.logEndOffset())
            throw new IllegalStateException("the copy of " + log.partition() + " ends at " + copy.logEndOffset()
                    + ", the log at " + log.logEndOffset());
        log = copy;
        forcedTo.accept(copy.recoveryPoint());
    }

    /** After {@link #close}: runs {@code then} once no force is under way, so that whoever has the log next is alone with it. */
    void whenIdle(Runnable then) {
        if (isForcing) afterForce = then;
        else then.run();
    }

    /** Nothing is begun any more; the log stays open. */
    void close() {
        isClosed = true;
        cancelTimer();
    }
}
