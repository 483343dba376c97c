package io.millrace.server.handlers;

import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.FindCoordinatorRequest;
import io.millrace.protocol.messages.FindCoordinatorResponse;
import io.millrace.server.controller.TopicCreation;
import io.millrace.server.groups.GroupRoute;
import io.millrace.server.groups.LaneGroups;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * FindCoordinator (key 10), versions 0-6: the broker that leads a group's partition; several keys from v4 (KIP-699). The first call makes
 * {@code __consumer_offsets}. Transactions and share groups have no coordinator on this server, and are told so with an error
 * that ends their client's search.
 */
public final class FindCoordinatorHandler implements Handler<FindCoordinatorRequest, FindCoordinatorResponse> {
    private static final byte GROUP = 0;
    private static final byte TRANSACTION = 1;
    private static final byte SHARE = 2;
    private static final int FIRST_VERSION_WITH_KEYS = 4;

    private final BrokerLane home;
    private final ClientView view;
    private final GroupRoute groups;
    private final TopicCreation creation;

    /** Makes the handler of one lane. */
    public FindCoordinatorHandler(BrokerLane home, ClientView view, GroupRoute groups, TopicCreation creation) {
        this.home = home;
        this.view = view;
        this.groups = groups;
        this.creation = creation;
    }

    @Override
    public void handle(FindCoordinatorRequest request, Exchange<FindCoordinatorResponse> exchange) {
        boolean needsTopic = request.keyType() == GROUP && home.image().topics().topic(LaneGroups.TOPIC) == null;
        if (needsTopic) creation.createInternal(LaneGroups.TOPIC, home, error -> answer(request, exchange));
        else answer(request, exchange);
    }

    private void answer(FindCoordinatorRequest request, Exchange<FindCoordinatorResponse> exchange) {
        boolean hasKeys = exchange.version() >= FIRST_VERSION_WITH_KEYS;
        List<String> keys = hasKeys ? request.coordinatorKeys() : List.of(request.key());
        List<FindCoordinatorResponse.Coordinator> found = new ArrayList<>();
        for (String key : keys) found.add(find(request.keyType(), key, exchange));
        if (hasKeys) {
            exchange.reply(FindCoordinatorResponse.builder().coordinators(found).build());
            return;
        }
        FindCoordinatorResponse.Coordinator only = found.get(0);
        exchange.reply(FindCoordinatorResponse.builder()
                .errorCode(only.errorCode())
                .errorMessage(only.errorMessage())
                .nodeId(only.nodeId())
                .host(only.host())
                .port(only.port())
                .build());
    }

    private FindCoordinatorResponse.Coordinator find(byte keyType, String key, Exchange<?> exchange) {
        if (keyType == TRANSACTION)
            return refused(
                    key,
                    ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
                    "transactions are not available on this server");
        if (keyType == SHARE) return refused(key, ErrorCode.INVALID_REQUEST, "share groups are not available");
        if (keyType != GROUP) return refused(key, ErrorCode.INVALID_REQUEST, "there is no coordinator type " + keyType);
        TopicImage topic = home.image().topics().topic(LaneGroups.TOPIC);
        PartitionImage partition = topic == null ? null : topic.partition(groups.partitionOf(key));
        if (partition == null || !partition.hasLeader()) return unavailable(key);
        Optional<ClientView.Node> leader = view.broker(home.image(), partition.leader(), exchange);
        return leader.map(node -> FindCoordinatorResponse.Coordinator.builder()
                        .key(key)
                        .nodeId(node.id())
                        .host(node.host())
                        .port(node.port())
                        .errorMessage("")
                        .build())
                .orElseGet(() -> unavailable(key));
    }

    private static FindCoordinatorResponse.Coordinator unavailable(String key) {
        return refused(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.COORDINATOR_NOT_AVAILABLE.message());
    }

    private static FindCoordinatorResponse.Coordinator refused(String key, ErrorCode error, String message) {
        return FindCoordinatorResponse.Coordinator.builder()
                .key(key)
                .nodeId(-1)
                .host("")
                .port(-1)
                .errorCode(error.code())
                .errorMessage(message)
                .build();
    }
}
