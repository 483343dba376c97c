package io.millrace.replication.run;

import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.records.TopicPartition;
import io.millrace.replication.OffsetWaiters;
import io.millrace.replication.PartitionLeader;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.AppendOutcome;
import io.millrace.storage.LogConfig;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The leader of one partition on this broker: its log, how far that counts as committed, and those who wait for either to
 * move. Everything happens on the partition's lane.
 */
public final class LeaderPartition {
    private final TopicPartition name;
    private PartitionLog log;
    private final ForcedLog forced;
    private final Clock clock;
    private final OffsetWaiters<Runnable> acks = new OffsetWaiters<>();
    private final Set<Runnable> watchers = new LinkedHashSet<>();
    private @Nullable Consumer<LeaderPartition> follower;
    private @Nullable IntConsumer copier;
    private PartitionLeader leader;

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
        this.forced = new ForcedLog(log, lane, clock, forces, diskFailed, this::forced);
        this.clock = clock;
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
        forced.updateConfig(config);
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
        forced.requireSound();
        int sizeBytes = batches.remaining();
        AppendOutcome outcome;
        try {
            outcome = log.append(
                    batches, origin, leader.leaderEpoch(), clock.wallMs(), clock.monotonicMs(), transactionVersion);
        } catch (LogDirectoryFailed failed) {
            forced.failed();
            throw failed;
        }
        if (outcome instanceof AppendOutcome.Appended appended) {
            leader.appended(appended.lastOffset() + 1);
            forced.appended();
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

    /**
     * Sees to it that after a crash the log is scanned from its present end only, off the lane. No effect if nothing was
     * appended since the last time, or while another force is under way.
     *
     * @param then run on the lane once that is done, at once if there is nothing to do
     */
    public void checkpoint(Runnable then) {
        forced.checkpoint(then);
    }

    /**
     * Nothing is forced until {@link #releaseForces} or {@link #goOnIn}; acknowledgements that wait for the disk wait.
     *
     * @param then run once no force is under way, at once if none is
     */
    public void holdForces(Runnable then) {
        forced.holdForces(then);
    }

    /** Ends {@link #holdForces}. */
    public void releaseForces() {
        forced.releaseForces();
    }

    /**
     * Goes on in a copy of the log that holds all records of it, and in which all is forced that was forced in it. Forces are
     * held when it is called, and are not any more when it returns.
     */
    public void goOnIn(PartitionLog copy) {
        log = copy;
        copier = null;
        forced.goOnIn(copy);
        forced.releaseForces();
    }

    private void forced(long untilOffset) {
        leader.forced(untilOffset);
        advance();
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
        forced.whenIdle(then);
    }

    /** Ends leadership: whoever waits is woken, and finds that the partition is not led here any more. */
    public void resign() {
        forced.close();
        acks.releaseAll(Runnable::run);
        List<Runnable> last = List.copyOf(watchers);
        watchers.clear();
        for (Runnable watcher : last) watcher.run();
    }
}
