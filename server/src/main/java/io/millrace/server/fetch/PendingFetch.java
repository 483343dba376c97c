package io.millrace.server.fetch;

import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.NearestReplica;
import io.millrace.server.partitions.OldFormats;
import io.millrace.server.partitions.PartitionRead;
import io.millrace.server.partitions.Reader;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One fetch on its way: read at once, and, as long as that is too little, again whenever one of its partitions grows, until
 * there is enough or the client's patience ends. It lives on the connection's lane; the reading and the watching for growth
 * happen on the partitions' lanes, a {@link Share} on each.
 */
public final class PendingFetch implements FetchSession.UnderWay {
    /** What one fetch asks for in all. {@code minBytes} from 0, {@code maxBytes} soft (KIP-74), {@code maxWaitMs} from 0. */
    public record Limits(int minBytes, int maxBytes, long maxWaitMs) {}

    private final BrokerLane home;
    private final Limits limits;
    private final List<PartitionRead> reads;
    private final Reader reader;
    private final Runnable finished;
    private final FetchSessions.@Nullable Plan plan;
    private final @Nullable FetchSession session;
    private final Function<FollowedPartition, PartitionRead> again;
    private final List<Share> shares = new ArrayList<>(1);
    private final boolean mayWait;
    private boolean isSuperseded;
    private int sharesToHearFrom;
    private boolean isDone;
    private Lane.@Nullable Timer patience;

    /**
     * Prepares a fetch of a client. Called on the connection's lane.
     *
     * @param reads the partitions to read, in serving order; those already refused carry their error
     * @param reader which replicas may serve it
     * @param finished called on the connection's lane when {@code reads} hold what is to be answered
     */
    public PendingFetch(BrokerLane home, Limits limits, List<PartitionRead> reads, Reader reader, Runnable finished) {
        this(home, limits, reads, reader, null, PendingFetch::noneRests, finished);
    }

    /**
     * Prepares. Called on the connection's lane.
     *
     * @param reads the partitions to read, in serving order; those already refused carry their error. What comes to be read because it rests no longer is
     *     added
     * @param reader which replicas may serve it
     * @param plan whose partitions {@code reads} are, in the same order; null if they are nobody's
     * @param again makes the read of a partition that rests no longer, whose place is that in {@code plan}
     * @param finished called on the connection's lane when {@code reads} hold what is to be answered
     */
    public PendingFetch(
            BrokerLane home,
            Limits limits,
            List<PartitionRead> reads,
            Reader reader,
            FetchSessions.@Nullable Plan plan,
            Function<FollowedPartition, PartitionRead> again,
            Runnable finished) {
        this.home = home;
        this.limits = limits;
        this.reads = reads;
        this.reader = reader;
        this.plan = plan;
        this.session = plan == null ? null : plan.session();
        this.again = again;
        this.finished = finished;
        boolean refused = false;
        for (PartitionRead read : reads) {
            if (read.error() != ErrorCode.NONE) refused = true;
            else shareOf(home.ownerOf(read.topicPartition())).reads.add(read);
        }
        boolean mayCome = !reads.isEmpty() || (session != null && session.hasResting());
        // A refusal is answered at once, since the client has to act on it; so is a fetch of nothing, which nothing can
        // end.
        mayWait = !refused && mayCome && limits.maxWaitMs() > 0 && limits.minBytes() > 0;
    }

    private static PartitionRead noneRests(FollowedPartition followed) {
        throw new IllegalStateException(followed.key() + " is of no session, and does not rest");
    }

    private Share shareOf(BrokerLane owner) {
        Share known = knownShareOf(owner);
        if (known != null) return known;
        Share share = new Share(owner, true);
        shares.add(share);
        return share;
    }

    private @Nullable Share knownShareOf(BrokerLane owner) {
        for (Share share : shares) if (share.owner == owner) return share;
        return null;
    }

    /** The lane that owns all partitions asked for, and those that rest; null if several do, or none was found. */
    public @Nullable Lane onlyOwner() {
        if (shares.size() != 1) return null;
        BrokerLane owner = shares.get(0).owner;
        return session == null || session.restsOnlyOn(owner) ? owner.lane() : null;
    }

