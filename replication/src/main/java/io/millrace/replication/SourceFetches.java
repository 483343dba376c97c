package io.millrace.replication;

import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of one source broker for all partitions that are followed from it: one fetch at a time, in a session (KIP-227), and look-ups for
 * those that do not know where to fetch. A round costs what changed, however many partitions are followed.
 *
 * <p>A request of a partition stays open until it is answered, over as many fetches and connections as that takes.
 *
 * @param <R> the replicas that follow
 */
public final class SourceFetches<R extends SourceFetches.Replica> {
    /** Partitions that one fetch adds to a session; the others are added by the next ones. */
    static final int MOST_ADDED = 1_000;

    /** A replica that follows. */
    public interface Replica {
        /** The leadership it follows. */
        int leaderEpoch();

        /** What to ask now; empty while a request is open, or nothing can be asked. */
        Optional<FollowerRequest> next();

        /** Until when it asks nothing; in the past if it waits for something else. */
        long waitUntilMs();

        /** Whether its records count against the replication throttle, and are not asked for while that is used up (KIP-73). */
        default boolean isThrottled() {
            return false;
        }
    }

    /** What a replica asks. */
    public record Ask<R>(PartitionId partition, R replica, FollowerRequest request) {}

    /**
     * What to send now.
     *
     * @param sessionId    of the fetch; 0 for none
     * @param sessionEpoch of the fetch; 0 if it begins a session, and says all that is wanted
     * @param fetches      what the fetch says of partitions; each has a {@link FollowerRequest.Fetch}
     * @param forgotten    which partitions it says are not wanted any longer
     * @param isFetchDue   whether there is a fetch to be sent, which may say nothing that is new
     * @param hasMore      whether more waits to be said, so that the fetch is not to wait for records
     * @param lookUps      what is to be asked otherwise
     */
    public record Round<R>(
            int sessionId,
            int sessionEpoch,
            List<Ask<R>> fetches,
            List<PartitionId> forgotten,
            boolean isFetchDue,
            boolean hasMore,
            List<Ask<R>> lookUps) {}

    /** What to do with the answer to a fetch. */
    public enum Verdict {
        /** What it says of partitions is to be told to their replicas: {@link #asked}, {@link #answered}, then {@link #unmentioned}. */
        TAKEN,
        /** It says nothing of partitions; ask again at once. */
        ASK_AGAIN,
        /** It says nothing of partitions; ask again after a while. */
        WAIT
    }

    private static final class Followed<R extends Replica> {
        final PartitionId id;
        final R replica;
        long waitUntilMs;

        @Nullable
        FollowerRequest open;

        Followed(PartitionId id, R replica) {
            this.id = id;
            this.replica = replica;
            this.waitUntilMs = replica.waitUntilMs();
        }
    }

    private final Map<PartitionId, Followed<R>> followed = new HashMap<>();
    /** Those that were throttled when they were looked at last. */
    private final Set<Followed<R>> throttled = new LinkedHashSet<>();

    private final FetchTurns<Followed<R>> turns = new FetchTurns<>();
    private final SourceSession session = new SourceSession();

    /** How many partitions are followed. */
    public int size() {
        return followed.size();
    }

    /** The replica is to follow from here; in the place of another one of the same partition, if there is one. */
    public void follow(PartitionId partition, R replica) {
        leave(partition);
        Followed<R> one = new Followed<>(partition, replica);
        followed.put(partition, one);
        note(one);
        turns.now(one);
    }

    private void note(Followed<R> one) {
        if (one.replica.isThrottled()) throttled.add(one);
        else throttled.remove(one);
    }

    /** The throttle has another rate, so that those that waited for it may have waited long enough. */
    public void throttleChanged() {
        for (Followed<R> one : throttled) turns.now(one);
    }

    /** Nothing is asked for the partition any longer. Returns what was asked and will not be answered. */
    public Optional<FollowerRequest> leave(PartitionId partition) {
        Followed<R> gone = followed.remove(partition);
        if (gone == null) return Optional.empty();
        turns.remove(gone);
        throttled.remove(gone);
        session.drop(partition);
        return Optional.ofNullable(gone.open);
    }

    /** The replica may have something to ask that it did not have: it follows a later leadership, or has been held up. */
    public void ready(PartitionId partition) {
        Followed<R> one = followed.get(partition);
        if (one == null) return;
        if (one.open != null && leaderEpoch(one.open) != one.replica.leaderEpoch()) one.open = null;
        note(one);
        turns.now(one);
    }

    private static int leaderEpoch(FollowerRequest request) {
        return switch (request) {
            case FollowerRequest.Fetch fetch -> fetch.leaderEpoch();
            case FollowerRequest.LogRange range -> range.leaderEpoch();
            case FollowerRequest.EndOfEpoch end -> end.leaderEpoch();
        };
    }

    /** When a round may have something to say that the last one had not; {@link Long#MAX_VALUE} if only others can bring that about. */
    public long nextAtMs() {
        return turns.isAnyDue() ? Long.MIN_VALUE : turns.nextAtMs();
    }

