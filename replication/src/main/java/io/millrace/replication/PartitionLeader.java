package io.millrace.replication;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.replication.ProposalAnswer.Consequence;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Follows how far the replicas of one partition have come during one leader epoch, and says from it what is committed, and who
 * is to be in sync.
 *
 * <p>The high watermark is as far as everybody has come who is in sync or may be ({@link InSyncSet}), and stands still while fewer are in
 * sync than the topic demands, so that whoever left the in-sync set then still has all that is committed (KIP-966). The leader's
 * own replica counts to its log end, or to what it has forced while more than is allowed is not. What a follower had in an earlier epoch
 * counts for nothing; it counts from its first fetch in this one.
 */
public final class PartitionLeader {
    private static final FollowerProgress[] NONE = {};

    private final int brokerId;
    private final int leaderEpoch;
    private final long epochStartOffset;
    private final InSyncSet inSync;
    private ReplicationLimits limits;
    private List<Integer> replicas;
    private FollowerProgress[] followers = NONE;
    private long logEndOffset;
    private long forcedOffset;
    private long highWatermark;

    /**
     * Takes up leadership of a partition whose only replica is the leader's.
     *
     * @param leaderEpoch the epoch of this leadership
     * @param logEndOffset where the leader's log ends as it takes up
     * @param forcedOffset everything below it is on stable storage
     * @param highWatermark the high watermark known so far, at most {@code logEndOffset}
     */
    public PartitionLeader(int leaderEpoch, long logEndOffset, long forcedOffset, long highWatermark) {
        this(
                0,
                new PartitionRegistration(leaderEpoch, 0, List.of(0), List.of(0)),
                ReplicationLimits.DEFAULT,
                new LogPositions(logEndOffset, forcedOffset, highWatermark),
                0);
    }

    /**
     * Takes up leadership.
     *
     * @param brokerId     this broker
     * @param registration the partition as the metadata has it; this broker is in sync
     * @param at           where the leader's own log is; its epoch begins at the end
     * @param nowMs        monotonic time, as everywhere here
     * @throws IllegalArgumentException if the leader is not in sync
     */
    public PartitionLeader(
            int brokerId, PartitionRegistration registration, ReplicationLimits limits, LogPositions at, long nowMs) {
        if (!registration.isr().contains(brokerId))
            throw new IllegalArgumentException("broker " + brokerId + " leads " + registration + " and is not in sync");
        this.brokerId = brokerId;
        this.leaderEpoch = registration.leaderEpoch();
        this.limits = limits;
        this.epochStartOffset = at.endOffset();
        this.logEndOffset = at.endOffset();
        this.forcedOffset = at.forcedOffset();
        this.highWatermark = at.highWatermark();
        this.replicas = registration.replicas();
        this.inSync = new InSyncSet(leaderEpoch, registration.partitionEpoch(), registration.isr());
        this.followers = followersOf(replicas, nowMs);
        noteWhoCounts();
    }

    /** The epoch this leadership is fenced by. */
    public int leaderEpoch() {
        return leaderEpoch;
    }

    /** The newest registration that is known, by its partition epoch. */
    public int partitionEpoch() {
        return inSync.partitionEpoch();
    }

    /** Who is in sync, as far as the controller has committed it. */
    public List<Integer> isr() {
        return inSync.committed();
    }

    /** Everything below it is committed. */
    public long highWatermark() {
        return highWatermark;
    }

    /**
     * Where the leader's log ended as it took up: all that is committed lies below. As long as the high watermark has not come so far, the
     * leader does not know how much of that there is (KIP-207).
     */
    public long epochStartOffset() {
        return epochStartOffset;
    }

    /** Whether there are other replicas than the leader's. */
    public boolean hasFollowers() {
        return followers.length > 0;
    }

    /** Replicas that are not in sync, as far as the controller has committed it. */
    public int missingFromIsr() {
        return replicas.size() - inSync.committed().size();
    }

    /** How many more are in sync than {@code min.insync.replicas} asks for; below 0 if too few are. */
    public int sparedInSync() {
        return inSync.committed().size() - enoughInSync();
    }

    // The leader's own log

    /** Learns that the log now ends at {@code endOffset}. */
    public void appended(long endOffset) {
        if (endOffset < logEndOffset)
            throw new IllegalStateException("log end went from " + logEndOffset + " back to " + endOffset);
        logEndOffset = endOffset;
    }

