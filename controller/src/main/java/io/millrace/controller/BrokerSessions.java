package io.millrace.controller;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.ClusterImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * When each broker was last heard of, and how far it has read the metadata. Known to the active controller only and not replicated: a new controller gives
 * every broker a fresh session.
 */
final class BrokerSessions {
    private final long timeoutMs;
    private final Map<Integer, Session> sessions = new TreeMap<>();

    private static final class Session {
        private final long epoch;
        private long lastContactMs;
        private long metadataOffset = -1;
        private long shutdownOffset = Long.MAX_VALUE;

        Session(long epoch, long lastContactMs) {
            this.epoch = epoch;
            this.lastContactMs = lastContactMs;
        }
    }

    BrokerSessions(long timeoutMs) {
        this.timeoutMs = timeoutMs;
    }

    /** Begins anew: who is awake by the image was heard of now. */
    void reset(ClusterImage cluster, long nowMs) {
        sessions.clear();
        for (BrokerImage broker : cluster.brokersInOrder())
            if (!broker.isFenced()) sessions.put(broker.id(), new Session(broker.epoch(), nowMs));
    }

    /** The broker was heard of. */
    void touch(int brokerId, long epoch, long nowMs, long metadataOffset) {
        Session session = sessions.get(brokerId);
        if (session == null || session.epoch != epoch) {
            session = new Session(epoch, nowMs);
            sessions.put(brokerId, session);
        }
        session.lastContactMs = nowMs;
        session.metadataOffset = Math.max(session.metadataOffset, metadataOffset);
    }

    /** The broker is gone, or begins a new life. */
    void forget(int brokerId) {
        sessions.remove(brokerId);
    }

    /** Whether the broker was heard of, in that life, within the timeout. */
    boolean isValid(int brokerId, long epoch, long nowMs) {
        Session session = sessions.get(brokerId);
        return session != null && session.epoch == epoch && nowMs - session.lastContactMs < timeoutMs;
    }

    /** The broker hands its leaderships over by records up to this offset. */
    void shutsDownWith(int brokerId, long lastOffset) {
        Session session = sessions.get(brokerId);
        if (session != null && session.shutdownOffset == Long.MAX_VALUE) session.shutdownOffset = lastOffset;
    }

    /** Whether every broker that is awake knows that this one leads nothing any more. */
    boolean mayStop(int brokerId, ClusterImage cluster) {
        Session leaving = sessions.get(brokerId);
        if (leaving == null) return true;
        for (Map.Entry<Integer, Session> other : sessions.entrySet())
            if (cluster.isActive(other.getKey()) && other.getValue().metadataOffset < leaving.shutdownOffset)
                return false;
        return true;
    }

    /** Brokers that are awake by the image and have not been heard of for too long, in order. */
    List<Integer> expired(ClusterImage cluster, long nowMs) {
        List<Integer> expired = new ArrayList<>();
        for (BrokerImage broker : cluster.brokersInOrder())
            if (!broker.isFenced() && !isValid(broker.id(), broker.epoch(), nowMs)) expired.add(broker.id());
        return expired;
    }

    /** When the next broker would be too long silent; empty if none is awake. */
    OptionalLong nextExpiryMs(ClusterImage cluster) {
        long earliest = Long.MAX_VALUE;
        for (Map.Entry<Integer, Session> each : sessions.entrySet()) {
            BrokerImage broker = cluster.broker(each.getKey());
            if (broker != null && !broker.isFenced())
                earliest = Math.min(earliest, each.getValue().lastContactMs + timeoutMs);
        }
        return earliest == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(earliest);
    }
}
