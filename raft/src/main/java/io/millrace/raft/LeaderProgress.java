package io.millrace.raft;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How far the replicas hold the leader's log on stable storage, and when the leader last heard of them; and so what is
 * committed, and whether the leader still has a majority behind it. The leader's own log counts only as far as it is forced.
 * Who votes is asked each time: it changes with the log (KIP-853).
 */
public final class LeaderProgress {
    /** An observer that was not heard of for this long is forgotten, as in Kafka. */
    private static final long OBSERVER_SILENCE_MS = 300_000;

    /** More than nodes any cluster has; others fetch, too, but nothing is remembered of them. */
    private static final int MOST_OBSERVERS = 10_000;

    /** In the place of a moment: not in this epoch. */
    public static final long NEVER = Long.MIN_VALUE / 4;

    private final long epochStartOffset;
    private final long sinceMs;
    private final Map<Integer, Replica> voters = new TreeMap<>();
    private final Map<ReplicaKey, Replica> observers = new TreeMap<>();
    private VoterSet counted = VoterSet.NONE;

    /**
     * What the leader knows of a replica.
     *
     * @param heldOffset everything below is on its stable storage, 0 if nothing is known
     * @param fetchedAtMs its last fetch, or {@link #NEVER}
     * @param endAtFetch the leader's log end offset at that fetch
     * @param caughtUpAtMs when it last had all of the leader's log, or {@link #NEVER}
     * @param heardAtMs when it last asked for log or snapshot, or {@link #NEVER}
     * @param toldAtMs when it last acknowledged who leads, or {@link #NEVER}
     */
    public record Replica(
            long heldOffset, long fetchedAtMs, long endAtFetch, long caughtUpAtMs, long heardAtMs, long toldAtMs) {
        private static final Replica UNKNOWN = new Replica(0, NEVER, 0, NEVER, NEVER, NEVER);

        private Replica holding(long offset) {
            return new Replica(
                    Math.max(heldOffset, offset), fetchedAtMs, endAtFetch, caughtUpAtMs, heardAtMs, toldAtMs);
        }

        private Replica heard(long nowMs) {
            return new Replica(heldOffset, fetchedAtMs, endAtFetch, caughtUpAtMs, nowMs, toldAtMs);
        }

        private Replica told(long nowMs) {
            return new Replica(heldOffset, fetchedAtMs, endAtFetch, caughtUpAtMs, heardAtMs, nowMs);
        }

        /** It is caught up now if it has all there is, and was at its last fetch if it has all there was then (KIP-836). */
        private Replica fetching(long offset, long logEndOffset, long nowMs) {
            long caughtUp = caughtUpAtMs;
            if (offset >= logEndOffset) caughtUp = nowMs;
            else if (fetchedAtMs != NEVER && offset >= endAtFetch) caughtUp = Math.max(caughtUp, fetchedAtMs);
            return new Replica(Math.max(heldOffset, offset), nowMs, logEndOffset, caughtUp, nowMs, toldAtMs);
        }
    }

    /**
     * @param epochStartOffset offset of the leader's first batch
     * @param sinceMs when the epoch began
     */
    LeaderProgress(long epochStartOffset, long sinceMs) {
        this.epochStartOffset = epochStartOffset;
        this.sinceMs = sinceMs;
    }

    /** Where the leader's epoch starts. */
    public long epochStartOffset() {
        return epochStartOffset;
    }

    /**
     * These vote from now on. What is known of a replica goes with it, and nothing of one that had the same id on another disk.
     */
    void count(VoterSet voterSet) {
        if (counted.equals(voterSet)) return;
        VoterSet before = counted;
        counted = voterSet;
        for (Voter voter : before.voters()) {
            if (voterSet.contains(voter.key())) continue;
            Replica known = voters.remove(voter.key().id());
            if (known != null) observers.put(voter.key(), known);
        }
        for (Voter voter : voterSet.voters()) {
            if (before.contains(voter.key())) continue;
            Replica known = observers.remove(voter.key());
            if (known != null) voters.put(voter.key().id(), known);
        }
    }

