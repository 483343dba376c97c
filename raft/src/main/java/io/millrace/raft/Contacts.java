package io.millrace.raft;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Which replicas are being asked something, one request each, and which are left alone for a while. */
final class Contacts {
    private final Map<Integer, QuorumAction.Ask> inFlight = new TreeMap<>();
    private final Map<Integer, Long> leftAloneUntilMs = new TreeMap<>();
    private long nextNumber = 1;

    /** Asks a replica, unless it is being asked something or left alone. */
    Optional<QuorumAction.Ask> ask(ReplicaKey to, PeerRequest request, long nowMs) {
        if (inFlight.containsKey(to.id())) return Optional.empty();
        leftAloneUntilMs.values().removeIf(untilMs -> untilMs <= nowMs);
        if (leftAloneUntilMs.containsKey(to.id())) return Optional.empty();
        var ask = new QuorumAction.Ask(nextNumber++, to, request);
        inFlight.put(to.id(), ask);
        return Optional.of(ask);
    }

    /** Whether a replica may be asked something. */
    boolean isFree(int id, long nowMs) {
        return !inFlight.containsKey(id) && leftAloneUntilMs.getOrDefault(id, nowMs) <= nowMs;
    }

    /** Whether nobody is being asked anything. */
    boolean isIdle() {
        return inFlight.isEmpty();
    }

    /** A request has come to its end; returns it if anybody still wants to know. */
    Optional<QuorumAction.Ask> end(long number) {
        for (QuorumAction.Ask ask : inFlight.values()) {
            if (ask.number() != number) continue;
            inFlight.remove(ask.to().id());
            return Optional.of(ask);
        }
        return Optional.empty();
    }

    /** Asks a replica nothing before a moment. */
    void leaveAlone(int id, long untilMs) {
        leftAloneUntilMs.put(id, untilMs);
    }

    /** Nobody wants to know any more what was asked so far. */
    void forget() {
        inFlight.clear();
    }

    /** When the next replica that is left alone may be asked again, if that lies after a moment. */
    long nextDueMs(long nowMs) {
        leftAloneUntilMs.values().removeIf(untilMs -> untilMs <= nowMs);
        long next = Long.MAX_VALUE;
        for (long untilMs : leftAloneUntilMs.values()) next = Math.min(next, untilMs);
        return next;
    }
}
