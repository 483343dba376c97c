package io.millrace.server.handlers;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.DescribeClusterRequest;
import io.millrace.protocol.messages.DescribeClusterResponse;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayList;
import java.util.List;

/** DescribeCluster (key 60), versions 0-2: the nodes (KIP-700); endpoint types from v1 (KIP-919), fenced brokers from v2. */
public final class DescribeClusterHandler implements Handler<DescribeClusterRequest, DescribeClusterResponse> {
    private static final byte BROKERS = 1;
    private static final byte CONTROLLERS = 2;

    private final BrokerLane home;
    private final ClientView view;
    private final String clusterId;

    /** Makes the handler of one lane. */
    public DescribeClusterHandler(BrokerLane home, ClientView view, String clusterId) {
        this.home = home;
        this.view = view;
        this.clusterId = clusterId;
    }

    @Override
    public void handle(DescribeClusterRequest request, Exchange<DescribeClusterResponse> exchange) {
        byte endpointType = view.isAtController(exchange) ? CONTROLLERS : BROKERS;
        if (request.endpointType() != endpointType) {
            boolean isKnown = request.endpointType() == CONTROLLERS || request.endpointType() == BROKERS;
            exchange.reply(DescribeClusterResponse.builder()
                    .errorCode(
                            (isKnown ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE).code())
                    .errorMessage(
                            isKnown
                                    ? "this is a " + (endpointType == BROKERS ? "broker's" : "controller's")
                                            + " endpoint, and not of the type asked for"
                                    : "there is no endpoint type " + request.endpointType())
                    .build());
            return;
        }
        List<DescribeClusterResponse.DescribeClusterBroker> brokers = new ArrayList<>();
        List<ClientView.Node> nodes = endpointType == CONTROLLERS
                ? view.controllers(home.image(), exchange)
                : view.brokers(home.image(), exchange, request.includeFencedBrokers());
        for (ClientView.Node node : nodes)
            brokers.add(DescribeClusterResponse.DescribeClusterBroker.builder()
                    .brokerId(node.id())
                    .host(node.host())
                    .port(node.port())
                    .rack(node.rack())
                    .isFenced(endpointType == BROKERS && node.isFenced())
                    .build());
        exchange.reply(DescribeClusterResponse.builder()
                .errorMessage(null)
                .endpointType(endpointType)
                .clusterId(clusterId)
                // Any broker will do, since each forwards to the controller; the first is as good as another.
                .controllerId(brokers.isEmpty() ? -1 : brokers.get(0).brokerId())
                .brokers(brokers)
                .clusterAuthorizedOperations(
                        request.includeClusterAuthorizedOperations() ? AuthorizedOperations.CLUSTER : Integer.MIN_VALUE)
                .build());
    }
}
