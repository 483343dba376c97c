package io.millrace.server;

import io.millrace.connection.BufferPool;
import io.millrace.connection.ConversationLimits;
import io.millrace.connection.run.ConversationLane;
import io.millrace.connection.run.FileRange;
import io.millrace.connection.run.PayloadFiles;
import io.millrace.coordinators.group.GroupLimits;
import io.millrace.coordinators.shard.run.ShardLimits;
import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.records.Compression;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.fetch.FetchSessions;
import io.millrace.server.following.FetchStreams;
import io.millrace.server.following.FollowingSettings;
import io.millrace.server.groups.LaneGroups;
import io.millrace.server.network.ApiTable;
import io.millrace.server.network.LaneNetwork;
import io.millrace.server.network.RequestCounters;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.LaneApplier;
import io.millrace.server.partitions.LanePartitions;
import io.millrace.server.partitions.MoveTurns;
import io.millrace.server.storage.LogDirectories;
import io.millrace.storage.FileRecords;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.ProducerStateConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Makes what the broker keeps on each lane, from the node's configuration. */
final class BrokerLanes {
    private static final long IDLE_BUFFER_BYTES = 32L << 20;
    private static final long LARGE_BUFFER_BYTES = 256L << 20;

    private static final PayloadFiles FILES = payload -> {
        if (!(payload instanceof FileRecords records))
            throw new IllegalArgumentException(payload.getClass().getName() + " is neither in memory nor in a file");
        return new FileRange(records.file(), records.position(), records.sizeBytes());
    };

    private BrokerLanes() {}

    static List<BrokerLane> make(
            Environment environment,
            ServerConfig config,
            LogDirectories directories,
            MoveTurns turns,
            Consumer<LogDirectoryFailed> diskFailed) {
        EffectiveConfigs configs = config.effective();
        List<BrokerLane> lanes = new ArrayList<>();
        for (Lane lane : environment.lanes()) {
            LaneGroups groups = new LaneGroups(
                    lane,
                    environment.clock(),
                    environment.randomness(),
                    shardLimits(configs),
                    groupLimits(configs),
                    diskFailed);
            BrokerLane broker = new BrokerLane(
                    lanes.size(),
                    lane,
                    environment.clock(),
                    new LanePartitions(diskFailed, environment.disk()::surplusFiles),
                    groups,
                    MetadataImage.EMPTY,
                    configs);
            lanes.add(broker);
        }
        BrokerLane.join(lanes);
        ProducerStateConfig producers = new ProducerStateConfig(configs.brokerLong("producer.id.expiration.ms"));
        for (BrokerLane lane : lanes)
            LaneApplier.install(
                    lane, config.nodeId(), directories, environment.randomness(), producers, turns, diskFailed);
        if (config.isBroker() && !config.isLone())
            for (BrokerLane lane : lanes) lane.applier().followers().fetchBy(streams(environment, config, lane));
        return lanes;
    }

    private static FetchStreams streams(Environment environment, ServerConfig config, BrokerLane lane) {
        return new FetchStreams(
                lane.lane(),
                environment.clock(),
                environment.randomness(),
                environment.transport(),
                FollowingSettings.of(config.nodeId(), config.interBrokerListener(), config.effective()),
                lane.followerThrottle());
    }

    /** Turns of replicas that are moved between the directories. */
    static MoveTurns moveTurns(Environment environment, ServerConfig config, LogDirectories directories) {
        String threads = config.effective().broker("num.replica.alter.log.dirs.threads");
        int atATime = threads == null ? directories.inUse().size() : Integer.parseInt(threads);
        return new MoveTurns(environment.metadataLane(), environment.clock(), atATime);
    }

    static Map<Lane, LaneNetwork> networks(Environment environment, ServerConfig config, List<BrokerLane> lanes) {
        EffectiveConfigs configs = config.effective();
        ConversationLimits limits = ConversationLimits.DEFAULT
                .withMaxFrameBytes(configs.brokerInt("socket.request.max.bytes"))
                .withIdleMs(idleMs(configs.brokerLong("connections.max.idle.ms")));
        int sessions = configs.brokerInt("max.incremental.fetch.session.cache.slots");
        Map<Lane, LaneNetwork> networks = new LinkedHashMap<>();
        for (BrokerLane lane : lanes)
            networks.put(
                    lane.lane(),
                    new LaneNetwork(
                            new ConversationLane(
                                    lane.lane(),
                                    environment.clock(),
                                    new BufferPool(IDLE_BUFFER_BYTES, LARGE_BUFFER_BYTES / lanes.size())),
                            new ApiTable(),
                            new RequestCounters(),
                            limits,
                            FILES,
                            environment.clock(),
                            new FetchSessions(
                                    (sessions + lanes.size() - 1) / lanes.size(),
                                    () -> environment.randomness().nextInt(Integer.MAX_VALUE)),
                            lanes.size() > 1));
        return networks;
    }

    /** Below 0 a connection may be idle for ever, which a millisecond count can say well enough. */
    private static long idleMs(long configured) {
        return configured < 0 ? Long.MAX_VALUE / 4 : Math.max(1, configured);
    }

    private static ShardLimits shardLimits(EffectiveConfigs configs) {
        return new ShardLimits(
                ShardLimits.DEFAULT.maxBatchBytes(),
                ShardLimits.DEFAULT.loadSliceBytes(),
                configs.brokerInt("offsets.commit.timeout.ms"),
                ShardLimits.DEFAULT.maxWakesPerTurn(),
                Compression.forId(configs.brokerInt("offsets.topic.compression.codec"))
                        .orElse(Compression.NONE));
    }

    private static GroupLimits groupLimits(EffectiveConfigs configs) {
        return new GroupLimits(
                configs.brokerInt("group.min.session.timeout.ms"),
                configs.brokerInt("group.max.session.timeout.ms"),
                configs.brokerInt("group.initial.rebalance.delay.ms"),
                configs.brokerInt("group.max.size"),
                configs.brokerInt("offset.metadata.max.bytes"),
                configs.brokerLong("offsets.retention.minutes") * 60_000,
                configs.brokerLong("offsets.retention.check.interval.ms"),
                GroupLimits.DEFAULT.newMemberJoinTimeoutMs());
    }
}
