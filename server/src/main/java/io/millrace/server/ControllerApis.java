package io.millrace.server;

import io.millrace.environment.Lane;
import io.millrace.protocol.ApiKey;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.controller.GoneBrokers;
import io.millrace.server.controller.NewPartitionSpace;
import io.millrace.server.handlers.AlterConfigsHandler;
import io.millrace.server.handlers.ApiVersionsHandler;
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
import io.millrace.server.quorum.VoterChangeHandler;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which handler answers which API at the controllers' listeners, on each lane of a controller among others. */
final class ControllerApis {
    /** What replicas of the metadata log ask each other. */
    static final List<ApiKey> QUORUM = List.of(
            ApiKey.VOTE, ApiKey.BEGIN_QUORUM_EPOCH, ApiKey.END_QUORUM_EPOCH, ApiKey.FETCH, ApiKey.FETCH_SNAPSHOT);

    /** Changes of who votes. */
    private static final List<ApiKey> VOTERS =
            List.of(ApiKey.ADD_RAFT_VOTER, ApiKey.REMOVE_RAFT_VOTER, ApiKey.UPDATE_RAFT_VOTER);

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
            ApiKey.UPDATE_FEATURES,
            ApiKey.ADD_RAFT_VOTER,
            ApiKey.REMOVE_RAFT_VOTER,
            ApiKey.CREATE_ACLS,
            ApiKey.DELETE_ACLS,
            ApiKey.DESCRIBE_QUORUM);

    private ControllerApis() {}

    /** Fills the lanes' tables. */
    static void fill(
            Map<Lane, LaneNetwork> networks,
            List<BrokerLane> lanes,
            ServerConfig config,
            String clusterId,
            ControllerAccess controller,
            GoneBrokers goneBrokers,
            QuorumDoor quorum) {
        PeerRequestHandler peers = new PeerRequestHandler(clusterId, quorum);
        VoterChangeHandler changes = new VoterChangeHandler(clusterId, quorum);
        // How much room brokers have is theirs to know.
        NewPartitionSpace space = Optional::empty;
        for (BrokerLane lane : lanes) {
            LaneNetwork network = networks.get(lane.lane());
            if (network == null) throw new IllegalStateException("lane " + lane.index() + " has no network");
            ApiTable apis = network.apis();
            for (ApiKey apiKey : QUORUM) apis.serveAtControllers(apiKey, peers);
            for (ApiKey apiKey : VOTERS) apis.serveAtControllers(apiKey, changes);
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
            var decided = new DecidedApis(apis, lane, controller, quorum, true);
            decided.serveClients(DecidedApis.NO_BROKER);
            decided.serveNodes(goneBrokers::heartbeatBy);
        }
    }
}