    /** Learns that everything below {@code offset} is on stable storage. */
    public void forced(long offset) {
        forcedOffset = Math.max(forcedOffset, offset);
    }

    /**
     * Moves the high watermark as far as the in-sync replicas allow. It never goes down (R3).
     *
     * @param unforcedRecords how many records at the end of the leader's own replica may count without being forced, from
     *     0; with more than these it counts only as far as it is forced, so that it never ends within a batch
     * @return whether it moved
     */
    public boolean advance(long unforcedRecords) {
        if (!hasEnoughInSync()) return false;
        long forced = Math.min(forcedOffset, logEndOffset);
        long onAllInSync = logEndOffset - forced <= unforcedRecords ? logEndOffset : forced;
        for (FollowerProgress follower : followers)
            if (follower.isWaitedFor() && follower.logEndOffset() < onAllInSync) onAllInSync = follower.logEndOffset();
        if (onAllInSync <= highWatermark) return false;
        highWatermark = onAllInSync;
        return true;
    }

    /** Changed properties count from the next look on. */
    public void limits(ReplicationLimits newLimits) {
        limits = newLimits;
    }

    // Acknowledgements of acks=all

    private int enoughInSync() {
        return Math.min(limits.minIsr(), followers.length + 1);
    }

    private boolean hasEnoughInSync() {
        return inSync.committed().size() >= enoughInSync();
    }

    /** Whether records may be appended that are to be on all in-sync replicas: NONE, or NOT_ENOUGH_REPLICAS. */
    public ErrorCode appendForAll() {
        return hasEnoughInSync() ? ErrorCode.NONE : ErrorCode.NOT_ENOUGH_REPLICAS;
    }

    /** What the producer is told of such records once the high watermark has passed them: NONE, or NOT_ENOUGH_REPLICAS_AFTER_APPEND. */
    public ErrorCode committedForAll() {
        return inSync.maximalSize() >= enoughInSync() ? ErrorCode.NONE : ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND;
    }

    /**
     * Whether the high watermark waits for a follower that has not fetched for longer than this: nothing is committed then until it comes back, or
     * the controller takes it out of the in-sync set.
     */
    public boolean waitsForTheSilent(long silenceMs, long nowMs) {
        for (FollowerProgress follower : followers)
            if (follower.isWaitedFor() && nowMs - follower.heardAtMs() > silenceMs) return true;
        return false;
    }

    // Followers

    /**
     * A follower fetches. If its log agrees with the leader's, what it has counts from now on; the caller then has the high watermark
     * {@linkplain #advance advanced}, asks for {@link #proposeGrowth}, and answers with records.
     *
     * @param log the leader's own
     */
    public FetchVerdict fetched(FollowerFetch fetch, ReplicaLog log, KnownBrokers brokers, long nowMs) {
        ErrorCode refusal = refusal(fetch.leaderEpoch());
        if (refusal != ErrorCode.NONE) return new FetchVerdict.Refused(refusal);
        FollowerProgress follower = follower(fetch.brokerId());
        // It may have heard of its being a replica before this leader has (KIP-320's error for that), or of its end
        // after.
        if (follower == null) return new FetchVerdict.Refused(ErrorCode.UNKNOWN_LEADER_EPOCH);
        if (follower.isFromEarlierLife(fetch)) return new FetchVerdict.Refused(ErrorCode.NOT_LEADER_OR_FOLLOWER);
        if (fetch.lastFetchedEpoch() != FollowerFetch.NO_EPOCH) {
            Optional<OffsetAndEpoch> end = log.endOffsetForEpoch(fetch.lastFetchedEpoch());
            if (end.isEmpty()) return new FetchVerdict.Refused(ErrorCode.OFFSET_OUT_OF_RANGE);
            if (end.get().leaderEpoch() < fetch.lastFetchedEpoch() || end.get().offset() < fetch.fetchOffset())
                return new FetchVerdict.Diverges(end.get());
        }
        if (fetch.fetchOffset() < log.logStartOffset() || fetch.fetchOffset() > log.logEndOffset())
            return new FetchVerdict.Refused(ErrorCode.OFFSET_OUT_OF_RANGE);
        follower.fetched(fetch, logEndOffset, nowMs);
        follower.setJoining(mayJoin(follower, brokers, nowMs));
        return FetchVerdict.Agrees.YES;
    }

