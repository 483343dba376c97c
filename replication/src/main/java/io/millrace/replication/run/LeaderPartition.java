package io.millrace.replication.run;

import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import io.millrace.replication.FetchVerdict;
import io.millrace.replication.FollowerFetch;
import io.millrace.replication.IsrProposal;
import io.millrace.replication.KnownBrokers;
import io.millrace.replication.LogPositions;
import io.millrace.replication.OffsetWaiters;
import io.millrace.replication.PartitionLeader;
import io.millrace.replication.PartitionRegistration;
import io.millrace.replication.ProposalAnswer;
import io.millrace.replication.ReplicationLimits;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.AppendOutcome;
import io.millrace.storage.LogConfig;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.PendingDeletion;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The leader of one partition on this broker: its log, how far that counts as committed, and those who wait for either to
 * move. Everything happens on the partition's lane.
 */
public final class LeaderPartition implements LocalReplica {
    private final TopicPartition name;
    private PartitionLog log;
    private final ForcedLog forced;
    private final Clock clock;
    private final LeadingBroker broker;
    private final LogView positions = new LogView(this::log);
    private final OffsetWaiters<Runnable> acks = new OffsetWaiters<>();
    private final Set<Runnable> watchers = new LinkedHashSet<>();
    private final Set<Runnable> endWatchers = new LinkedHashSet<>();
    private final RestingFollowers resting = new RestingFollowers();
    private ReplicationLimits limits;
    private @Nullable Consumer<LeaderPartition> follower;
    private @Nullable IntConsumer copier;
    private PartitionLeader leader;
    private boolean isResigned;
    private boolean isDeserted;
    private boolean isThrottled;

    /**
     * Takes up leadership of a log that is open. What it holds is served at once if there is no other replica, as it was committed when it was
     * appended; otherwise the log's high watermark says how far.
     *
     * @param registration the partition as the metadata has it; {@code broker} is in sync
     * @param forces the lane's
     * @param diskFailed is told when the log's directory can no longer be trusted; the owner fences it
     */
    public LeaderPartition(
            TopicPartition name,
            PartitionLog log,
            PartitionRegistration registration,
            ReplicationLimits limits,
            LeadingBroker broker,
            Lane lane,
            Clock clock,
            Forces forces,
            Consumer<LogDirectoryFailed> diskFailed) {
        this.name = name;
        this.log = log;
        this.forced = new ForcedLog(log, lane, clock, forces, diskFailed, this::forced);
        this.clock = clock;
        this.broker = broker;
        this.limits = limits;
        boolean isOnlyReplica = registration.replicas().size() == 1;
        this.leader = leadership(registration, isOnlyReplica ? log.logEndOffset() : log.highWatermark());
        if (leader.advance(log.config().unforcedRecords())) log.advanceHighWatermark(leader.highWatermark());
    }

    private PartitionLeader leadership(PartitionRegistration registration, long highWatermark) {
        long end = log.logEndOffset();
        log.assignEpochStart(registration.leaderEpoch(), end);
        LogPositions at = new LogPositions(end, log.recoveryPoint(), highWatermark);
        PartitionLeader next = new PartitionLeader(broker.id(), registration, limits, at, clock.monotonicMs());
        log.advanceHighWatermark(highWatermark);
        return next;
    }

    /** Which partition. */
    @Override
    public TopicPartition name() {
        return name;
    }

    /** Its log, for reads and look-ups on this lane. */
    @Override
    public PartitionLog log() {
        return log;
    }

    /** The epoch of this leadership. */
    @Override
    public int leaderEpoch() {
        return leader.leaderEpoch();
    }

    /**
     * The partition's registration has changed, or not. With a later leader epoch this broker goes on leading in that: what followers had before
     * counts no more. Of an older registration nothing is taken.
     */
    public void lead(PartitionRegistration registration) {
        if (registration.leaderEpoch() < leader.leaderEpoch()) return;
        boolean isLater = registration.leaderEpoch() > leader.leaderEpoch();
        noteRests();
        if (isLater) leader = leadership(registration, leader.highWatermark());
        else if (registration.partitionEpoch() <= leader.partitionEpoch()) return;
        else leader.registered(registration, broker, clock.monotonicMs());
        resting.end(isLater);
        advance();
        proposeGrowth();
        if (!isLater) return;
        if (follower != null) follower.accept(this);
        // Fetches of followers that wait are for the epoch before.
        wakeEndWatchers();
    }

    /** Changed {@code min.insync.replicas} or {@code replica.lag.time.max.ms} count at once. */
    public void updateLimits(ReplicationLimits newLimits) {
        if (newLimits.equals(limits)) return;
        limits = newLimits;
        leader.limits(newLimits);
        advance();
    }

    /** Takes over changed properties of the log; what they let go of is released, what they ask to be forced is. */
    @Override
    public void updateConfig(LogConfig config) {
        forced.updateConfig(config);
        advance();
    }