    /** As the other, with a throttle that is not used up. */
    public Round<R> next(long nowMs) {
        return next(nowMs, Long.MIN_VALUE);
    }

    /**
     * What to send now. Not to be asked while a fetch is under way.
     *
     * @param throttledUntilMs before which no records of throttled replicas are asked for; in the past if they may be
     */
    public Round<R> next(long nowMs, long throttledUntilMs) {
        for (PartitionId again : session.begin()) {
            Followed<R> one = followed.get(again);
            if (one != null) turns.now(one);
        }
        if (throttledUntilMs > nowMs) holdBack(throttledUntilMs);
        int roomToAdd = session.isRefused() ? Integer.MAX_VALUE : MOST_ADDED;
        List<Ask<R>> fetches = new ArrayList<>();
        List<Ask<R>> lookUps = new ArrayList<>();
        for (Followed<R> one : turns.take(nowMs)) {
            boolean isKnown = session.holds(one.id);
            if (!isKnown && roomToAdd == 0) {
                turns.now(one);
                continue;
            }
            if (one.open == null) one.open = one.replica.next().orElse(null);
            switch (one.open) {
                case null -> {
                    session.drop(one.id);
                    long untilMs = one.replica.waitUntilMs();
                    if (untilMs > nowMs) turns.later(one, untilMs);
                }
                // One request cannot say that it is wanted no longer, and that it is wanted.
                case FollowerRequest.Fetch ignored when session.isForgetting(one.id) -> turns.now(one);
                case FollowerRequest.Fetch fetch -> {
                    if (!isKnown) roomToAdd--;
                    if (session.say(one.id, fetch)) fetches.add(new Ask<>(one.id, one.replica, fetch));
                }
                case FollowerRequest.LogRange range -> {
                    session.drop(one.id);
                    lookUps.add(new Ask<>(one.id, one.replica, range));
                }
                case FollowerRequest.EndOfEpoch end -> {
                    session.drop(one.id);
                    lookUps.add(new Ask<>(one.id, one.replica, end));
                }
            }
        }
        // Of a session without partitions nothing is known after the answer; the next fetch begins another.
        boolean isFetchDue = !session.isEmpty();
        return new Round<>(
                session.id(),
                session.epoch(),
                fetches,
                isFetchDue ? session.takeForgotten() : List.of(),
                isFetchDue,
                turns.isAnyDue(),
                lookUps);
    }

    /** What they ask stays open, and is said when their turn comes. */
    private void holdBack(long untilMs) {
        for (Followed<R> one : throttled) {
            if (one.open instanceof FollowerRequest.LogRange || one.open instanceof FollowerRequest.EndOfEpoch)
                continue;
            session.drop(one.id);
            turns.later(one, untilMs);
        }
    }

    /** A fetch was answered. */
    public Verdict fetched(ErrorCode error, int sessionId) {
        return switch (session.answered(error, sessionId)) {
            case TAKEN -> Verdict.TAKEN;
            case SAY_ALL -> Verdict.ASK_AGAIN;
            case REFUSED -> Verdict.WAIT;
        };
    }

    /** What the replica has asked that an answer to a fetch is about; empty if it is about nothing that is asked now. */
    public Optional<Ask<R>> asked(PartitionId partition) {
        Followed<R> one = followed.get(partition);
        if (one != null && one.open instanceof FollowerRequest.Fetch fetch && session.saidLast(partition, fetch))
            return Optional.of(new Ask<>(partition, one.replica, fetch));
        // The source will not say again what the replica did not hear.
        if (session.holds(partition)) session.renew();
        return Optional.empty();
    }

    /** Whether it is still this that the replica asks. */
    @SuppressWarnings("ReferenceEquality") // of two equal requests the second may be open
    public boolean isOpen(Ask<R> ask) {
        Followed<R> one = followed.get(ask.partition());
        return one != null && one.replica == ask.replica() && one.open == ask.request();
    }

    /** The replica was told the answer to what it asked. */
    @SuppressWarnings("ReferenceEquality") // a replica is nothing but itself
    public void answered(Ask<R> ask) {
        Followed<R> one = followed.get(ask.partition());
        if (one == null || one.replica != ask.replica()) return;
        one.open = null;
        note(one);
        turns.now(one);
        long untilMs = one.replica.waitUntilMs();
        if (untilMs == one.waitUntilMs) return;
        // It could not use what the source believes to have told it, and will begin anew with it.
        one.waitUntilMs = untilMs;
        session.drop(one.id);
    }

    /** What an answer to a fetch that began a session, and so had to name all partitions, did not name. */
    public List<Ask<R>> unmentioned(Round<R> round) {
        if (round.sessionEpoch() != 0) return List.of();
        List<Ask<R>> left = new ArrayList<>();
        for (Ask<R> ask : round.fetches()) if (isOpen(ask)) left.add(ask);
        return left;
    }

    /** The connection is gone, and with it the session and whatever was under way; open requests are sent again. */
    public void lost() {
        session.lost();
        for (Followed<R> one : followed.values()) if (one.open != null) turns.now(one);
    }
}
