package io.millrace.server.handlers;

import io.millrace.metadata.ControllerImage;
import io.millrace.metadata.Endpoint;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.DescribeClusterRequest;
import io.millrace.protocol.messages.DescribeClusterResponse;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.quorum.QuorumDoor;
import java.util.ArrayList;
import java.util.List;

/** DescribeCluster (key 60), versions 0-2, asked of a controller: the controllers that registered, and who of them leads (KIP-919). */
public final class DescribeControllersHandler implements Handler<DescribeClusterRequest, DescribeClusterResponse> {
    private static final byte BROKERS = 1;
    private static final byte CONTROLLERS = 2;

    private final BrokerLane home;
    private final QuorumDoor quorum;
    private final String clusterId;

    /** Makes the handler of one lane. */
    public DescribeControllersHandler(BrokerLane home, QuorumDoor quorum, String clusterId) {
        this.home = home;
        this.quorum = quorum;
        this.clusterId = clusterId;
    }

    @Override
    public void handle(DescribeClusterRequest request, Exchange<DescribeClusterResponse> exchange) {
        if (request.endpointType() != CONTROLLERS) {
            boolean isKnown = request.endpointType() == BROKERS;
            ErrorCode error = isKnown ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE;
            exchange.reply(DescribeClusterResponse.builder()
                    .errorCode(error.code())
                    .errorMessage(
                            isKnown
                                    ? "this is a controller's endpoint, and not of the type asked for"
                                    : "there is no endpoint type " + request.endpointType())
                    .build());
            return;
        }
        List<DescribeClusterResponse.DescribeClusterBroker> nodes = new ArrayList<>();
        for (ControllerImage controller : home.image().cluster().controllersInOrder())
            for (Endpoint endpoint : controller.endpoints())
                if (endpoint.listener().equalsIgnoreCase(exchange.listenerName()))
                    nodes.add(DescribeClusterResponse.DescribeClusterBroker.builder()
                            .brokerId(controller.id())
                            .host(endpoint.host())
                            .port(endpoint.port())
                            .rack(null)
                            .build());
        quorum.leader(leader -> exchange.reply(DescribeClusterResponse.builder()
                .errorMessage(null)
                .endpointType(CONTROLLERS)
                .clusterId(clusterId)
                .controllerId(leader.leaderId().orElse(-1))
                .brokers(nodes)
                .clusterAuthorizedOperations(
                        request.includeClusterAuthorizedOperations() ? AuthorizedOperations.CLUSTER : Integer.MIN_VALUE)
                .build()));
    }
}