    /** Begins; may finish before it returns. */
    public void start() {
        if (session != null) session.begins(this);
        sharesToHearFrom = shares.size();
        if (shares.isEmpty()) finishOrWait();
        for (int i = 0; i < shares.size() && !isDone; i++) {
            Share share = shares.get(i);
            share.owner.run(share);
        }
    }

    @Override
    public void superseded() {
        isSuperseded = true;
        if (sharesToHearFrom == 0) finish();
    }

    /** It is read again, though what the follower has was counted when the fetch came. */
    @Override
    public void grew(FollowedPartition followed) {
        if (isDone || isWatched(followed)) return;
        PartitionRead read = again.apply(followed);
        if (read.position() < reads.size()) reads.set(read.position(), read);
        else reads.add(read);
        if (read.error() != ErrorCode.NONE) {
            superseded();
            return;
        }
        BrokerLane owner = home.ownerOf(read.topicPartition());
        Share share = knownShareOf(owner);
        if (share == null) {
            share = new Share(owner, false);
            share.wasHeard = true;
            shares.add(share);
        }
        Share its = share;
        owner.run(() -> its.lookAt(read));
    }

    /** Whether it is read by this fetch and did not rest then, so that its share is told itself. */
    private boolean isWatched(FollowedPartition followed) {
        int place = plan == null ? -1 : plan.partitions().indexOf(followed);
        return place >= 0 && !reads.get(place).isResting();
    }

    private void heardFrom(Share share) {
        if (!share.wasHeard) {
            share.wasHeard = true;
            sharesToHearFrom--;
        }
        if (sharesToHearFrom == 0) finishOrWait();
    }

    private void finishOrWait() {
        long bytes = 0;
        boolean failed = false;
        for (PartitionRead read : reads) {
            bytes += read.sizeBytes();
            failed |= read.endsWait();
        }
        if (!mayWait || isSuperseded || failed || bytes >= limits.minBytes()) finish();
        else if (patience == null) patience = home.lane().schedule(limits.maxWaitMs(), this::finish);
    }

    private void finish() {
        if (isDone) return;
        end();
        trim();
        finished.run();
    }

    /** Gives up without an answer, as when the connection is gone. Called on the connection's lane. */
    public void abandon() {
        if (isDone) return;
        end();
        for (PartitionRead read : reads) read.release();
        if (session != null && plan != null) session.wake(plan.partitions());
    }

    private void end() {
        isDone = true;
        if (session != null) session.ends(this);
        if (patience != null) patience.cancel();
        for (Share share : shares) share.owner.run(share::stop);
    }

    /** KIP-74: the whole answer keeps to its limit, save that the first partition with records gets its first batch. */
    private void trim() {
        long left = limits.maxBytes();
        boolean isFirst = true;
        for (PartitionRead read : reads) {
            if (read.sizeBytes() == 0) continue;
            if (!isFirst && left <= 0) read.dropRecords();
            else left -= read.sizeBytes();
            isFirst = false;
        }
    }

    /** The partitions of one lane. {@code run} reads them; it is called first to begin, then each time one of them grows. */
    private final class Share implements Runnable {
        private final BrokerLane owner;
        private final List<PartitionRead> reads = new ArrayList<>();
        /** Belongs to the connection's lane. */
        private boolean wasHeard;
        /** All below belong to the owner's lane. The next look is the first, by which followers acknowledge what they have. */
        private boolean isFirstLook;

        /** By place in {@link #reads}: what {@link #run} is run for when it grows. */
        private final BitSet watched = new BitSet();

        /** By place in {@link #reads}: what the session is told of when it grows. */
        private final BitSet resting = new BitSet();

        private Lane.@Nullable Timer opening;

        private boolean isStopped;
        private boolean isConverting;
        private boolean hasGrown;

        Share(BrokerLane owner, boolean isFirstLook) {
            this.owner = owner;
            this.isFirstLook = isFirstLook;
        }

        /** Reads one more, and all others that do not rest. */
        void lookAt(PartitionRead read) {
            reads.add(read);
            run();
        }

