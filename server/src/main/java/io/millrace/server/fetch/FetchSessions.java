package io.millrace.server.fetch;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.FetchRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The fetch sessions of one lane's connections (KIP-227). Their number is bounded: when it is full, a session unused for
 * {@link #EVICTABLE_AFTER_MS} makes room, or for a follower any client's; if there is none, who asks is served without one.
 */
public final class FetchSessions {
    /** A session unused for so long may be given up for a new one. */
    static final long EVICTABLE_AFTER_MS = 120_000;

    private static final int INITIAL_EPOCH = 0;
    private static final int FINAL_EPOCH = -1;

    /** Partitions that all sessions of a lane may remember together; each takes about a hundred bytes. */
    private static final int MAX_FOLLOWED = 1_000_000;

    /** Oldest use first. */
    private final LinkedHashMap<Integer, FetchSession> sessions = new LinkedHashMap<>(16, 0.75f, true);

    private final int maxSessions;
    private final IntSupplier randomIds;
    private int followedCount;

    /**
     * Makes an empty set.
     *
     * @param maxSessions from 0, which turns sessions off
     * @param randomIds numbers to make session ids of
     */
    public FetchSessions(int maxSessions, IntSupplier randomIds) {
        this.maxSessions = maxSessions;
        this.randomIds = randomIds;
    }

    /**
     * What a request comes to.
     *
     * @param error {@link ErrorCode#NONE}, or what the whole request is refused with
     * @param session the session it belongs to, if any
     * @param isIncremental whether the answer leaves out partitions without news
     * @param partitions what is to be read, in serving order; without those that rest, which may be added when they do no longer
     */
    public record Plan(
            ErrorCode error,
            @Nullable FetchSession session,
            boolean isIncremental,
            List<FollowedPartition> partitions) {
        /** The session id of the answer. */
        public int sessionId() {
            return session == null ? 0 : session.id();
        }
    }

    /** The broker whose follower a fetch is from, from 0 up; below 0 if a client fetches. */
    public static int replicaIdOf(FetchRequest request) {
        return Math.max(request.replicaId(), request.replicaState().replicaId());
    }

    /** Finds or makes the session of a request, and says what is to be read. */
    public Plan plan(FetchRequest request, boolean byTopicId, long nowMs) {
        if (request.sessionEpoch() == INITIAL_EPOCH || request.sessionEpoch() == FINAL_EPOCH) {
            forget(request.sessionId());
            List<FollowedPartition> wanted = FetchSession.wanted(request);
            boolean wantsSession = request.sessionEpoch() == INITIAL_EPOCH && !wanted.isEmpty();
            FetchSession session = wantsSession ? create(request, byTopicId, wanted.size(), nowMs) : null;
            return new Plan(ErrorCode.NONE, session, false, session == null ? wanted : session.due());
        }
        FetchSession session = sessions.get(request.sessionId());
        if (session == null) return refused(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
        if (session.nextEpoch() != request.sessionEpoch()) return refused(ErrorCode.INVALID_FETCH_SESSION_EPOCH);
        if (session.byTopicId() != byTopicId) return refused(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
        followedCount -= session.size();
        session.update(request, nowMs);
        followedCount += session.size();
        session.used(nowMs);
        if (session.size() > 0 && followedCount <= MAX_FOLLOWED)
            return new Plan(ErrorCode.NONE, session, true, session.due());
        // Nothing is followed any more, or it is too much: the answer names no session, so the client begins anew.
        forget(session.id());
        return new Plan(ErrorCode.NONE, null, false, session.due());
    }

    private static Plan refused(ErrorCode error) {
        return new Plan(error, null, false, List.of());
    }

    private @Nullable FetchSession create(FetchRequest request, boolean byTopicId, int partitionCount, long nowMs) {
        boolean isOfReplica = replicaIdOf(request) >= 0;
        while (!sessions.isEmpty() && isFull(partitionCount)) {
            FetchSession evicted = evictable(isOfReplica, nowMs);
            if (evicted == null) return null;
            forget(evicted.id());
        }
        if (isFull(partitionCount)) return null;
        int id;
        do id = 1 + Math.floorMod(randomIds.getAsInt(), Integer.MAX_VALUE);
        while (sessions.containsKey(id));
        FetchSession session = new FetchSession(id, byTopicId, isOfReplica, nowMs);
        session.update(request, nowMs);
        sessions.put(id, session);
        followedCount += session.size();
        return session;
    }

    private @Nullable FetchSession evictable(boolean forReplica, long nowMs) {
        FetchSession oldest = sessions.values().iterator().next();
        if (nowMs - oldest.lastUsedMs() >= EVICTABLE_AFTER_MS) return oldest;
        if (forReplica) for (FetchSession session : sessions.values()) if (!session.isOfReplica()) return session;
        return null;
    }

    private boolean isFull(int partitionCount) {
        return sessions.size() >= maxSessions || followedCount + partitionCount > MAX_FOLLOWED;
    }

    private void forget(int id) {
        FetchSession gone = sessions.remove(id);
        if (gone == null) return;
        followedCount -= gone.size();
        gone.endRests();
    }

    /**
     * Takes a session out, for the lane that its connection moves to.
     *
     * @return empty if there is none of that id, or another connection's fetch of it is under way here: then
     *     it is given up, and the client begins anew
     */
    public Optional<FetchSession> giveAway(int id) {
        FetchSession session = sessions.get(id);
        forget(id);
        return Optional.ofNullable(session).filter(one -> !one.isInUse());
    }

    /**
     * Takes a session over from another lane. If there is no room, or its id is in use here, it is dropped: the client is told
     * that it is not known and begins anew.
     */
    public void takeOver(FetchSession session) {
        if (sessions.containsKey(session.id()) || isFull(session.size())) return;
        sessions.put(session.id(), session);
        followedCount += session.size();
    }

    /** The session of that id; null if there is none. */
    @Nullable
    FetchSession find(int id) {
        return sessions.get(id);
    }

    /** How many there are. */
    public int size() {
        return sessions.size();
    }

    /** Partitions remembered by all of them. */
    public int followedCount() {
        return followedCount;
    }
}
