package io.millrace.server.handlers;

import io.millrace.protocol.messages.JoinGroupRequest;
import io.millrace.protocol.messages.JoinGroupResponse;
import io.millrace.server.groups.GroupRoute;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;

/** JoinGroup (key 11), versions 0-9: a member asks to be in the next generation; member ids first from v4 (KIP-394), static members from v5 (KIP-345). */
public final class JoinGroupHandler implements Handler<JoinGroupRequest, JoinGroupResponse> {
    private final GroupRoute groups;

    /** Makes the handler of one lane. */
    public JoinGroupHandler(GroupRoute groups) {
        this.groups = groups;
    }

    @Override
    public void handle(JoinGroupRequest request, Exchange<JoinGroupResponse> exchange) {
        groups.to(
                request.groupId(), shard -> shard.joinGroup(GroupRoute.contextOf(exchange), request, exchange::reply));
    }
}
