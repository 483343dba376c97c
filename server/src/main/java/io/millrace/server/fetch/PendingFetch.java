package io.millrace.server.fetch;

import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.NearestReplica;
import io.millrace.server.partitions.OldFormats;
import io.millrace.server.partitions.PartitionRead;
import io.millrace.server.partitions.Reader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One fetch on its way: read at once, and, as long as that is too little, again whenever one of its partitions grows, until
 * there is enough or the client's patience ends. It lives on the connection's lane; the reading and the watching for growth
 * happen on the partitions' lanes, a {@link Share} on each.
 */
public final class PendingFetch {
    /** What one fetch asks for in all. {@code minBytes} from 0, {@code maxBytes} soft (KIP-74), {@code maxWaitMs} from 0. */
    public record Limits(int minBytes, int maxBytes, long maxWaitMs) {}

    private final BrokerLane home;
    private final Limits limits;
    private final List<PartitionRead> reads;
    private final Reader reader;
    private final Runnable finished;
    private final List<Share> shares = new ArrayList<>(1);
    private final boolean mayWait;
    private int sharesToHearFrom;
    private boolean isDone;
    private Lane.@Nullable Timer patience;

    /**
     * Prepares. Called on the connection's lane.
     *
     * @param reads the partitions to read, in serving order; those already refused carry their error
     * @param reader which replicas may serve it
     * @param finished called on the connection's lane when {@code reads} hold what is to be answered
     */
    public PendingFetch(BrokerLane home, Limits limits, List<PartitionRead> reads, Reader reader, Runnable finished) {
        this.home = home;
        this.limits = limits;
        this.reads = reads;
        this.reader = reader;
        this.finished = finished;
        boolean refused = false;
        for (PartitionRead read : reads) {
            if (read.error() != ErrorCode.NONE) refused = true;
            else shareOf(home.ownerOf(read.topicPartition())).reads.add(read);
        }
        // A refusal is answered at once, since the client has to act on it; so is a fetch of nothing, which nothing can
        // end.
        mayWait = !refused && !reads.isEmpty() && limits.maxWaitMs() > 0 && limits.minBytes() > 0;
    }

    private Share shareOf(BrokerLane owner) {
        for (Share share : shares) if (share.owner == owner) return share;
        Share share = new Share(owner);
        shares.add(share);
        return share;
    }

    /** The lane that owns all partitions asked for; null if several do, or none was found. */
    public @Nullable Lane onlyOwner() {
        return shares.size() == 1 ? shares.get(0).owner.lane() : null;
    }

    /** Begins; may finish before it returns. */
    public void start() {
        sharesToHearFrom = shares.size();
        if (shares.isEmpty()) finishOrWait();
        for (int i = 0; i < shares.size() && !isDone; i++) {
            Share share = shares.get(i);
            share.owner.run(share);
        }
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
        if (!mayWait || failed || bytes >= limits.minBytes()) finish();
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
    }

    private void end() {
        isDone = true;
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
        /** All below belong to the owner's lane. */
        private boolean watches;

        private boolean wasLookedAt;

        /** What is not watched, as it gets nothing before the replication throttle opens; null for none. */
        private @Nullable Set<PartitionRead> unwatched;

        private Lane.@Nullable Timer opening;

        private boolean isStopped;
        private boolean isConverting;
        private boolean hasGrown;

        Share(BrokerLane owner) {
            this.owner = owner;
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
            for (PartitionRead read : reads) {
                PartitionRead result = read(read, (int) Math.max(0, left), got == 0, throttleLeft > 0);
                results.add(result);
                left -= result.sizeBytes();
                got += result.sizeBytes();
                if (result.isThrottled()) throttleLeft -= result.sizeBytes();
                failed |= result.isUrgent();
            }
            if (mayWait && !failed && got < limits.minBytes()) watchAll(results, throttleFromMs);
            wasLookedAt = true;
            // Followers get what is there, in whatever format.
            if (!isForFollower() && OldFormats.mayBeIn(results)) convert(results);
            else home.run(() -> take(results));
        }

        private boolean isForFollower() {
            return reads.get(0).wanted().follower() != null;
        }

        private PartitionRead read(PartitionRead read, int bytesLeft, boolean atLeastOneBatch, boolean isThrottleOpen) {
            if (isForFollower())
                return owner.partitions()
                        .readForFollower(read, !wasLookedAt, bytesLeft, atLeastOneBatch, isThrottleOpen);
            Reader.Place place = reader.place();
            PartitionRead elsewhere = place == null ? null : NearestReplica.instead(owner, read, place);
            return elsewhere == null
                    ? owner.partitions().read(read, reader.mayReadAtFollowers(), bytesLeft, atLeastOneBatch)
                    : elsewhere;
        }

        private void watchAll(List<PartitionRead> results, long throttleFromMs) {
            Set<PartitionRead> heldBack = null;
            for (int i = 0; i < results.size(); i++) {
                PartitionRead read = reads.get(i);
                if (results.get(i).isHeldBack()) {
                    if (heldBack == null) heldBack = Collections.newSetFromMap(new IdentityHashMap<>());
                    if (!watches || (unwatched != null && unwatched.contains(read))) heldBack.add(read);
                } else if (!watches || (unwatched != null && unwatched.contains(read))) watch(read);
            }
            watches = true;
            unwatched = heldBack;
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
                else PendingFetch.this.reads.get(result.position()).take(result);
            }
            if (!isDone) heardFrom(this);
        }

        void stop() {
            isStopped = true;
            if (opening != null) opening.cancel();
            if (!watches) return;
            for (PartitionRead read : reads) {
                if (isForFollower()) owner.partitions().unwatchEnd(read.topicPartition(), this);
                else owner.partitions().unwatch(read.topicPartition(), this);
            }
        }
    }
}
