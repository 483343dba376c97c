package io.millrace.raft;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Which replicas are being asked something, one request each, and which are left alone for a while. Somebody of whom only an
 * address is known counts as one more.
 */
final class Contacts {
    private static final long NOBODY = 0;

    private final Map<Integer, QuorumAction.Ask> inFlight = new TreeMap<>();
    private final Map<Integer, Long> leftAloneUntilMs = new TreeMap<>();
    private long nextNumber = 1;
    private long numberAround = NOBODY;
    private long aroundLeftAloneUntilMs = Long.MIN_VALUE;

    /** Asks a replica, unless it is being asked something or left alone. */
    Optional<QuorumAction.Ask> ask(ReplicaKey to, PeerRequest request, long nowMs) {
        if (inFlight.containsKey(to.id())) return Optional.empty();
        leftAloneUntilMs.values().removeIf(untilMs -> untilMs <= nowMs);
        if (leftAloneUntilMs.containsKey(to.id())) return Optional.empty();
        var ask = new QuorumAction.Ask(nextNumber++, to, request);
        inFlight.put(to.id(), ask);
        return Optional.of(ask);
    }

    /** Asks somebody of whom only an address is known, unless such a one is being asked or all are left alone. */
    Optional<QuorumAction.AskAround> askAround(PeerRequest.Fetch request, long nowMs) {
        if (numberAround != NOBODY || aroundLeftAloneUntilMs > nowMs) return Optional.empty();
        numberAround = nextNumber++;
        return Optional.of(new QuorumAction.AskAround(numberAround, request));
    }

    /** Whether this was {@link #askAround}, which has come to its end; nobody is asked so again before a moment. */
    boolean endAround(long number, long leftAloneUntilMs) {
        if (number != numberAround) return false;
        numberAround = NOBODY;
        aroundLeftAloneUntilMs = leftAloneUntilMs;
        return true;
    }

    /** Whether a replica may be asked something. */
    boolean isFree(int id, long nowMs) {
        return !inFlight.containsKey(id) && leftAloneUntilMs.getOrDefault(id, nowMs) <= nowMs;
    }

    /** Whether nobody is being asked anything. */
    boolean isIdle() {
        return inFlight.isEmpty() && numberAround == NOBODY;
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
        numberAround = NOBODY;
    }

    /** When the next that is left alone may be asked again, if that lies after a moment. */
    long nextDueMs(long nowMs) {
        leftAloneUntilMs.values().removeIf(untilMs -> untilMs <= nowMs);
        long next = aroundLeftAloneUntilMs > nowMs ? aroundLeftAloneUntilMs : Long.MAX_VALUE;
        for (long untilMs : leftAloneUntilMs.values()) next = Math.min(next, untilMs);
        return next;
    }
}
