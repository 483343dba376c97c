package io.millrace.replication.run;

import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.records.TopicPartition;
import io.millrace.replication.OffsetWaiters;
import io.millrace.replication.PartitionLeader;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.AppendOutcome;
import io.millrace.storage.Flush;
import io.millrace.storage.LogConfig;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The leader of one partition on this broker: its log, how far that counts as committed, and those who wait for either to
 * move. Everything happens on the partition's lane.
 */
public final class LeaderPartition {
    private final TopicPartition name;
    private PartitionLog log;
    private final Lane lane;
    private final Clock clock;
    private final Forces forces;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private final OffsetWaiters<Runnable> acks = new OffsetWaiters<>();
    private final Set<Runnable> watchers = new LinkedHashSet<>();
    private @Nullable Consumer<LeaderPartition> follower;
    private @Nullable IntConsumer copier;
    private PartitionLeader leader;
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
     * Takes up leadership of a log that is open.
     *
     * @param forces the lane's
     * @param diskFailed is told when the log's directory can no longer be trusted; the owner fences it
     */
    public LeaderPartition(
            TopicPartition name,
            PartitionLog log,
            int leaderEpoch,
            Lane lane,
            Clock clock,
            Forces forces,
            Consumer<LogDirectoryFailed> diskFailed) {
        this.name = name;
        this.log = log;
        this.lane = lane;
        this.clock = clock;
        this.forces = forces;
        this.diskFailed = diskFailed;
        // What was found in the log at start is served at once: with one replica it was committed when it was appended.
        this.leader = leadership(leaderEpoch, log.logEndOffset());
    }

    private PartitionLeader leadership(int leaderEpoch, long highWatermark) {
        long end = log.logEndOffset();
        log.assignEpochStart(leaderEpoch, end);
        PartitionLeader next = new PartitionLeader(leaderEpoch, end, log.recoveryPoint(), highWatermark);
        log.advanceHighWatermark(highWatermark);
        return next;
    }

    /** Which partition. */
    public TopicPartition name() {
        return name;
    }

    /** Its log, for reads and look-ups on this lane. */
    public PartitionLog log() {
        return log;
    }

    /** The epoch of this leadership. */
    public int leaderEpoch() {
        return leader.leaderEpoch();
    }

    /** Goes on in a later epoch of its own. */
    public void leadIn(int leaderEpoch) {
        if (leaderEpoch > leader.leaderEpoch()) leader = leadership(leaderEpoch, leader.highWatermark());
    }

    /** Takes over changed properties of the log; what they let go of is released, what they ask to be forced is. */
    public void updateConfig(LogConfig config) {
        log.updateConfig(config);
        Lane.Timer timer = flushTimer;
        if (timer != null) timer.cancel();
        flushTimer = null;
        forceIfDue();
        advance();
    }

    /** Everything below it is committed. */
    public long highWatermark() {
        return leader.highWatermark();
    }

    /**
     * Appends, then moves the high watermark and wakes who waited for it. Offsets are written into {@code batches}.
     *
     * @param batches as they came from the client or coordinator, checked here
     */
    public AppendOutcome append(ByteBuffer batches, AppendOrigin origin) {
        return append(batches, origin, 0);
    }

    /**
     * Appends the marker of a transaction's end.
     *
     * @param transactionVersion level of transaction.version it was made under; from 2 it raises the epoch (KIP-890)
     */
    public AppendOutcome appendMarker(ByteBuffer marker, int transactionVersion) {
        return append(marker, AppendOrigin.COORDINATOR, transactionVersion);
    }

    private AppendOutcome append(ByteBuffer batches, AppendOrigin origin, int transactionVersion) {
        requireSound();
        int sizeBytes = batches.remaining();
        AppendOutcome outcome;
        try {
            outcome = log.append(
                    batches, origin, leader.leaderEpoch(), clock.wallMs(), clock.monotonicMs(), transactionVersion);
        } catch (LogDirectoryFailed failed) {
            hasFailed = true;
            throw failed;
        }
        if (outcome instanceof AppendOutcome.Appended appended) {
            leader.appended(appended.lastOffset() + 1);
            unforcedAppends++;
            forceIfDue();
            advance();
            if (copier != null) copier.accept(sizeBytes);
        }
        return outcome;
    }

