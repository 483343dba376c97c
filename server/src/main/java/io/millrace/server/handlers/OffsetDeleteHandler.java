package io.millrace.server.handlers;

import io.millrace.protocol.messages.OffsetDeleteRequest;
import io.millrace.protocol.messages.OffsetDeleteResponse;
import io.millrace.server.groups.GroupRoute;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;

/** OffsetDelete (key 47), version 0: forgets committed offsets of topics the group is not subscribed to (KIP-496). */
public final class OffsetDeleteHandler implements Handler<OffsetDeleteRequest, OffsetDeleteResponse> {
    private final GroupRoute groups;

    /** Makes the handler of one lane. */
    public OffsetDeleteHandler(GroupRoute groups) {
        this.groups = groups;
    }

    @Override
    public void handle(OffsetDeleteRequest request, Exchange<OffsetDeleteResponse> exchange) {
        groups.to(request.groupId(), shard -> shard.deleteOffsets(request, exchange::reply));
    }
}
