package io.millrace.replication.run;

import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import io.millrace.replication.FetchedBatches;
import io.millrace.replication.FollowerAction;
import io.millrace.replication.FollowerAnswer;
import io.millrace.replication.FollowerRequest;
import io.millrace.replication.PartitionFollower;
import io.millrace.replication.ReplicaLog;
import io.millrace.replication.SourceFetches;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.AppendOutcome;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogConfig;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.PendingDeletion;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A replica of one partition on this broker that follows a leader elsewhere: carries out on its log what {@link PartitionFollower} decides.
 * Everything happens on the partition's lane. Whoever speaks with the leader asks {@link #next} and hands the answers in.
 *
 * <p>Cutting the log costs a force on the lane; that happens after a change of leader, and only to a replica that has something its leader has not.
 */
public final class FollowerPartition implements LocalReplica, SourceFetches.Replica {
    private static final System.Logger LOG = System.getLogger(FollowerPartition.class.getName());
    private static final long NEVER = Long.MIN_VALUE / 4;

    /** What becomes of its log, for whoever keeps the log directories. */
    public interface Owner {
        /** The log's directory can no longer be trusted. */
        void diskFailed(LogDirectoryFailed failure);

        /** The log turned out to be damaged while it was cut: it is not followed with any more. */
        void damaged(FollowerPartition partition, CorruptLog damage);

        /** The log is about to be cut: records that are in it now, and may have been copied elsewhere, will not be. */
        default void cutting(FollowerPartition partition) {}

        /**
         * The log was cut below what its checkpoint says was forced. Before anything is appended that has to be written down: a start after a
         * crash would take what is torn there for damage.
         *
         * @param then to be run on the lane once that is done, once
         */
        void recoveryPointLowered(FollowerPartition partition, Runnable then);
    }

    private final TopicPartition name;
    private PartitionLog log;
    private final ForcedLog forced;
    private final Clock clock;
    private final Owner owner;
    private final long backoffMs;
    private final ReplicaLog positions;
    private @Nullable IntConsumer copier;
    private final Set<Runnable> watchers = new LinkedHashSet<>();
    private PartitionFollower follower;
    private Runnable ready = FollowerPartition::nobody;
    private long leadersHighWatermark;
    private boolean hasBegun;
    private boolean isHeld;
    private @Nullable Runnable whenNotHeld;
    private boolean isClosed;

    private boolean mayBeThrottled;
    private long caughtUpLastsMs;
    private long caughtUpAtMs = NEVER;

    /** Whether it was said already what keeps records from being appended. */
    private boolean hasComplained;

    /**
     * Begins to follow with a log that is open.
     *
     * @param leaderEpoch   of the leadership to follow
     * @param highWatermark everything below is known to be committed; beyond the log end counts as the log end
     * @param backoffMs     how long to wait after an error ({@code replica.fetch.backoff.ms})
     * @param forces        the lane's
     */
    public FollowerPartition(
            TopicPartition name,
            PartitionLog log,
            int leaderEpoch,
            long highWatermark,
            long backoffMs,
            Lane lane,
            Clock clock,
            Forces forces,
            Owner owner) {
        this.name = name;
        this.log = log;
        this.positions = new LogView(this::log);
        this.forced = new ForcedLog(log, lane, clock, forces, owner::diskFailed, untilOffset -> {});
        this.clock = clock;
        this.owner = owner;
        this.backoffMs = backoffMs;
        log.advanceHighWatermark(highWatermark);
        this.follower = following(leaderEpoch);
    }

    private static void nobody() {}

    /** Leaders of today say with a fetch where the logs part, so that none is asked for epochs first. */
    private PartitionFollower following(int leaderEpoch) {
        return new PartitionFollower(leaderEpoch, positions, log.highWatermark(), false, backoffMs);
    }

    @Override
    public TopicPartition name() {
        return name;
    }

    @Override
    public PartitionLog log() {
        return log;
    }

    @Override
    public int leaderEpoch() {
        return follower.leaderEpoch();
    }

    @Override
    public long highWatermark() {
        return log.highWatermark();
    }

    /** Follows in a later leadership from now on; answers of the one before change nothing any more. An epoch that is not later changes nothing. */
    public void followIn(int leaderEpoch) {
        if (leaderEpoch <= follower.leaderEpoch() || isClosed) return;
        follower = following(leaderEpoch);
        hasBegun = false;
        ready.run();
    }

    @Override
    public void updateConfig(LogConfig config) {
        forced.updateConfig(config);
    }

