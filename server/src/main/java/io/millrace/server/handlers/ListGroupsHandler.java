package io.millrace.server.handlers;

import io.millrace.coordinators.group.run.GroupShard;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ListGroupsRequest;
import io.millrace.protocol.messages.ListGroupsResponse;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * ListGroups (key 16), versions 0-5: the groups of this broker's shards; filters by state from v4 (KIP-518) and by type from v5
 * (KIP-848). A shard that is still loading makes the whole answer an error, as a list with holes would mislead.
 */
public final class ListGroupsHandler implements Handler<ListGroupsRequest, ListGroupsResponse> {
    private final BrokerLane home;

    /** Makes the handler of one lane. */
    public ListGroupsHandler(BrokerLane home) {
        this.home = home;
    }

    @Override
    public void handle(ListGroupsRequest request, Exchange<ListGroupsResponse> exchange) {
        Answers answers = new Answers(home.all().size(), exchange);
        for (BrokerLane lane : home.all()) {
            lane.run(() -> {
                Collection<GroupShard> shards = List.copyOf(lane.groups().all());
                home.run(() -> answers.expect(shards.size()));
                for (GroupShard shard : shards)
                    shard.listGroups(request, listed -> home.run(() -> answers.add(listed)));
            });
        }
    }

    private static final class Answers {
        private final List<ListGroupsResponse.ListedGroup> groups = new ArrayList<>();
        private final Exchange<ListGroupsResponse> exchange;
        private int lanesMissing;
        private int shardsMissing;
        private ErrorCode error = ErrorCode.NONE;

        Answers(int lanes, Exchange<ListGroupsResponse> exchange) {
            this.lanesMissing = lanes;
            this.exchange = exchange;
        }

        void expect(int shards) {
            lanesMissing--;
            shardsMissing += shards;
            replyIfComplete();
        }

        void add(GroupShard.ListedGroups listed) {
            shardsMissing--;
            if (listed.error() != ErrorCode.NONE) error = listed.error();
            groups.addAll(listed.groups());
            replyIfComplete();
        }

        private void replyIfComplete() {
            if (lanesMissing > 0 || shardsMissing > 0) return;
            exchange.reply(ListGroupsResponse.builder()
                    .errorCode(error.code())
                    .groups(error == ErrorCode.NONE ? groups : List.of())
                    .build());
        }
    }
}
