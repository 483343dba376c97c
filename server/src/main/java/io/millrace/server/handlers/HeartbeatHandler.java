package io.millrace.server.handlers;

import io.millrace.protocol.messages.HeartbeatRequest;
import io.millrace.protocol.messages.HeartbeatResponse;
import io.millrace.server.groups.GroupRoute;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;

/** Heartbeat (key 12), versions 0-4: a member is alive, and learns whether a rebalance is on. */
public final class HeartbeatHandler implements Handler<HeartbeatRequest, HeartbeatResponse> {
    private final GroupRoute groups;

    /** Makes the handler of one lane. */
    public HeartbeatHandler(GroupRoute groups) {
        this.groups = groups;
    }

    @Override
    public void handle(HeartbeatRequest request, Exchange<HeartbeatResponse> exchange) {
        groups.toForHeartbeat(request.groupId(), shard -> shard.heartbeat(request, exchange::reply));
    }
}
