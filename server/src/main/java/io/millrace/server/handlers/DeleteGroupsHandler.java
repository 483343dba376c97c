package io.millrace.server.handlers;

import io.millrace.protocol.messages.DeleteGroupsRequest;
import io.millrace.protocol.messages.DeleteGroupsResponse;
import io.millrace.server.groups.GroupRoute;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** DeleteGroups (key 42), versions 0-2: empty groups and their offsets go (KIP-229). */
public final class DeleteGroupsHandler implements Handler<DeleteGroupsRequest, DeleteGroupsResponse> {
    private final BrokerLane home;
    private final GroupRoute groups;

    /** Makes the handler of one lane. */
    public DeleteGroupsHandler(BrokerLane home, GroupRoute groups) {
        this.home = home;
        this.groups = groups;
    }

    @Override
    public void handle(DeleteGroupsRequest request, Exchange<DeleteGroupsResponse> exchange) {
        Map<Integer, List<String>> byPartition = new TreeMap<>();
        for (String groupId : request.groupsNames())
            byPartition
                    .computeIfAbsent(groups.partitionOf(groupId), p -> new ArrayList<>())
                    .add(groupId);
        if (byPartition.isEmpty()) {
            exchange.reply(DeleteGroupsResponse.builder().build());
            return;
        }
        List<DeleteGroupsResponse.DeletableGroupResult> results = new ArrayList<>();
        int[] missing = {byPartition.size()};
        byPartition.forEach((partition, groupIds) -> groups.toPartition(
                partition,
                shard -> shard.deleteGroups(
                        groupIds,
                        some -> home.run(() -> {
                            results.addAll(some);
                            if (--missing[0] == 0)
                                exchange.reply(DeleteGroupsResponse.builder()
                                        .results(results)
                                        .build());
                        }))));
    }
}
