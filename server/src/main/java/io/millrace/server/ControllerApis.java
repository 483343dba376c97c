package io.millrace.server;

import io.millrace.controller.Controller;
import io.millrace.environment.Lane;
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
import io.millrace.server.config.ServerConfig;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.controller.NewPartitionSpace;
import io.millrace.server.handlers.AlterConfigsHandler;
import io.millrace.server.handlers.ApiVersionsHandler;
import io.millrace.server.handlers.ControllerRequestHandler;
import io.millrace.server.handlers.CreatePartitionsHandler;
import io.millrace.server.handlers.CreateTopicsHandler;
import io.millrace.server.handlers.DeleteTopicsHandler;
import io.millrace.server.handlers.DescribeConfigsHandler;
import io.millrace.server.handlers.DescribeControllersHandler;
import io.millrace.server.handlers.DescribeQuorumHandler;
import io.millrace.server.handlers.EnvelopeHandler;
import io.millrace.server.handlers.IncrementalAlterConfigsHandler;
import io.millrace.server.network.ApiTable;
import io.millrace.server.network.LaneNetwork;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.quorum.PeerRequestHandler;
import io.millrace.server.quorum.QuorumDoor;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;

/** Which handler answers which API at the controllers' listeners, on each lane of a controller among others. */
final class ControllerApis {
    /** What replicas of the metadata log ask each other. */
    static final List<ApiKey> QUORUM = List.of(
            ApiKey.VOTE, ApiKey.BEGIN_QUORUM_EPOCH, ApiKey.END_QUORUM_EPOCH, ApiKey.FETCH, ApiKey.FETCH_SNAPSHOT);

    /** What brokers hand on for their clients. */
    private static final Set<ApiKey> FORWARDABLE = EnumSet.of(
            ApiKey.CREATE_TOPICS,
            ApiKey.DELETE_TOPICS,
            ApiKey.CREATE_PARTITIONS,
            ApiKey.INCREMENTAL_ALTER_CONFIGS,
            ApiKey.ALTER_CONFIGS,
            ApiKey.ELECT_LEADERS,
            ApiKey.ALTER_PARTITION_REASSIGNMENTS,
            ApiKey.LIST_PARTITION_REASSIGNMENTS,
            ApiKey.UNREGISTER_BROKER,
            ApiKey.DESCRIBE_QUORUM);

    private ControllerApis() {}

    /** Fills the lanes' tables. */
    static void fill(
            Map<Lane, LaneNetwork> networks,
            List<BrokerLane> lanes,
            ServerConfig config,
            String clusterId,
            ControllerAccess controller,
            QuorumDoor quorum) {
        PeerRequestHandler peers = new PeerRequestHandler(clusterId, quorum);
        // How much room brokers have is theirs to know.
        NewPartitionSpace space = Optional::empty;
        for (BrokerLane lane : lanes) {
            LaneNetwork network = networks.get(lane.lane());
            if (network == null) throw new IllegalStateException("lane " + lane.index() + " has no network");
            ApiTable apis = network.apis();
            for (ApiKey apiKey : QUORUM) apis.serveAtControllers(apiKey, peers);
            apis.serveAtControllers(ApiKey.API_VERSIONS, new ApiVersionsHandler(lane, apis, config, clusterId))
                    .serveAtControllers(ApiKey.DESCRIBE_QUORUM, new DescribeQuorumHandler(quorum))
                    .serveAtControllers(
                            ApiKey.DESCRIBE_CLUSTER, new DescribeControllersHandler(lane, quorum, clusterId))
                    .serveAtControllers(ApiKey.ENVELOPE, new EnvelopeHandler(lane, apis, quorum, FORWARDABLE))
                    .serveAtControllers(ApiKey.CREATE_TOPICS, new CreateTopicsHandler(lane, controller, space))
                    .serveAtControllers(ApiKey.DELETE_TOPICS, new DeleteTopicsHandler(lane, controller))
                    .serveAtControllers(ApiKey.CREATE_PARTITIONS, new CreatePartitionsHandler(lane, controller, space))
                    .serveAtControllers(ApiKey.DESCRIBE_CONFIGS, new DescribeConfigsHandler(lane, config.nodeId()))
                    .serveAtControllers(ApiKey.ALTER_CONFIGS, new AlterConfigsHandler(lane, controller))
                    .serveAtControllers(
                            ApiKey.INCREMENTAL_ALTER_CONFIGS, new IncrementalAlterConfigsHandler(lane, controller));
            new Decided(apis, lane, controller).serve();
        }
    }

    /** What the controller decides and nobody has to prepare, on one lane. */
    private record Decided(ApiTable apis, BrokerLane lane, ControllerAccess controller) {
        void serve() {
            this.<BrokerRegistrationRequest, BrokerRegistrationResponse>serve(
                    ApiKey.BROKER_REGISTRATION,
                    (decider, request, version, context) -> decider.registerBroker(request, context),
                    (request, error) -> BrokerRegistrationResponse.builder()
                            .errorCode(error.code())
                            .build());
            this.<BrokerHeartbeatRequest, BrokerHeartbeatResponse>serve(
                    ApiKey.BROKER_HEARTBEAT,
                    (decider, request, version, context) -> decider.heartbeat(request, context),
                    (request, error) -> BrokerHeartbeatResponse.builder()
                            .errorCode(error.code())
                            .build());
            this.<UnregisterBrokerRequest, UnregisterBrokerResponse>serve(
                    ApiKey.UNREGISTER_BROKER,
                    (decider, request, version, context) -> decider.unregisterBroker(request),
                    (request, error) -> UnregisterBrokerResponse.builder()
                            .errorCode(error.code())
                            .errorMessage(error.message())
                            .build());
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
                    (request, error) -> AlterPartitionResponse.builder()
                            .errorCode(error.code())
                            .build());
            this.<AssignReplicasToDirsRequest, AssignReplicasToDirsResponse>serve(
                    ApiKey.ASSIGN_REPLICAS_TO_DIRS,
                    (decider, request, version, context) -> decider.assignReplicasToDirs(request),
                    (request, error) -> AssignReplicasToDirsResponse.builder()
                            .errorCode(error.code())
                            .build());
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
        }

        private <Q extends Request, R extends Response> void serve(
                ApiKey apiKey, ControllerRequestHandler.Decider<Q, R> decider, BiFunction<Q, ErrorCode, R> refusal) {
            apis.serveAtControllers(apiKey, new ControllerRequestHandler<>(lane, controller, decider, refusal));
        }
    }
}