    @Override
    public List<PendingDeletion> expire(long wallMs) {
        return log.expire(wallMs);
    }

    @Override
    public void checkpoint(Runnable then) {
        forced.checkpoint(then);
    }

    // Talking with the leader

    /**
     * Runs {@code ready} when there is something to ask again that nobody waits for: a later leadership, or a cut that is written down.
     *
     * @param newReady replaces the one before; null for nobody
     */
    public void whenReady(@Nullable Runnable newReady) {
        ready = newReady == null ? FollowerPartition::nobody : newReady;
    }

    /** What to ask the leader now; empty while a request is open, an error is waited out, or nothing can be asked. */
    @Override
    public Optional<FollowerRequest> next() {
        if (isClosed) return Optional.empty();
        if (!hasBegun) {
            hasBegun = true;
            carryOut(follower.begin(), null);
        }
        if (isHeld) return Optional.empty();
        return follower.next(clock.monotonicMs());
    }

    /** How many committed offsets it lacks, as its leader said last. */
    public long lag() {
        return Math.max(0, leadersHighWatermark - log.logEndOffset());
    }

    /**
     * Whether it keeps to the replication throttle (KIP-73) as long as it has to catch up.
     *
     * @param newThrottled    whether it is one of {@code follower.replication.throttled.replicas}, and not in sync
     * @param caughtUpLastsMs for how long its leader takes one that had all there was for caught up ({@code replica.lag.time.max.ms})
     */
    public void throttle(boolean newThrottled, long caughtUpLastsMs) {
        boolean hasChanged = newThrottled != mayBeThrottled;
        mayBeThrottled = newThrottled;
        this.caughtUpLastsMs = caughtUpLastsMs;
        if (hasChanged) ready.run();
    }

    /** Its leader waits for one that was caught up lately, so that it can come to be in sync; such a one is not held back. */
    @Override
    public boolean isThrottled() {
        return mayBeThrottled && clock.monotonicMs() - caughtUpAtMs > caughtUpLastsMs;
    }

    /** Until when an error is waited out, in monotonic time; in the past if there is nothing to wait for. */
    @Override
    public long waitUntilMs() {
        return follower.waitUntilMs();
    }

    /** What it is about. */
    public PartitionFollower.State state() {
        return follower.state();
    }

    /**
     * The leader answered a fetch with records that follow, or none.
     *
     * @param request           what it answers, as {@link #next} gave it
     * @param leadersHighWatermark the leader's high watermark
     * @param leadersLogStart   the leader's log start offset
     * @param batches           from position to limit; needed during this call only
     */
    public void fetched(
            FollowerRequest.Fetch request, long leadersHighWatermark, long leadersLogStart, ByteBuffer batches) {
        if (isClosed) return;
        this.leadersHighWatermark = leadersHighWatermark;
        FetchedBatches found = FetchedBatches.of(batches, request.fetchOffset(), request.leaderEpoch());
        if (found.isBroken()) {
            complain("its leader sent bytes that are no batch");
            answered(request, new FollowerAnswer.Unanswered());
            return;
        }
        FollowerAnswer answer = new FollowerAnswer.Records(
                found.firstOffset(), found.nextOffset(), leadersHighWatermark, leadersLogStart);
        carryOut(follower.answered(request, answer, clock.monotonicMs()), batches);
        if (lag() == 0) caughtUpAtMs = clock.monotonicMs();
    }

    /** The leader answered otherwise than with records, or did not answer. */
    public void answered(FollowerRequest request, FollowerAnswer answer) {
        if (!isClosed) carryOut(follower.answered(request, answer, clock.monotonicMs()), null);
    }

    private void carryOut(List<FollowerAction> actions, @Nullable ByteBuffer batches) {
        if (actions.isEmpty()) return;
        try {
            for (FollowerAction action : actions) if (!carryOut(action, batches)) return;
        } catch (LogDirectoryFailed failed) {
            stops();
            owner.diskFailed(failed);
        } catch (CorruptLog damage) {
            stops();
            owner.damaged(this, damage);
        }
    }

    private void stops() {
        follower.failed();
        forced.failed();
    }

