package io.millrace.server.handlers;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.DescribeGroupsRequest;
import io.millrace.protocol.messages.DescribeGroupsResponse;
import io.millrace.records.TopicPartition;
import io.millrace.server.groups.GroupRoute;
import io.millrace.server.groups.LaneGroups;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayList;
import java.util.List;

/** DescribeGroups (key 15), versions 0-6: state and members of classic groups; unknown groups are an error from v6 (KIP-1043). */
public final class DescribeGroupsHandler implements Handler<DescribeGroupsRequest, DescribeGroupsResponse> {
    private final BrokerLane home;
    private final GroupRoute groups;

    /** Makes the handler of one lane. */
    public DescribeGroupsHandler(BrokerLane home, GroupRoute groups) {
        this.home = home;
        this.groups = groups;
    }

    @Override
    public void handle(DescribeGroupsRequest request, Exchange<DescribeGroupsResponse> exchange) {
        if (request.groups().isEmpty()) {
            exchange.reply(DescribeGroupsResponse.builder().build());
            return;
        }
        List<DescribeGroupsResponse.DescribedGroup> described = new ArrayList<>();
        for (String groupId : request.groups()) {
            TopicPartition partition = new TopicPartition(LaneGroups.TOPIC, groups.partitionOf(groupId));
            BrokerLane owner = home.ownerOf(partition);
            owner.run(() -> owner.groups()
                    .shard(partition.partition())
                    .describeGroup(
                            exchange.version(),
                            groupId,
                            group -> home.run(() -> {
                                described.add(withOperations(request, group));
                                if (described.size() == request.groups().size())
                                    exchange.reply(DescribeGroupsResponse.builder()
                                            .groups(inOrder(request.groups(), described))
                                            .build());
                            })));
        }
    }

    private static DescribeGroupsResponse.DescribedGroup withOperations(
            DescribeGroupsRequest request, DescribeGroupsResponse.DescribedGroup group) {
        if (!request.includeAuthorizedOperations() || group.errorCode() != ErrorCode.NONE.code()) return group;
        return group.toBuilder()
                .authorizedOperations(AuthorizedOperations.GROUP)
                .build();
    }

    private static List<DescribeGroupsResponse.DescribedGroup> inOrder(
            List<String> groupIds, List<DescribeGroupsResponse.DescribedGroup> described) {
        List<DescribeGroupsResponse.DescribedGroup> left = new ArrayList<>(described);
        List<DescribeGroupsResponse.DescribedGroup> ordered = new ArrayList<>();
        for (String groupId : groupIds)
            for (int i = 0; i < left.size(); i++)
                if (left.get(i).groupId().equals(groupId)) {
                    ordered.add(left.remove(i));
                    break;
                }
        return ordered;
    }
}
