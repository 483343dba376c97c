package io.millrace.client.membership;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.messages.LeaveGroupResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Has the coordinator told that a member leaves, until one takes it or the time for it is over: the group would wait for the session
 * to time out else. One member's at a time; one that is not taken yet is forgotten for the next.
 */
final class Leaving {
    private static final long NEVER = Long.MAX_VALUE;

    private final MembershipRules rules;
    private @Nullable Request request;
    private long call;
    private boolean isAsking;
    private long againFromMs;
    private long untilMs;
    private int failures;

    Leaving(MembershipRules rules) {
        this.rules = rules;
    }

    /** Whether somebody is still to be told. */
    boolean isUnderWay() {
        return request != null;
    }

    /** When {@link #again} has something to do; {@link Long#MAX_VALUE} for never. */
    long wakeAtMs() {
        return isUnderWay() && !isAsking ? againFromMs : NEVER;
    }

    boolean isItsCall(long number) {
        return isUnderWay() && call == number;
    }

    void begin(Request leave, long itsCall, long nowMs, List<MembershipAction> actions) {
        request = leave;
        untilMs = nowMs + rules.requestTimeoutMs();
        failures = 0;
        ask(leave, itsCall, rules.requestTimeoutMs(), actions);
    }

    private void ask(Request leave, long itsCall, long timeoutMs, List<MembershipAction> actions) {
        call = itsCall;
        isAsking = true;
        actions.add(new MembershipAction.Ask(itsCall, leave, timeoutMs));
    }

    void giveUp() {
        request = null;
    }

    void answered(LeaveGroupResponse response, long nowMs, long randomBits, List<MembershipAction> actions) {
        ErrorCode error = ErrorCode.forCode(response.errorCode());
        if (!error.isRetriable()) {
            giveUp(); // If it is no member any more, so much the better.
            return;
        }
        if (error == ErrorCode.NOT_COORDINATOR || error == ErrorCode.COORDINATOR_NOT_AVAILABLE)
            actions.add(new MembershipAction.FindCoordinator());
        putOff("LeaveGroup was refused: " + error + ", " + error.message(), nowMs, randomBits, actions);
    }

    void unanswered(
            String sentence, boolean isUnsupported, long nowMs, long randomBits, List<MembershipAction> actions) {
        if (isUnsupported) {
            giveUp();
            return;
        }
        actions.add(new MembershipAction.FindCoordinator());
        putOff(sentence, nowMs, randomBits, actions);
    }

    private void putOff(String why, long nowMs, long randomBits, List<MembershipAction> actions) {
        actions.add(new MembershipAction.Note(why));
        isAsking = false;
        againFromMs = nowMs + rules.backoff().waitMs(++failures, randomBits);
    }

    /** Asks again if it is time. */
    void again(long nextCall, long nowMs, List<MembershipAction> actions) {
        Request leave = request;
        if (leave == null || isAsking || againFromMs > nowMs) return;
        if (untilMs > nowMs) {
            ask(leave, nextCall, untilMs - nowMs, actions);
            return;
        }
        giveUp();
        actions.add(new MembershipAction.Note(
                "no coordinator of group " + rules.groupId() + " has heard that a member leaves"));
    }
}