    /** False if the rest of the list has to be left. */
    private boolean carryOut(FollowerAction action, @Nullable ByteBuffer batches) {
        switch (action) {
            case FollowerAction.TruncateTo(long offset, boolean isBelowHighWatermark) ->
                truncateTo(offset, isBelowHighWatermark);
            case FollowerAction.StartAnewAt(long offset) -> {
                LOG.log(
                        System.Logger.Level.INFO,
                        this + " begins anew at offset " + offset + ", where its leader's log is");
                owner.cutting(this);
                holdingRecoveryPoint(() -> log.truncateFullyAndStartAt(offset));
                if (!isHeld || batches == null) return true;
                follower.recordsUnusable(clock.monotonicMs());
                return false;
            }
            case FollowerAction.AppendRecords ignored -> {
                if (batches == null) throw new IllegalStateException(this + " is to append records that nobody sent");
                return append(batches);
            }
            case FollowerAction.AdvanceHighWatermark(long offset) -> {
                log.advanceHighWatermark(offset);
                if (!watchers.isEmpty()) wake();
            }
            case FollowerAction.AdvanceLogStart(long offset) -> log.advanceLogStartOffset(offset);
        }
        return true;
    }

    private void truncateTo(long offset, boolean isBelowHighWatermark) {
        if (isBelowHighWatermark)
            LOG.log(
                    System.Logger.Level.WARNING,
                    this + " is cut at offset " + offset + ", and had records up to " + log.highWatermark()
                            + " for committed: its leader, elected without having been in sync, does not have them");
        if (offset < log.logEndOffset()) owner.cutting(this);
        holdingRecoveryPoint(() -> log.truncateTo(offset));
    }

    // Moving to another log directory

    @Override
    public void copyWith(@Nullable IntConsumer newCopier) {
        copier = newCopier;
    }

    @Override
    public void holdForces(Runnable then) {
        forced.holdForces(then);
    }

    @Override
    public void releaseForces() {
        forced.releaseForces();
    }

    @Override
    public void goOnIn(PartitionLog copy) {
        log = copy;
        copier = null;
        forced.goOnIn(copy);
        forced.releaseForces();
    }

    private void holdingRecoveryPoint(Runnable cut) {
        long before = log.recoveryPoint();
        cut.run();
        if (log.recoveryPoint() >= before) return;
        isHeld = true;
        owner.recoveryPointLowered(this, () -> {
            isHeld = false;
            Runnable idle = whenNotHeld;
            whenNotHeld = null;
            ready.run();
            if (idle != null) idle.run();
        });
    }

    private boolean append(ByteBuffer batches) {
        forced.requireSound();
        long before = log.logEndOffset();
        int sizeBytes = batches.remaining();
        AppendOutcome outcome = log.append(
                batches, AppendOrigin.REPLICATION, follower.leaderEpoch(), clock.wallMs(), clock.monotonicMs());
        switch (outcome) {
            case AppendOutcome.Appended ignored
            when log.logEndOffset() > before -> {
                hasComplained = false;
                forced.appended();
                if (copier != null) copier.accept(sizeBytes);
                return true;
            }
            case AppendOutcome.Appended ignored -> complain("nothing of what its leader sent can be appended");
            case AppendOutcome.Duplicate ignored ->
                throw new IllegalStateException(this + " looked for duplicates in what its leader sent");
            case AppendOutcome.Refused refused ->
                complain(
                        refused.error() == ErrorCode.KAFKA_STORAGE_ERROR
                                ? refused.message()
                                : "its leader sent records that cannot be appended: " + refused.message());
        }
        follower.recordsUnusable(clock.monotonicMs());
        return false;
    }

    /** Says once, until it goes on, why it does not. */
    private void complain(String sentence) {
        if (hasComplained) return;
        hasComplained = true;
        LOG.log(System.Logger.Level.WARNING, this + " cannot follow for now and tries again and again: " + sentence);
    }

    private void wake() {
        for (Runnable watcher : List.copyOf(watchers)) watcher.run();
    }

    /** Runs {@code watcher} each time the high watermark moves, or the partition is lost, until {@link #unwatch}. */
    public void watch(Runnable watcher) {
        watchers.add(watcher);
    }

    /** Ends {@link #watch}. */
    public void unwatch(Runnable watcher) {
        watchers.remove(watcher);
    }

    @Override
    public void whenIdle(Runnable then) {
        forced.whenIdle(() -> {
            // Whoever has the log next may append.
            if (isHeld) whenNotHeld = then;
            else then.run();
        });
    }

    @Override
    public void resign() {
        isClosed = true;
        ready = FollowerPartition::nobody;
        forced.close();
        List<Runnable> last = List.copyOf(watchers);
        watchers.clear();
        for (Runnable watcher : last) watcher.run();
    }

    @Override
    public String toString() {
        return "the follower of " + name + " in epoch " + follower.leaderEpoch();
    }
}