        @Override
        public void run() {
            if (isStopped) return;
            hasGrown |= isConverting;
            if (isConverting) return;
            List<PartitionRead> results = new ArrayList<>(reads.size());
            long left = limits.maxBytes();
            long got = 0;
            boolean failed = false;
            long throttleFromMs = isForFollower() ? owner.leaderThrottle().openFromMs() : Long.MIN_VALUE;
            boolean isThrottled = throttleFromMs > owner.clock().monotonicMs();
            // One window's worth in one answer, so that the replicas of many partitions do not exceed it all at once.
            long throttleLeft = isThrottled ? 0 : owner.leaderThrottle().windowBytes();
            BitSet heldBack = null;
            for (int i = resting.nextClearBit(0); i < reads.size(); i = resting.nextClearBit(i + 1)) {
                PartitionRead result = read(reads.get(i), (int) Math.max(0, left), got == 0, throttleLeft > 0);
                results.add(result);
                left -= result.sizeBytes();
                got += result.sizeBytes();
                if (result.isThrottled()) throttleLeft -= result.sizeBytes();
                failed |= result.isUrgent();
                if (!result.isHeldBack()) continue;
                if (heldBack == null) heldBack = new BitSet();
                heldBack.set(i);
            }
            rest(results);
            if (mayWait && !failed && got < limits.minBytes()) watchAll(heldBack, throttleFromMs);
            isFirstLook = false;
            // Followers get what is there, in whatever format.
            if (!isForFollower() && OldFormats.mayBeIn(results)) convert(results);
            else home.run(() -> take(results));
        }

        /** After all looks, as one of them may have moved what another has read. */
        private void rest(List<PartitionRead> results) {
            int place = -1;
            for (PartitionRead result : results) {
                place = resting.nextClearBit(place + 1);
                if (owner.partitions().rest(result)) resting.set(place);
            }
        }

        private boolean isForFollower() {
            return reads.get(0).wanted().follower() != null;
        }

        private PartitionRead read(PartitionRead read, int bytesLeft, boolean atLeastOneBatch, boolean isThrottleOpen) {
            if (isForFollower())
                return owner.partitions()
                        .readForFollower(read, isFirstLook, bytesLeft, atLeastOneBatch, isThrottleOpen);
            Reader.Place place = reader.place();
            PartitionRead elsewhere = place == null ? null : NearestReplica.instead(owner, read, place);
            return elsewhere == null
                    ? owner.partitions().read(read, reader.mayReadAtFollowers(), bytesLeft, atLeastOneBatch)
                    : elsewhere;
        }

        /** Watches what does not rest, nor gets anything before the replication throttle opens. */
        private void watchAll(@Nullable BitSet heldBack, long throttleFromMs) {
            for (int i = resting.nextClearBit(0); i < reads.size(); i = resting.nextClearBit(i + 1)) {
                if (watched.get(i) || (heldBack != null && heldBack.get(i))) continue;
                watched.set(i);
                watch(reads.get(i));
            }
            long nowMs = owner.clock().monotonicMs();
            if (heldBack == null || opening != null || throttleFromMs <= nowMs) return;
            opening = owner.lane().schedule(throttleFromMs - nowMs, () -> {
                opening = null;
                run();
            });
        }

        private void watch(PartitionRead read) {
            if (isForFollower()) owner.partitions().watchEnd(read.topicPartition(), this);
            else owner.partitions().watch(read.topicPartition(), this);
        }

        /** What grows meanwhile is looked at when it is done, so that no older answer overtakes a newer one. */
        private void convert(List<PartitionRead> found) {
            isConverting = true;
            hasGrown = false;
            owner.partitions().oldFormats().convert(owner.lane(), found, limits.maxBytes(), results -> {
                isConverting = false;
                home.run(() -> take(results));
                if (hasGrown) run();
            });
        }

        private void take(List<PartitionRead> results) {
            for (PartitionRead result : results) {
                if (isDone) result.release();
                else taken(result);
            }
            if (!isDone) heardFrom(this);
        }

        void stop() {
            isStopped = true;
            if (opening != null) opening.cancel();
            for (int i = watched.nextSetBit(0); i >= 0; i = watched.nextSetBit(i + 1)) {
                PartitionRead read = reads.get(i);
                if (isForFollower()) owner.partitions().unwatchEnd(read.topicPartition(), this);
                else owner.partitions().unwatch(read.topicPartition(), this);
            }
        }
    }

    private void taken(PartitionRead result) {
        PartitionRead read = reads.get(result.position());
        read.take(result);
        if (session == null || plan == null) return;
        FollowedPartition followed = plan.partitions().get(result.position());
        if (read.isResting()) session.rests(followed, read.rest());
        else session.wake(followed);
    }
}
