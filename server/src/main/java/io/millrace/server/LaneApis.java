package io.millrace.server;

import io.millrace.environment.Lane;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.ApiKey;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.controller.NewPartitionSpace;
import io.millrace.server.controller.TopicCreation;
import io.millrace.server.groups.GroupRoute;
import io.millrace.server.handlers.AlterConfigsHandler;
import io.millrace.server.handlers.AlterReplicaLogDirsHandler;
import io.millrace.server.handlers.ApiVersionsHandler;
import io.millrace.server.handlers.ClientView;
import io.millrace.server.handlers.CreatePartitionsHandler;
import io.millrace.server.handlers.CreateTopicsHandler;
import io.millrace.server.handlers.DeleteGroupsHandler;
import io.millrace.server.handlers.DeleteRecordsHandler;
import io.millrace.server.handlers.DeleteTopicsHandler;
import io.millrace.server.handlers.DescribeClusterHandler;
import io.millrace.server.handlers.DescribeConfigsHandler;
import io.millrace.server.handlers.DescribeGroupsHandler;
import io.millrace.server.handlers.DescribeLogDirsHandler;
import io.millrace.server.handlers.DescribeProducersHandler;
import io.millrace.server.handlers.DescribeQuorumHandler;
import io.millrace.server.handlers.DescribeTopicPartitionsHandler;
import io.millrace.server.handlers.FetchHandler;
import io.millrace.server.handlers.FindCoordinatorHandler;
import io.millrace.server.handlers.HeartbeatHandler;
import io.millrace.server.handlers.IncrementalAlterConfigsHandler;
import io.millrace.server.handlers.InitProducerIdHandler;
import io.millrace.server.handlers.JoinGroupHandler;
import io.millrace.server.handlers.LeaveGroupHandler;
import io.millrace.server.handlers.ListConfigResourcesHandler;
import io.millrace.server.handlers.ListGroupsHandler;
import io.millrace.server.handlers.ListOffsetsHandler;
import io.millrace.server.handlers.MetadataHandler;
import io.millrace.server.handlers.OffsetCommitHandler;
import io.millrace.server.handlers.OffsetDeleteHandler;
import io.millrace.server.handlers.OffsetFetchHandler;
import io.millrace.server.handlers.OffsetForLeaderEpochHandler;
import io.millrace.server.handlers.ProduceHandler;
import io.millrace.server.handlers.SyncGroupHandler;
import io.millrace.server.handlers.WriteTxnMarkersHandler;
import io.millrace.server.network.ApiTable;
import io.millrace.server.network.LaneNetwork;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.quorum.PeerRequestHandler;
import io.millrace.server.quorum.QuorumDoor;
import io.millrace.server.quorum.VoterChangeHandler;
import io.millrace.server.storage.LogDirectories;
import io.millrace.storage.LogDirectoryFailed;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Which handler answers which API, on each lane. */
final class LaneApis {
    private LaneApis() {}