    /** Everything below it is committed. */
    @Override
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
        if (isDeserted)
            return new AppendOutcome.Refused(
                    ErrorCode.NOT_LEADER_OR_FOLLOWER, "another broker may lead " + name + " by now");
        return append(marker, AppendOrigin.COORDINATOR, transactionVersion);
    }

    private AppendOutcome append(ByteBuffer batches, AppendOrigin origin, int transactionVersion) {
        forced.requireSound();
        if (isResigned)
            return new AppendOutcome.Refused(ErrorCode.NOT_LEADER_OR_FOLLOWER, name + " is not led here any more");
        if (origin == AppendOrigin.COORDINATOR && leader.appendForAll() != ErrorCode.NONE)
            return new AppendOutcome.Refused(leader.appendForAll(), "too few replicas of " + name + " are in sync");
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
            noteRests();
            leader.appended(appended.lastOffset() + 1);
            forced.appended();
            if (!endWatchers.isEmpty()) wakeEndWatchers();
            resting.end(true);
            advance();
            if (copier != null) copier.accept(sizeBytes);
        }
        return outcome;
    }

    private void advance() {
        if (!leader.advance(log.config().unforcedRecords())) return;
        log.advanceHighWatermark(leader.highWatermark());
        endRests();
        acks.release(leader.highWatermark(), Runnable::run);
        if (follower != null) follower.accept(this);
        if (!watchers.isEmpty()) for (Runnable watcher : List.copyOf(watchers)) watcher.run();
    }

    /** Their next fetches are looked at, and tell them what is new. */
    private void endRests() {
        noteRests();
        resting.end(false);
    }

    private void noteRests() {
        if (resting.isEmpty()) return;
        resting.forEach(rest -> leader.rested(rest.brokerId(), rest.brokerEpoch(), rest.fetchedAtMs()));
    }

    private void wakeEndWatchers() {
        for (Runnable watcher : List.copyOf(endWatchers)) watcher.run();
    }

    // Replicas

    /** Whether there are other replicas than this one. */
    public boolean hasFollowers() {
        return leader.hasFollowers();
    }

    /** Replicas that are not in sync. */
    public int missingFromIsr() {
        return leader.missingFromIsr();
    }

    /** How many more are in sync than {@code min.insync.replicas} asks for; below 0 if too few are. */
    public int sparedInSync() {
        return leader.sparedInSync();
    }

    /** The newest registration that is known, by its partition epoch. */
    public int partitionEpoch() {
        return leader.partitionEpoch();
    }

    /** Who is in sync, as far as the controller has committed it. */
    public List<Integer> isr() {
        return leader.isr();
    }

    /** Whether the high watermark has come to where this leadership began, so that the leader knows all that is committed (KIP-207). */
    public boolean knowsCommitted() {
        return leader.highWatermark() >= leader.epochStartOffset();
    }

    /**
     * Whether a producer's records may be appended that are to be on all in-sync replicas: NONE, NOT_ENOUGH_REPLICAS, or NOT_LEADER_OR_FOLLOWER
     * while another broker is likely to lead ({@link #controllerIsSilent}).
     */
    public ErrorCode appendForAll() {
        return isDeserted ? ErrorCode.NOT_LEADER_OR_FOLLOWER : leader.appendForAll();
    }

    /**
     * This broker has not heard of the controller for so long that it has been fenced if the controller lives. If a follower that is waited for has
     * been as silent, nothing can be committed here, and another broker is likely to lead by now: whoever waits is released, and finds that nothing
     * was committed. To be called again and again until {@link #controllerIsHeard}.
     */
    public void controllerIsSilent(long sessionMs) {
        noteRests();
        isDeserted = leader.waitsForTheSilent(sessionMs, clock.monotonicMs());
        if (isDeserted) acks.releaseAll(Runnable::run);
    }

    /** Whether another broker is likely to lead by now, as {@link #controllerIsSilent} found when it last looked. */
    public boolean isDeserted() {
        return isDeserted;
    }

    /** Who leads is known again. */
    public void controllerIsHeard() {
        isDeserted = false;
    }

    /** What the producer is told of such records once they are committed: NONE, or NOT_ENOUGH_REPLICAS_AFTER_APPEND. */
    public ErrorCode committedForAll() {
        return leader.committedForAll();
    }

    /**
     * A follower fetches; if its log agrees, what it has counts from now on, and what follows from that is done before this returns. Once for
     * each request: a request that waited says nothing new.
     */
    public FetchVerdict fetched(FollowerFetch fetch) {
        FetchVerdict verdict = leader.fetched(fetch, positions, broker, clock.monotonicMs());
        if (verdict instanceof FetchVerdict.Agrees) {
            advance();
            proposeGrowth();
        }
        return verdict;
    }

    /** Whether a request is for this leadership: NONE, FENCED_LEADER_EPOCH or UNKNOWN_LEADER_EPOCH (KIP-320). */
    public ErrorCode refusal(int requestedLeaderEpoch) {
        return leader.refusal(requestedLeaderEpoch);
    }

    /** Whether followers of it keep to the replication throttle as long as nobody waits for them (KIP-73). */
    public void throttle(boolean newThrottled) {
        isThrottled = newThrottled;
    }

    /** Whether what a follower fetches counts against the replication throttle, and has to wait while that is used up. */
    public boolean isThrottled(int followerId) {
        return isThrottled && !leader.isWaitedFor(followerId);
    }

    /**
     * The replica that a consumer had better read from (KIP-392).
     *
     * @param rack where it says it is
     * @param offset the next one it wants
     * @param brokers with their racks; one that the consumer cannot reach has none
     * @return empty if that is the leader
     */
    public OptionalInt preferredReadReplica(String rack, long offset, KnownBrokers brokers) {
        noteRests();
        return leader.preferredReadReplica(rack, offset, brokers);
    }

    private void proposeGrowth() {
        leader.proposeGrowth(broker, clock.monotonicMs()).ifPresent(this::propose);
    }

    /** Looks who has fallen behind; to be called every half of {@code replica.lag.time.max.ms}. */
    public void lookWhoFellBehind() {
        leader.proposeShrinking(broker, clock.monotonicMs()).ifPresent(this::propose);
        advance();
    }

    /** Tells the controller that there is nothing to recover after an unclean election (KIP-704). */
    public void tellRecovered() {
        leader.proposeUnchanged(broker).ifPresent(this::propose);
    }

    private void propose(IsrProposal proposal) {
        broker.propose(this, proposal);
    }

    /** What became of a proposal; returns what whoever carries it has to do now. */
    public ProposalAnswer.Consequence answered(IsrProposal proposal, ProposalAnswer answer) {
        if (isResigned) return ProposalAnswer.Consequence.SETTLED;
        ProposalAnswer.Consequence consequence = leader.answered(proposal, answer);
        endRests();
        advance();
        return consequence;
    }

    // Forces

    /**
     * Sees to it that after a crash the log is scanned from its present end only, off the lane. No effect if nothing was
     * appended since the last time, or while another force is under way.
     *
     * @param then run on the lane once that is done, at once if there is nothing to do
     */
    @Override
    public void checkpoint(Runnable then) {
        forced.checkpoint(then);
    }

    /** {@inheritDoc} Acknowledgements that wait for the disk wait. */
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
        endRests();
        log = copy;
        copier = null;
        forced.goOnIn(copy);
        forced.releaseForces();
    }

    private void forced(long untilOffset) {
        leader.forced(untilOffset);
        advance();
    }

    /**
     * Runs {@code then} once everything below {@code untilOffset} is committed, or the partition is lost or {@linkplain #controllerIsSilent likely to
     * be}; at once if that is so already.
     */
    public void whenCommitted(long untilOffset, Runnable then) {
        if (leader.highWatermark() >= untilOffset || isResigned || isDeserted) then.run();
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

    /** Runs {@code watcher} each time the log grows or the leader epoch changes, or when the partition is lost, until {@link #unwatchEnd}. */
    public void watchEnd(Runnable watcher) {
        endWatchers.add(watcher);
    }

    /** Ends {@link #watchEnd}. */
    public void unwatchEnd(Runnable watcher) {
        endWatchers.remove(watcher);
    }

    /**
     * A follower whose fetch has been found to {@linkplain FetchVerdict.Agrees agree}, and is answered with what is so now, need not be looked at again
     * before {@code rest} is told so. No effect if it rests already.
     *
     * @return false if it has to be looked at with each fetch for now
     */
    public boolean rest(FollowerRest rest) {
        if (rest.isForgotten() || !leader.mayRest(rest.brokerId())) return false;
        resting.add(rest);
        return true;
    }

    /** Ends {@link #rest} without a word. */
    public void forgetRest(FollowerRest rest) {
        resting.remove(rest);
    }

    /**
     * Deletes records, as {@link PartitionLog#deleteRecordsBefore} does; followers are told with their next fetches.
     *
     * @return false if {@code offset} lies above the high watermark
     */
    public boolean deleteRecordsBefore(long offset) {
        boolean isDone = log.deleteRecordsBefore(offset);
        endRests();
        return isDone;
    }

    @Override
    public List<PendingDeletion> expire(long wallMs) {
        long startOffset = log.logStartOffset();
        List<PendingDeletion> pending = log.expire(wallMs);
        if (log.logStartOffset() != startOffset) endRests();
        return pending;
    }

    /** Tells {@code follower} of each move of the high watermark and of each later leader epoch: the coordinator whose log this is. */
    public void follow(@Nullable Consumer<LeaderPartition> follower) {
        this.follower = follower;
    }

    @Override
    public void copyWith(@Nullable IntConsumer copier) {
        this.copier = copier;
    }

    /** After {@link #resign}: runs {@code then} once no force is under way, so that whoever closes the log is alone with it. */
    @Override
    public void whenIdle(Runnable then) {
        forced.whenIdle(then);
    }

    /** Ends leadership: whoever waits is woken, and finds that the partition is not led here any more. */
    @Override
    public void resign() {
        isResigned = true;
        forced.close();
        acks.releaseAll(Runnable::run);
        List<Runnable> last = new ArrayList<>(watchers);
        last.addAll(endWatchers);
        watchers.clear();
        endWatchers.clear();
        for (Runnable watcher : last) watcher.run();
        resting.end(true);
    }
}