    /** Whether an observer had all of the leader's log at some moment from {@code fromMs} on. */
    boolean isCaughtUp(ReplicaKey observer, long fromMs) {
        Replica known = observers.get(observer);
        return known != null && known.caughtUpAtMs() != NEVER && known.caughtUpAtMs() >= fromMs;
    }

    /** A replica of the voters, which are asked by id. */
    public Replica voter(int id) {
        return voters.getOrDefault(id, Replica.UNKNOWN);
    }

    /** The observers that were heard of lately, by id. */
    public Map<ReplicaKey, Replica> observers() {
        return new TreeMap<>(observers);
    }

    /** A voter holds everything below {@code offset} on stable storage. */
    void held(int voterId, long offset) {
        voters.put(voterId, voter(voterId).holding(offset));
    }

    /** A replica fetches, and its log agrees with the leader's up to there. */
    void fetched(ReplicaKey replica, VoterSet voterSet, long offset, long logEndOffset, long nowMs) {
        if (offset > logEndOffset)
            throw new IllegalStateException(
                    "replica " + replica + " holds offset " + offset + " beyond the leader's " + logEndOffset);
        if (voterSet.contains(replica)) {
            voters.put(replica.id(), voter(replica.id()).fetching(offset, logEndOffset, nowMs));
            return;
        }
        observers.values().removeIf(observer -> nowMs - observer.heardAtMs() > OBSERVER_SILENCE_MS);
        if (observers.size() >= MOST_OBSERVERS && !observers.containsKey(replica)) return;
        Replica before = observers.getOrDefault(replica, Replica.UNKNOWN);
        observers.put(replica, before.fetching(offset, logEndOffset, nowMs));
    }

    /** A replica has acknowledged who leads. That is no proof that it can fetch. */
    void told(ReplicaKey replica, VoterSet voterSet, long nowMs) {
        if (voterSet.contains(replica))
            voters.put(replica.id(), voter(replica.id()).told(nowMs));
    }

    /** When a voter is to be told who leads, unless it fetches before. */
    long tellAtMs(int voterId, QuorumTimeouts timeouts) {
        Replica voter = voter(voterId);
        return Math.max(voter.heardAtMs(), voter.toldAtMs()) + timeouts.beginEpochIntervalMs();
    }

    /** A replica asks for log or snapshot, and its log may not agree with the leader's. */
    void heard(ReplicaKey replica, VoterSet voterSet, long nowMs) {
        if (voterSet.contains(replica))
            voters.put(replica.id(), voter(replica.id()).heard(nowMs));
    }

    /**
     * The offset below which everything is committed: held by a majority, and taking in a record of the leader's own epoch, for
     * an older epoch's record held by a majority can still be overwritten. 0 while there is none.
     */
    long committedOffset(VoterSet voterSet) {
        long[] held = new long[voterSet.voters().size()];
        int next = 0;
        for (int id : voterSet.ids()) held[next++] = voter(id).heldOffset();
        long byMajority = highestHeldByMajority(held);
        return byMajority > epochStartOffset ? byMajority : 0;
    }

    /** The latest moment by which the leader had heard of a majority, itself taken in if it votes. */
    long majorityHeardAtMs(VoterSet voterSet, ReplicaKey self, long nowMs) {
        long[] heard = new long[voterSet.voters().size()];
        int next = 0;
        for (Voter voter : voterSet.voters())
            heard[next++] = voter.is(self)
                    ? nowMs
                    : Math.max(sinceMs, voter(voter.key().id()).heardAtMs());
        return highestHeldByMajority(heard);
    }

    /** The other voters, those first that hold most. */
    List<ReplicaKey> fittest(VoterSet voterSet, ReplicaKey self) {
        List<ReplicaKey> others = new ArrayList<>();
        for (Voter voter : voterSet.voters()) if (!voter.is(self)) others.add(voter.key());
        others.sort(Comparator.<ReplicaKey>comparingLong(key -> voter(key.id()).heldOffset())
                .reversed()
                .thenComparing(Comparator.naturalOrder()));
        return others;
    }

    /** The highest value that more than half of the given ones reach. */
    static long highestHeldByMajority(long[] values) {
        if (values.length == 0) throw new IllegalArgumentException("no voters");
        long[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[(sorted.length - 1) / 2];
    }
}