    private void advance() {
        if (!leader.advance(log.config().unforcedRecords())) return;
        log.advanceHighWatermark(leader.highWatermark());
        acks.release(leader.highWatermark(), Runnable::run);
        if (follower != null) follower.accept(this);
        if (!watchers.isEmpty()) for (Runnable watcher : List.copyOf(watchers)) watcher.run();
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

    /** Forces what is not forced yet, off the lane, when its turn among the lane's logs has come; many appends share it. */
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
     * Sees to it that after a crash the log is scanned from its present end only, off the lane. No effect if nothing was
     * appended since the last time, or while another force is under way.
     *
     * @param then run on the lane once that is done, at once if there is nothing to do
     */
    public void checkpoint(Runnable then) {
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

    /**
     * Nothing is forced until {@link #releaseForces} or {@link #goOnIn}; acknowledgements that wait for the disk wait.
     *
     * @param then run once no force is under way, at once if none is
     */
    public void holdForces(Runnable then) {
        holdsForces = true;
        if (isForcing) onceHeld = then;
        else then.run();
    }

    /** Ends {@link #holdForces}. */
    public void releaseForces() {
        if (!holdsForces) return;
        holdsForces = false;
        onceHeld = null;
        forceIfDue();
    }

    /**
     * Goes on in a copy of the log that holds all records of it, and in which all is forced that was forced in it. Forces are
     * held when it is called, and are not any more when it returns.
     */
    public void goOnIn(PartitionLog copy) {
        if (!holdsForces || isForcing) throw new IllegalStateException("forces of " + name + " are not held");
        if (copy.logEndOffset() != log.logEndOffset())
            throw new IllegalStateException(
                    "the copy of " + name + " ends at " + copy.logEndOffset() + ", the log at " + log.logEndOffset());
        log = copy;
        copier = null;
        leader.forced(copy.recoveryPoint());
        advance();
        releaseForces();
    }

    private void forced(Flush flush) {
        log.flushed(flush);
        leader.forced(flush.endOffset());
        advance();
        forceIfDue();
    }

    /** A second force would succeed without the pages that the first one lost: whoever leads or closes the log has to know. */
    private void forceFailed(Exception cause) {
        hasFailed = true;
        diskFailed.accept(
                cause instanceof LogDirectoryFailed failed
                        ? failed
                        : new LogDirectoryFailed(log.directory(), "force", asIo(cause)));
    }

    /** One append that failed is the last: what it left in the file is for the next start to look at. */
    private void requireSound() {
        if (hasFailed)
            throw new LogDirectoryFailed(
                    log.directory(), "append to", new java.io.IOException("an earlier write or force failed"));
    }

    private static java.io.IOException asIo(Exception cause) {
        return cause instanceof java.io.IOException io ? io : new java.io.IOException(cause);
    }

    /** Runs {@code then} once everything below {@code untilOffset} is committed; at once if it is already. */
    public void whenCommitted(long untilOffset, Runnable then) {
        if (leader.highWatermark() >= untilOffset) then.run();
        else acks.add(untilOffset, then);
    }

    /** Whether everything below {@code untilOffset} is committed. */
    public boolean isCommitted(long untilOffset) {
        return leader.highWatermark() >= untilOffset;
    }

    /** Runs {@code watcher} each time the high watermark moves, or the partition is lost, until {@link #unwatch}. */
    public void watch(Runnable watcher) {
        watchers.add(watcher);
    }

    /** Ends {@link #watch}. */
    public void unwatch(Runnable watcher) {
        watchers.remove(watcher);
    }

    /** Tells {@code follower} of each move of the high watermark: the coordinator whose log this is. */
    public void follow(@Nullable Consumer<LeaderPartition> follower) {
        this.follower = follower;
    }

    /**
     * Tells {@code copier} after each append how many bytes it had, before the next one can come; until the log changes. It must not
     * throw, nor touch this partition.
     */
    public void copyWith(@Nullable IntConsumer copier) {
        this.copier = copier;
    }

    /** After {@link #resign}: runs {@code then} once no force is under way, so that whoever closes the log is alone with it. */
    public void whenIdle(Runnable then) {
        if (isForcing) afterForce = then;
        else then.run();
    }

    /** Ends leadership: whoever waits is woken, and finds that the partition is not led here any more. */
    public void resign() {
        isClosed = true;
        Lane.Timer timer = flushTimer;
        if (timer != null) timer.cancel();
        flushTimer = null;
        acks.releaseAll(Runnable::run);
        List<Runnable> last = List.copyOf(watchers);
        watchers.clear();
        for (Runnable watcher : last) watcher.run();
    }
}