    /** Fills the lanes' tables. */
    static void fill(
            Map<Lane, LaneNetwork> networks,
            List<BrokerLane> lanes,
            ServerConfig config,
            String clusterId,
            LogDirectories directories,
            ControllerAccess controller,
            QuorumDoor quorum,
            Consumer<LogDirectoryFailed> diskFailed) {
        EffectiveConfigs configs = config.effective();
        ClientView view = new ClientView(config);
        // Elsewhere there may be room when here is none.
        NewPartitionSpace space =
                config.isLone() ? () -> directories.whyNoNewPartitions(config.metadataLogDir()) : Optional::empty;
        TopicCreation creation = new TopicCreation(controller, configs, space, config.fitsOffsetsTopic());
        PeerRequestHandler peers = new PeerRequestHandler(clusterId, quorum);
        for (BrokerLane lane : lanes) {
            LaneNetwork network = networks.get(lane.lane());
            if (network == null) throw new IllegalStateException("lane " + lane.index() + " has no network");
            ApiTable apis = network.apis();
            GroupRoute groups = new GroupRoute(lane, configs.brokerInt("offsets.topic.num.partitions"));
            apis.serve(ApiKey.PRODUCE, new ProduceHandler(lane, view, diskFailed))
                    .serve(
                            ApiKey.FETCH,
                            new FetchHandler(
                                    lane,
                                    view,
                                    network.fetchSessions(),
                                    configs.brokerInt("fetch.max.bytes"),
                                    config.sendsToNearestReplica()))
                    .serve(ApiKey.LIST_OFFSETS, new ListOffsetsHandler(lane, diskFailed))
                    .serve(ApiKey.METADATA, new MetadataHandler(lane, view, clusterId, creation))
                    .serve(ApiKey.OFFSET_COMMIT, new OffsetCommitHandler(lane, groups))
                    .serve(ApiKey.OFFSET_FETCH, new OffsetFetchHandler(lane, groups))
                    .serve(ApiKey.FIND_COORDINATOR, new FindCoordinatorHandler(lane, view, groups, creation))
                    .serve(ApiKey.JOIN_GROUP, new JoinGroupHandler(groups))
                    .serve(ApiKey.HEARTBEAT, new HeartbeatHandler(groups))
                    .serve(ApiKey.LEAVE_GROUP, new LeaveGroupHandler(groups))
                    .serve(ApiKey.SYNC_GROUP, new SyncGroupHandler(groups))
                    .serve(ApiKey.DESCRIBE_GROUPS, new DescribeGroupsHandler(lane, groups))
                    .serve(ApiKey.LIST_GROUPS, new ListGroupsHandler(lane))
                    .serve(ApiKey.API_VERSIONS, new ApiVersionsHandler(lane, apis, config, clusterId))
                    .serve(ApiKey.CREATE_TOPICS, new CreateTopicsHandler(lane, controller, space))
                    .serve(ApiKey.DELETE_TOPICS, new DeleteTopicsHandler(lane, controller))
                    .serve(ApiKey.DELETE_RECORDS, new DeleteRecordsHandler(lane, diskFailed))
                    .serve(ApiKey.INIT_PRODUCER_ID, new InitProducerIdHandler(lane, controller, config.nodeId()))
                    .serve(ApiKey.OFFSET_FOR_LEADER_EPOCH, new OffsetForLeaderEpochHandler(lane))
                    .serve(ApiKey.WRITE_TXN_MARKERS, new WriteTxnMarkersHandler(lane, diskFailed))
                    .serve(ApiKey.DESCRIBE_CONFIGS, new DescribeConfigsHandler(lane, config.nodeId()))
                    .serve(ApiKey.ALTER_CONFIGS, new AlterConfigsHandler(lane, controller))
                    .serve(ApiKey.ALTER_REPLICA_LOG_DIRS, new AlterReplicaLogDirsHandler(lane))
                    .serve(ApiKey.DESCRIBE_LOG_DIRS, new DescribeLogDirsHandler(lane, directories))
                    .serve(ApiKey.CREATE_PARTITIONS, new CreatePartitionsHandler(lane, controller, space))
                    .serve(ApiKey.DELETE_GROUPS, new DeleteGroupsHandler(lane, groups))
                    .serve(ApiKey.INCREMENTAL_ALTER_CONFIGS, new IncrementalAlterConfigsHandler(lane, controller))
                    .serve(ApiKey.OFFSET_DELETE, new OffsetDeleteHandler(lane, groups))
                    .serve(ApiKey.DESCRIBE_CLUSTER, new DescribeClusterHandler(lane, view, clusterId))
                    .serve(
                            ApiKey.DESCRIBE_QUORUM,
                            config.isLone()
                                    ? new DescribeQuorumHandler(quorum)
                                    : new DescribeQuorumHandler(quorum, lane, controller))
                    .serve(ApiKey.DESCRIBE_PRODUCERS, new DescribeProducersHandler(lane))
                    .serve(ApiKey.LIST_CONFIG_RESOURCES, new ListConfigResourcesHandler(lane))
                    .serve(
                            ApiKey.DESCRIBE_TOPIC_PARTITIONS,
                            new DescribeTopicPartitionsHandler(
                                    lane, configs.brokerInt("max.request.partition.size.limit")));
            new DecidedApis(apis, lane, controller, quorum, false).serveClients(config.nodeId());
            if (!config.isLone()) {
                var changes = new VoterChangeHandler(clusterId, quorum, lane, controller);
                apis.serve(ApiKey.ADD_RAFT_VOTER, changes).serve(ApiKey.REMOVE_RAFT_VOTER, changes);
            }
            if (config.isLone()) for (ApiKey apiKey : ControllerApis.QUORUM) apis.serveAtControllers(apiKey, peers);
        }
    }
}
