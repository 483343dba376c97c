package io.millrace.client.membership.run;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.HeartbeatRequest;
import io.millrace.protocol.messages.HeartbeatResponse;
import io.millrace.protocol.messages.JoinGroupRequest;
import io.millrace.protocol.messages.JoinGroupResponse;
import io.millrace.protocol.messages.SyncGroupRequest;
import io.millrace.protocol.messages.SyncGroupResponse;

/** What a member has said to its coordinator so far, and what came of it. The lane's. */
public final class MemberCounters {
    private static final long NEVER = -1;

    private long joins;
    private long syncs;
    private long failures;
    private long heartbeats;
    private long heartbeatMsMax;
    private long heartbeatAtMs = NEVER;
    private long rebalancedAtMs = NEVER;

    MemberCounters() {}

    void asked(Request request, long nowMs) {
        if (request instanceof HeartbeatRequest) heartbeatAtMs = nowMs;
    }

    void answered(Response response, long tookMs, long nowMs) {
        switch (response) {
            case JoinGroupResponse joined -> {
                ErrorCode error = ErrorCode.forCode(joined.errorCode());
                if (error == ErrorCode.NONE) joins++;
                else if (error != ErrorCode.MEMBER_ID_REQUIRED) failures++;
            }
            case SyncGroupResponse synced -> {
                if (synced.errorCode() != ErrorCode.NONE.code()) {
                    failures++;
                    return;
                }
                syncs++;
                rebalancedAtMs = nowMs;
            }
            case HeartbeatResponse beat -> {
                heartbeats++;
                heartbeatMsMax = Math.max(heartbeatMsMax, tookMs);
            }
            default -> {}
        }
    }

    void unanswered(Request request) {
        if (request instanceof JoinGroupRequest || request instanceof SyncGroupRequest) failures++;
    }

    /**
     * The counts at a moment.
     *
     * @param joins JoinGroups that brought it into a generation
     * @param syncs SyncGroups that brought it an assignment: rebalances it has come through
     * @param failures of both, a member id that was only given to it left out
     * @param heartbeats answered, in whatever way
     * @param sinceHeartbeatMs since the last one was sent; -1 if none was
     * @param sinceRebalanceMs since the last of {@code syncs}; -1 if there was none
     */
    public record Snapshot(
            long joins,
            long syncs,
            long failures,
            long heartbeats,
            long heartbeatMsMax,
            long sinceHeartbeatMs,
            long sinceRebalanceMs) {
        /** Of who has never been a member. */
        public static final Snapshot NONE = new Snapshot(0, 0, 0, 0, 0, NEVER, NEVER);
    }

    Snapshot snapshot(long nowMs) {
        return new Snapshot(
                joins,
                syncs,
                failures,
                heartbeats,
                heartbeatMsMax,
                heartbeatAtMs == NEVER ? NEVER : nowMs - heartbeatAtMs,
                rebalancedAtMs == NEVER ? NEVER : nowMs - rebalancedAtMs);
    }
}
