package io.millrace.server.handlers;

import io.millrace.protocol.messages.LeaveGroupRequest;
import io.millrace.protocol.messages.LeaveGroupResponse;
import io.millrace.server.groups.GroupRoute;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;

/** LeaveGroup (key 13), versions 0-5: members leave; several at once from v3 (KIP-345), with a reason from v5 (KIP-800). */
public final class LeaveGroupHandler implements Handler<LeaveGroupRequest, LeaveGroupResponse> {
    private final GroupRoute groups;

    /** Makes the handler of one lane. */
    public LeaveGroupHandler(GroupRoute groups) {
        this.groups = groups;
    }

    @Override
    public void handle(LeaveGroupRequest request, Exchange<LeaveGroupResponse> exchange) {
        groups.to(
                request.groupId(), shard -> shard.leaveGroup(GroupRoute.contextOf(exchange), request, exchange::reply));
    }
}