    /**
     * Whether nothing would come of further fetches of this follower until something changes: it has all there is, and the controller has committed
     * that it is in sync.
     */
    public boolean mayRest(int followerId) {
        FollowerProgress follower = follower(followerId);
        return follower != null
                && follower.logEndOffset() == logEndOffset
                && inSync.committed().contains(followerId);
    }

    /**
     * A follower that {@link #mayRest} has fetched, and was not looked at. To be told before what ends its rest.
     *
     * @param brokerEpoch   which life of it fetched
     * @param lastFetchAtMs when it fetched last; it was caught up then
     */
    public void rested(int followerId, long brokerEpoch, long lastFetchAtMs) {
        FollowerProgress follower = follower(followerId);
        if (follower != null) follower.rested(brokerEpoch, lastFetchAtMs, logEndOffset);
    }

    /** Whether a request is for this leadership: NONE, FENCED_LEADER_EPOCH or UNKNOWN_LEADER_EPOCH (KIP-320). */
    public ErrorCode refusal(int requestedLeaderEpoch) {
        if (requestedLeaderEpoch < leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
        return requestedLeaderEpoch > leaderEpoch ? ErrorCode.UNKNOWN_LEADER_EPOCH : ErrorCode.NONE;
    }

    /** Whether what is appended is committed only once this follower has it, too: it is in sync, may be, or is about to be. */
    public boolean isWaitedFor(int followerId) {
        FollowerProgress follower = follower(followerId);
        return follower != null && follower.isWaitedFor();
    }

    private @Nullable FollowerProgress follower(int id) {
        for (FollowerProgress follower : followers) if (follower.brokerId() == id) return follower;
        return null;
    }

    private FollowerProgress[] followersOf(List<Integer> brokerIds, long nowMs) {
        List<FollowerProgress> found = new ArrayList<>();
        for (int id : brokerIds) {
            if (id == brokerId) continue;
            FollowerProgress known = follower(id);
            found.add(
                    known != null
                            ? known
                            : new FollowerProgress(id, inSync.counts(id) ? nowMs : FollowerProgress.NEVER));
        }
        return found.isEmpty() ? NONE : found.toArray(NONE);
    }

    private void noteWhoCounts() {
        for (FollowerProgress follower : followers) follower.setCounts(inSync.counts(follower.brokerId()));
    }

    /** A broker that is away, leaves, or is in another life than its log was seen in, may not become in-sync (KIP-841, KIP-903). */
    private boolean mayJoin(FollowerProgress follower, KnownBrokers brokers, long nowMs) {
        long seen = follower.brokerEpoch();
        return !inSync.counts(follower.brokerId())
                && follower.logEndOffset() != FollowerProgress.UNKNOWN
                && follower.isCaughtUp(logEndOffset, nowMs, limits.lagTimeMaxMs())
                && brokers.isActive(follower.brokerId())
                && (seen == KnownBrokers.NO_EPOCH || seen == brokers.epochOf(follower.brokerId()));
    }

    // The in-sync set

    /**
     * The partition's registration has changed. Of an older one nothing is taken; one with another leader epoch is for another
     * leadership.
     *
     * @throws IllegalArgumentException if it has another leader epoch
     */
    public void registered(PartitionRegistration registration, KnownBrokers brokers, long nowMs) {
        if (registration.leaderEpoch() != leaderEpoch)
            throw new IllegalArgumentException(registration + " told to the leader of epoch " + leaderEpoch);
        if (!inSync.registered(registration.partitionEpoch(), registration.isr())) return;
        replicas = registration.replicas();
        followers = followersOf(replicas, nowMs);
        noteWhoCounts();
        noteWhoJoins(brokers, nowMs);
    }

    private void noteWhoJoins(KnownBrokers brokers, long nowMs) {
        for (FollowerProgress follower : followers) follower.setJoining(mayJoin(follower, brokers, nowMs));
    }

    /**
     * Proposes that those become in-sync who have come up to the high watermark and to this epoch's start, and have had all there was within
     * {@code replica.lag.time.max.ms}. From then on the high watermark waits for them.
     *
     * @return empty if there are none, or a proposal is under way
     */
    public Optional<IsrProposal> proposeGrowth(KnownBrokers brokers, long nowMs) {
        if (inSync.isChanging() || inSync.committed().size() == replicas.size()) return Optional.empty();
        List<Integer> wanted = new ArrayList<>(inSync.committed());
        for (FollowerProgress follower : followers) {
            // A new leader's high watermark may be behind what is committed, but its epoch begins past that (R7).
            boolean hasCommitted = follower.logEndOffset() >= Math.max(highWatermark, epochStartOffset);
            if (hasCommitted && mayJoin(follower, brokers, nowMs)) wanted.add(follower.brokerId());
        }
        return wanted.size() == inSync.committed().size() ? Optional.empty() : Optional.of(propose(wanted, brokers));
    }

    /**
     * Looks who has fallen behind, and proposes that they are in-sync no longer. The high watermark waits for them until that is
     * committed. To be called every half of {@code replica.lag.time.max.ms}.
     *
     * @return empty if nobody has, or a proposal is under way
     */
    public Optional<IsrProposal> proposeShrinking(KnownBrokers brokers, long nowMs) {
        noteWhoJoins(brokers, nowMs);
        if (inSync.isChanging()) return Optional.empty();
        List<Integer> wanted = new ArrayList<>(inSync.committed());
        for (FollowerProgress follower : followers)
            if (!follower.isCaughtUp(logEndOffset, nowMs, limits.lagTimeMaxMs()))
                wanted.remove(Integer.valueOf(follower.brokerId()));
        return wanted.size() == inSync.committed().size() ? Optional.empty() : Optional.of(propose(wanted, brokers));
    }

    /**
     * Proposes that everything stays as it is, from which the controller learns that the leader has recovered from an unclean election
     * (KIP-704).
     *
     * @return empty if a proposal is under way
     */
    public Optional<IsrProposal> proposeUnchanged(KnownBrokers brokers) {
        return inSync.isChanging() ? Optional.empty() : Optional.of(propose(inSync.committed(), brokers));
    }

    private IsrProposal propose(List<Integer> wanted, KnownBrokers brokers) {
        List<IsrProposal.Member> members = new ArrayList<>();
        for (int id : wanted) {
            FollowerProgress follower = follower(id);
            long epoch = follower == null ? brokers.epochOf(id) : follower.brokerEpoch();
            members.add(new IsrProposal.Member(id, epoch));
        }
        IsrProposal proposal = new IsrProposal(leaderEpoch, inSync.partitionEpoch(), members);
        inSync.propose(proposal);
        noteWhoCounts();
        return proposal;
    }

    /**
     * What became of a proposal. Proposals of one leader, and repetitions of one, have to reach the controller in the order in which
     * they were sent, or not at all.
     *
     * @return what is to be done now; the high watermark may have become free to move
     */
    public Consequence answered(IsrProposal proposal, ProposalAnswer answer) {
        Consequence consequence = inSync.answered(proposal, answer);
        noteWhoCounts();
        return consequence;
    }

    // Readers

    /**
     * The replica a consumer had better read from (KIP-392): one in its own rack that is in sync and has the offset, and of several the one that
     * has come farthest.
     *
     * @param rack where the consumer says it is; empty if it does not say
     * @param offset next offset it wants
     * @return empty if that is the leader
     */
    public OptionalInt preferredReadReplica(String rack, long offset, KnownBrokers brokers) {
        if (rack.isEmpty() || isIn(rack, brokerId, brokers)) return OptionalInt.empty();
        FollowerProgress best = null;
        for (FollowerProgress follower : followers) {
            boolean isFit = inSync.committed().contains(follower.brokerId())
                    && follower.holds(offset)
                    && isIn(rack, follower.brokerId(), brokers);
            if (isFit && (best == null || isFarther(follower, best))) best = follower;
        }
        return best == null ? OptionalInt.empty() : OptionalInt.of(best.brokerId());
    }

    private static boolean isIn(String rack, int id, KnownBrokers brokers) {
        return brokers.rackOf(id).filter(rack::equals).isPresent();
    }

    private static boolean isFarther(FollowerProgress one, FollowerProgress other) {
        if (one.logEndOffset() != other.logEndOffset()) return one.logEndOffset() > other.logEndOffset();
        if (one.caughtUpAtMs() != other.caughtUpAtMs()) return one.caughtUpAtMs() > other.caughtUpAtMs();
        return one.brokerId() > other.brokerId();
    }
}
