package io.millrace.server;

import io.millrace.controller.Controller;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.AllocateProducerIdsRequest;
import io.millrace.protocol.messages.AllocateProducerIdsResponse;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest;
import io.millrace.protocol.messages.AlterPartitionReassignmentsResponse;
import io.millrace.protocol.messages.AlterPartitionRequest;
import io.millrace.protocol.messages.AlterPartitionResponse;
import io.millrace.protocol.messages.AssignReplicasToDirsRequest;
import io.millrace.protocol.messages.AssignReplicasToDirsResponse;
import io.millrace.protocol.messages.BrokerHeartbeatRequest;
import io.millrace.protocol.messages.BrokerHeartbeatResponse;
import io.millrace.protocol.messages.BrokerRegistrationRequest;
import io.millrace.protocol.messages.BrokerRegistrationResponse;
import io.millrace.protocol.messages.ControllerRegistrationRequest;
import io.millrace.protocol.messages.ControllerRegistrationResponse;
import io.millrace.protocol.messages.ElectLeadersRequest;
import io.millrace.protocol.messages.ElectLeadersResponse;
import io.millrace.protocol.messages.ListPartitionReassignmentsRequest;
import io.millrace.protocol.messages.ListPartitionReassignmentsResponse;
import io.millrace.protocol.messages.UnregisterBrokerRequest;
import io.millrace.protocol.messages.UnregisterBrokerResponse;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.handlers.ControllerRequestHandler;
import io.millrace.server.handlers.NoAuthorizerHandler;
import io.millrace.server.handlers.UpdateFeaturesHandler;
import io.millrace.server.network.ApiTable;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.quorum.QuorumDoor;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;

/**
 * APIs whose requests the controller decides alone, with nothing to prepare before, on one lane.
 *
 * @param atControllers whether they are served on controllers' listeners only
 */
record DecidedApis(
        ApiTable apis, BrokerLane lane, ControllerAccess controller, QuorumDoor quorum, boolean atControllers) {
    /** In the place of a broker's id: this node is none. */
    static final int NO_BROKER = -1;

    /**
     * What clients ask.
     *
     * @param ownBroker the broker that this node is, which nobody unregisters while it runs, or {@link #NO_BROKER}
     */
    void serveClients(int ownBroker) {
        var others = new ControllerRequestHandler<UnregisterBrokerRequest, UnregisterBrokerResponse>(
                lane,
                controller,
                (decider, request, version, context) -> decider.unregisterBroker(request),
                (request, error) -> UnregisterBrokerResponse.builder()
                        .errorCode(error.code())
                        .errorMessage(error.message())
                        .build());
        this.<UnregisterBrokerRequest, UnregisterBrokerResponse>serve(ApiKey.UNREGISTER_BROKER, (request, exchange) -> {
            if (request.brokerId() == ownBroker) exchange.reply(isRunning(ownBroker));
            else others.handle(request, exchange);
        });
        this.<ElectLeadersRequest, ElectLeadersResponse>serve(
                ApiKey.ELECT_LEADERS,
                (decider, request, version, context) -> decider.electLeaders(request),
                Controller::noElections);
        this.<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse>serve(
                ApiKey.ALTER_PARTITION_REASSIGNMENTS,
                (decider, request, version, context) -> decider.alterPartitionReassignments(request),
                (request, error) -> AlterPartitionReassignmentsResponse.builder()
                        .errorCode(error.code())
                        .errorMessage(error.message())
                        .build());
        this.<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse>serve(
                ApiKey.LIST_PARTITION_REASSIGNMENTS,
                (decider, request, version, context) -> decider.listPartitionReassignments(request),
                (request, error) -> ListPartitionReassignmentsResponse.builder()
                        .errorCode(error.code())
                        .errorMessage(error.message())
                        .build());
        var acls = new NoAuthorizerHandler();
        serve(ApiKey.DESCRIBE_ACLS, acls);
        serve(ApiKey.CREATE_ACLS, acls);
        serve(ApiKey.DELETE_ACLS, acls);
        serve(ApiKey.UPDATE_FEATURES, new UpdateFeaturesHandler(lane, controller, quorum));
    }

    /**
     * What brokers and controllers ask the controller that leads.
     *
     * @param heartbeatBy is told, on the connection's lane, by which exchange a broker's heartbeat comes
     */
    void serveNodes(BiConsumer<BrokerHeartbeatRequest, Exchange<BrokerHeartbeatResponse>> heartbeatBy) {
        this.<BrokerRegistrationRequest, BrokerRegistrationResponse>serve(
                ApiKey.BROKER_REGISTRATION,
                (decider, request, version, context) -> decider.registerBroker(request, context),
                (request, error) -> BrokerRegistrationResponse.builder()
                        .errorCode(error.code())
                        .build());
        var heartbeats = new ControllerRequestHandler<BrokerHeartbeatRequest, BrokerHeartbeatResponse>(
                lane,
                controller,
                (decider, request, version, context) -> decider.heartbeat(request, context),
                (request, error) -> BrokerHeartbeatResponse.builder()
                        .errorCode(error.code())
                        .build());
        this.<BrokerHeartbeatRequest, BrokerHeartbeatResponse>serve(ApiKey.BROKER_HEARTBEAT, (request, exchange) -> {
            heartbeatBy.accept(request, exchange);
            heartbeats.handle(request, exchange);
        });
        this.<ControllerRegistrationRequest, ControllerRegistrationResponse>serve(
                ApiKey.CONTROLLER_REGISTRATION,
                (decider, request, version, context) -> decider.registerController(request),
                (request, error) -> ControllerRegistrationResponse.builder()
                        .errorCode(error.code())
                        .errorMessage(error.message())
                        .build());
        this.<AllocateProducerIdsRequest, AllocateProducerIdsResponse>serve(
                ApiKey.ALLOCATE_PRODUCER_IDS,
                (decider, request, version, context) -> decider.allocateProducerIds(request),
                (request, error) -> AllocateProducerIdsResponse.builder()
                        .errorCode(error.code())
                        .build());
        this.<AlterPartitionRequest, AlterPartitionResponse>serve(
                ApiKey.ALTER_PARTITION,
                (decider, request, version, context) -> decider.alterPartition(request, version),
                (request, error) ->
                        AlterPartitionResponse.builder().errorCode(error.code()).build());
        this.<AssignReplicasToDirsRequest, AssignReplicasToDirsResponse>serve(
                ApiKey.ASSIGN_REPLICAS_TO_DIRS,
                (decider, request, version, context) -> decider.assignReplicasToDirs(request),
                (request, error) -> AssignReplicasToDirsResponse.builder()
                        .errorCode(error.code())
                        .build());
    }

    private static UnregisterBrokerResponse isRunning(int brokerId) {
        return UnregisterBrokerResponse.builder()
                .errorCode(ErrorCode.INVALID_REQUEST.code())
                .errorMessage("broker " + brokerId + " is the one that was asked, and it is running; stop it, and have"
                        + " another node of the cluster unregister it")
                .build();
    }

    private <Q extends Request, R extends Response> void serve(
            ApiKey apiKey, ControllerRequestHandler.Decider<Q, R> decider, BiFunction<Q, ErrorCode, R> refusal) {
        serve(apiKey, new ControllerRequestHandler<>(lane, controller, decider, refusal));
    }

    private <Q extends Request, R extends Response> void serve(ApiKey apiKey, Handler<Q, R> handler) {
        if (atControllers) apis.serveAtControllers(apiKey, handler);
        else apis.serve(apiKey, handler);
    }
}
