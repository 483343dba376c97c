package io.millrace.client.membership;

import io.millrace.protocol.messages.HeartbeatRequest;
import java.util.List;

/** When a member's next heartbeat is due, and which one is on its way. Whether it may send any is the membership's to say. */
final class Heartbeats {
    private static final long NEVER = Long.MAX_VALUE;
    private static final long NO_CALL = -1;

    private final MembershipRules rules;
    private long call = NO_CALL;
    private long fromMs = NEVER;

    Heartbeats(MembershipRules rules) {
        this.rules = rules;
    }

    boolean isAsking() {
        return call != NO_CALL;
    }

    boolean isItsCall(long number) {
        return call == number;
    }

    /** When the next one is due, if there may be one; {@link Long#MAX_VALUE} for never. */
    long dueMs() {
        return fromMs;
    }

    /** It is a member anew: what is on its way is of another time. */
    void begin(long nowMs) {
        call = NO_CALL;
        next(nowMs);
    }

    /** The coordinator has just heard of it by something else. */
    void next(long nowMs) {
        fromMs = nowMs + rules.heartbeatMs();
    }

    /** It is no member any more. */
    void end() {
        call = NO_CALL;
        fromMs = NEVER;
    }

    /** One is due now: there is reason to think that it is not a member any more. */
    void hurry(long nowMs) {
        fromMs = Math.min(fromMs, nowMs);
    }

    /** The last one came to nothing. */
    void again(long atMs) {
        fromMs = atMs;
    }

    /** The one that is on its way is answered, or will not be. */
    void over() {
        call = NO_CALL;
    }

    /** Sends one. */
    void send(HeartbeatRequest request, long itsCall, long nowMs, List<MembershipAction> actions) {
        call = itsCall;
        next(nowMs);
        actions.add(new MembershipAction.Ask(
                itsCall, request, Math.min(rules.requestTimeoutMs(), rules.sessionTimeoutMs())));
    }
}
