package io.millrace.server.handlers;

import io.millrace.protocol.messages.SyncGroupRequest;
import io.millrace.protocol.messages.SyncGroupResponse;
import io.millrace.server.groups.GroupRoute;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;

/** SyncGroup (key 14), versions 0-5: the leader hands in the assignment, each member gets its part. */
public final class SyncGroupHandler implements Handler<SyncGroupRequest, SyncGroupResponse> {
    private final GroupRoute groups;

    /** Makes the handler of one lane. */
    public SyncGroupHandler(GroupRoute groups) {
        this.groups = groups;
    }

    @Override
    public void handle(SyncGroupRequest request, Exchange<SyncGroupResponse> exchange) {
        groups.to(
                request.groupId(), shard -> shard.syncGroup(GroupRoute.contextOf(exchange), request, exchange::reply));
    }
}
