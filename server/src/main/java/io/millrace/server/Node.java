package io.millrace.server;

import io.millrace.controller.ControllerSettings;
import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.VoterAddresses;
import io.millrace.raft.VoterSet;
import io.millrace.raft.run.MetadataLogConfig;
import io.millrace.raft.run.MetadataQuorum;
import io.millrace.raft.run.QuorumConfig;
import io.millrace.raft.run.QuorumNetwork;
import io.millrace.raft.run.UnsupportedQuorum;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.server.config.BadConfig;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.controller.ActiveController;
import io.millrace.server.controller.BrokerLife;
import io.millrace.server.controller.ClusterBroker;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.controller.ControllerDuties;
import io.millrace.server.controller.DirectoryAssignments;
import io.millrace.server.controller.DirectoryFence;
import io.millrace.server.controller.GoneBrokers;
import io.millrace.server.controller.InSyncProposals;
import io.millrace.server.controller.KnownMetadata;
import io.millrace.server.controller.LoneBroker;
import io.millrace.server.controller.MetadataRole;
import io.millrace.server.fetch.FetchSessions;
import io.millrace.server.metrics.LaneLoad;
import io.millrace.server.metrics.MetricSources;
import io.millrace.server.metrics.NodeMetrics;
import io.millrace.server.network.LaneNetwork;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.MoveTurns;
import io.millrace.server.quorum.QuorumDoor;
import io.millrace.server.storage.CompactionNumbers;
import io.millrace.server.storage.DirectorySpace;
import io.millrace.server.storage.LaneCompactions;
import io.millrace.server.storage.LogDirectories;
import io.millrace.server.storage.LogState;
import io.millrace.server.storage.OpeningWatch;
import io.millrace.server.storage.SpaceWatch;
import io.millrace.server.storage.StrayLogs;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.MetaProperties;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One node: a broker and a controller in one process, the only voter of its quorum; or a controller, alone or with a broker in its
 * process, which may be one of several voters, and serves others of its kind as soon as it has recovered its log, as nobody could be
 * elected otherwise; or a broker whose controllers are elsewhere. A broker that is not the whole cluster follows the metadata log and
 * begins once it has read its own registration.
 *
 * <p>Its boot: the log directories are taken into use and the metadata log recovered, on the caller's thread; then, on the
 * lanes, the node elects itself, registers and unfences its broker, opens the logs it leads, and listens once they are open or
 * that takes too long: the rest come up one by one.
 */
public final class Node {
    private static final System.Logger LOG = System.getLogger(Node.class.getName());

    private final Environment environment;
    private final ServerConfig config;
    private final NodeEvents events;
    private final String clusterId;
    private final LogDirectories directories;
    private final List<BrokerLane> lanes;
    private final Map<Lane, LaneNetwork> networks;
    private final MetadataRole metadata;
    private final QuorumConfig quorumConfig;
    /** Null for a node that is a quorum by itself. */
    private final @Nullable QuorumReach reach;
    /** Null for a node whose questions its own controller answers. */
    private final @Nullable ActiveController controllers;

    private final QuorumDoor quorumDoor;
    private final ControllerDuties duties;
    private final GoneBrokers goneBrokers;
    private final BrokerLife broker;
    private final OpeningWatch opening;
    private final NodeStop stop;
    private final NodeListeners listeners;
    private final NodeMetrics metrics;
    private final DirectoryFence directoryFence;
    private final SpaceWatch spaceWatch;
    private final long bootedAtNanos;
    // The rest belongs to the metadata lane.
    private boolean isServing;
    private boolean hasFailed;

    private Node(
            Environment environment,
            ServerConfig config,
            NodeEvents events,
            String clusterId,
            LogDirectories directories,
            long bootedAtNanos,
            Function<Lane, Optional<LaneLoad>> loads) {
        this.environment = environment;
        this.config = config;
        this.events = events;
        this.clusterId = clusterId;
        this.directories = directories;
        this.bootedAtNanos = bootedAtNanos;
        EffectiveConfigs configs = config.effective();
        MoveTurns turns = BrokerLanes.moveTurns(environment, config, directories);
        this.lanes = BrokerLanes.make(environment, config, directories, turns, this::diskFailed);
        this.networks = BrokerLanes.networks(environment, config, lanes);
        this.metadata = new MetadataRole(
                environment.metadataLane(),
                environment.clock(),
                environment.randomness(),
                lanes,
                new ControllerSettings(
                        config.nodeId(), clusterId, configs.brokerLong("broker.session.timeout.ms"), config.stated()),
                configs.brokerLong("metadata.log.max.record.bytes.between.snapshots"),
                new MetadataEvents());
        this.quorumConfig = quorumConfig(config, directories);
        this.reach = config.isLone() ? null : new QuorumReach(environment, config, clusterId, quorumConfig.self());
        this.controllers = reach == null || !config.isBroker()
                ? null
                : new ActiveController(
                        metadata,
                        reach.lines(),
                        environment,
                        config.nodeId(),
                        Math.max(1, configs.brokerLong("broker.session.timeout.ms") / 2),
                        configs.brokerLong("controller.socket.timeout.ms"));
        ControllerAccess access = controllers == null ? metadata : controllers;
        this.broker = controllers == null
                ? new LoneBroker(metadata, config, directories, environment)
                : new ClusterBroker(metadata, controllers, config, directories, lanes, environment);
        this.directoryFence = new DirectoryFence(
                directories, config.metadataLogDir(), lanes, environment.metadataLane(), broker, this::fail);
        DirectoryAssignments assignments =
                new DirectoryAssignments(access, broker, config.nodeId(), environment.metadataLane());
        directories.placement().whenPlaced(assignments::placed);
        InSyncProposals proposals = new InSyncProposals(
                (request, then) -> access.ask(new InSyncProposals.Alteration(request), then),
                broker::epoch,
                config.nodeId(),
                environment.metadataLane());
        for (BrokerLane lane : lanes) lane.applier().inSync().askBy(proposals);
        this.spaceWatch = new SpaceWatch(
                directories,
                config.spaceReserve(),
                environment.metadataLane(),
                environment.clock(),
                new SpaceChanges(),
                this::diskFailed);
        this.listeners = new NodeListeners(environment, config, networks);
        this.quorumDoor = new QuorumDoor(environment.metadataLane(), config.controllerListener());
        this.goneBrokers = new GoneBrokers(
                () -> metadata.image().cluster(),
                fencing -> metadata.decide(fencing, wasAwake -> {}),
                environment.transport(),
                environment.metadataLane(),
                environment.clock(),
                config.nodeId());
        if (config.isController() && !config.isLone())
            ControllerApis.fill(networks, lanes, config, clusterId, metadata, goneBrokers, quorumDoor);
        if (config.isBroker())
            LaneApis.fill(networks, lanes, config, clusterId, directories, access, quorumDoor, this::diskFailed);
        this.duties = new ControllerDuties(
                metadata, environment.metadataLane(), environment.clock(), configs, config.growsOffsetsTopic());
        this.stop = new NodeStop(environment, directories, lanes, metadata, broker, listeners);
        turns.whenMoved(stop::checkpointSoon);
        this.opening = new OpeningWatch(
                lanes, environment.metadataLane(), environment.clock(), () -> hasFailed || stop.isStopping());
        this.metrics = new NodeMetrics(lanes, networks, this::metadataFacts, new MetricSources() {
            @Override
            public Optional<FetchSessions> fetchSessions(BrokerLane lane) {
                return Optional.ofNullable(networks.get(lane.lane())).map(LaneNetwork::fetchSessions);
            }

            @Override
            public Optional<CompactionNumbers> compactions(BrokerLane lane) {
                return stop.cleaner().flatMap(cleaner -> cleaner.on(lane)).map(LaneCompactions::numbers);
            }

            @Override
            public Optional<LogDirectories> logDirectories() {
                return Optional.of(directories);
            }

            @Override
            public Optional<LaneLoad> load(Lane lane) {
                return loads.apply(lane);
            }
        });
    }

    /**
     * Boots a node. What blocks happens here; the rest on the lanes, and ends in {@link NodeEvents#ready} or
     * {@link NodeEvents#failed}.
     *
     * @throws BadConfig if the directories or properties are not usable; nothing has changed then
     * @throws IOException if a disk failed
     */
    public static Node boot(Environment environment, ServerConfig config, NodeEvents events) throws IOException {
        return boot(environment, config, events, lane -> Optional.empty());
    }

    /**
     * As the other.
     *
     * @param loads how busy a lane's thread is, where the environment knows; asked on the lane, for metrics
     */
    public static Node boot(
            Environment environment, ServerConfig config, NodeEvents events, Function<Lane, Optional<LaneLoad>> loads)
            throws IOException {
        long begin = environment.clock().monotonicNanos();
        KnownMetadata.require(environment.disk(), config);
        LogDirectories directories = LogDirectories.open(environment.disk(), config.logDirs(), config.nodeId());
        boolean isDone = false;
        try {
            LogDirectories.InUse first = directories.inUse().get(0);
            MetaProperties meta = first.directory()
                    .metaProperties()
                    .orElseThrow(() -> new BadConfig(first.directory().path() + " is not formatted"));
            Node node = new Node(environment, config, events, meta.clusterId(), directories, begin, loads);
            node.begin();
            isDone = true;
            return node;
        } catch (UnsupportedQuorum unsupported) {
            throw new BadConfig(String.valueOf(unsupported.getMessage()));
        } finally {
            if (!isDone) directories.close();
        }
    }

    private void begin() throws IOException {
        listeners.claim();
        boolean isDone = false;
        try {
            QuorumReach reached = reach;
            Optional<ControllerRole> amongOthers = reached == null || !config.isController()
                    ? Optional.empty()
                    : Optional.of(new ControllerRole(environment, config, reached, metadata, listeners.bound()));
            MetadataQuorum quorum = MetadataQuorum.open(
                    environment.disk(),
                    config.metadataLogDir(),
                    quorumConfig,
                    environment.metadataLane(),
                    environment.clock(),
                    metadata,
                    reached == null ? QuorumNetwork.NONE : reached.network());
            spaceWatch.lookNow();
            onMetadataLane(() -> {
                stop.startSpaceWatch(spaceWatch);
                quorumDoor.open(quorum);
                if (reached != null) reached.begin(quorum);
                amongOthers.ifPresent(role -> {
                    role.begin();
                    stop.beforeAll(role::stop);
                });
                metadata.begin(quorum, showing());
                // Others can be elected with, and this node be found, only by those who reach it.
                if (!config.isBroker()) serve();
                else if (!config.isLone()) listeners.openForControllers(this::beginBroker);
            });
            isDone = true;
        } finally {
            if (!isDone) listeners.close();
        }
    }

    private MetadataRole.Showing showing() {
        if (!config.isBroker()) return MetadataRole.Showing.ALL;
        return config.isLone() ? MetadataRole.Showing.ONCE_LEADING : MetadataRole.Showing.WHEN_TOLD;
    }

    private void beginBroker() {
        if (hasFailed || stop.isStopping()) return;
        broker.begin(listeners.bound(), () -> opening.begin(this::serve), this::fail);
    }

    private static QuorumConfig quorumConfig(ServerConfig config, LogDirectories directories) {
        EffectiveConfigs configs = config.effective();
        LogDirectories.InUse home = directories.inUse().stream()
                .filter(use -> use.directory().path().equals(config.metadataLogDir()))
                .findFirst()
                .orElseThrow(() -> new BadConfig(
                        directories.offlinePaths().contains(config.metadataLogDir())
                                ? "the directory of the metadata log, " + config.metadataLogDir()
                                        + ", cannot be used; the log says why"
                                : "metadata.log.dir " + config.metadataLogDir()
                                        + " is not one of log.dirs, which this version asks for"));
        List<String> voters = configs.brokerList("controller.quorum.voters");
        VoterSet staticVoters =
                voters.isEmpty() ? VoterSet.NONE : VoterAddresses.ofQuorumVoters(voters, config.controllerListener());
        return new QuorumConfig(
                new ReplicaKey(config.nodeId(), home.id()),
                staticVoters,
                new MetadataLogConfig(
                        configs.brokerInt("metadata.log.segment.bytes"),
                        configs.brokerLong("metadata.log.segment.ms"),
                        configs.brokerLong("metadata.max.retention.bytes"),
                        configs.brokerLong("metadata.max.retention.ms"),
                        MetadataLogConfig.DEFAULT.maxBatchBytes()));
    }

    private void onMetadataLane(Runnable task) {
        Lane lane = environment.metadataLane();
        if (lane.isCurrent()) task.run();
        else lane.execute(task);
    }

    private final class MetadataEvents implements MetadataRole.Events {
        @Override
        public void active(int epoch) {
            events.leadsQuorum(epoch);
            if (config.isLone()) beginBroker();
            else {
                duties.begin();
                goneBrokers.begin();
            }
        }

        @Override
        public void resigned() {
            events.resignsQuorum();
            duties.end();
            goneBrokers.end();
        }

        @Override
        public void showing() {
            directories.beginUse(Node.this::diskFailed);
        }

        @Override
        public void published(MetadataImage image) {
            // Lanes have been sent it; what waits for logs to be opened is told by the lanes.
            if (config.isBroker()) broker.propertiesMayHaveChanged(image);
        }

        @Override
        public void read(MetadataImage image) {
            broker.imageRead(image);
            if (controllers != null) controllers.imageRead(image);
            events.metadataRead(image);
        }

        @Override
        public void outOfSpace() {
            for (LogDirectories.InUse use : directories.inUse())
                if (use.directory().path().equals(config.metadataLogDir()))
                    directories.spaceOf(use).ranOut();
        }

        @Override
        public void failed(Exception cause) {
            fail(cause);
        }
    }

    private final class SpaceChanges implements SpaceWatch.Changes {
        @Override
        public void shrunk(LogDirectories.InUse directory) {
            stop.hurryUpkeep();
        }

        @Override
        public void grown(LogDirectories.InUse directory) {
            for (BrokerLane lane : lanes)
                lane.lane().execute(() -> lane.applier().spaceHasGrown());
        }
    }

    private void serve() {
        if (isServing || hasFailed || stop.isStopping()) return;
        isServing = true;
        stop.startUpkeep(config.effective(), config.isLone(), this::diskFailed);
        if (!config.isBroker()) {
            open();
            return;
        }
        StrayLogs.setAside(
                directories,
                config.nodeId(),
                metadata.image(),
                environment.randomness(),
                environment.metadataLane(),
                this::diskFailed,
                this::open);
    }

    private void open() {
        if (hasFailed || stop.isStopping()) return;
        listeners.open(() -> {
            if (hasFailed || stop.isStopping()) return;
            long ms = (environment.clock().monotonicNanos() - bootedAtNanos) / 1_000_000;
            events.ready(new Ready(clusterId, listeners.bound(), ms));
        });
    }

    /** A log directory failed: it is fenced, and the node ends if it cannot do without it. Called from any thread. */
    private void diskFailed(LogDirectoryFailed failed) {
        directoryFence.fence(failed);
    }

    private void fail(Exception why) {
        if (hasFailed) return;
        hasFailed = true;
        LOG.log(System.Logger.Level.ERROR, "the node cannot go on: " + why.getMessage(), why);
        events.failed(why);
    }

    /** Stops in order: no more requests, logs closed, checkpoints and the clean marker written, the quorum resigned. */
    public void stop(Consumer<Optional<Exception>> stopped) {
        onMetadataLane(() -> stop.begin(hasFailed, stopped));
    }

    /** Renders what {@code /metrics} shows; the consumer is called on a lane. */
    public void scrapeMetrics(Consumer<String> then) {
        metrics.scrape(then);
    }

    /** Says how the logs stand that are compacted, in the order of their names; the consumer is called on the metadata lane. */
    public void describeLogs(Consumer<List<LogState>> then) {
        onMetadataLane(
                () -> stop.cleaner().ifPresentOrElse(cleaner -> cleaner.describe(then), () -> then.accept(List.of())));
    }

    private void metadataFacts(Consumer<NodeMetrics.MetadataFacts> then) {
        onMetadataLane(() -> then.accept(new NodeMetrics.MetadataFacts(
                metadata.image(),
                isServing,
                new NodeMetrics.QuorumFacts(
                        metadata.quorum().describe(),
                        metadata.quorum().logEndOffset(),
                        metadata.quorum()
                                .latestSnapshot()
                                .map(OffsetAndEpoch::offset)
                                .orElse(-1L)))));
    }

    /** Whether the node serves, and a sentence about it. */
    public record Health(boolean isServing, String text) {}

    private String wantOfSpace() {
        StringBuilder text = new StringBuilder();
        for (LogDirectories.InUse use : directories.online()) {
            DirectorySpace space = directories.spaceOf(use);
            if (!space.isOpen())
                text.append("; ")
                        .append(use.directory().path())
                        .append(" is full and read-only: ")
                        .append(space.now().text());
        }
        return text.toString();
    }

    /** Says how the node is; the consumer is called on the metadata lane. */
    public void health(Consumer<Health> then) {
        onMetadataLane(() -> {
            if (hasFailed) then.accept(new Health(false, "failed"));
            else if (stop.isStopping()) then.accept(new Health(false, "stopping"));
            else then.accept(new Health(isServing, (isServing ? "serving" : "starting") + wantOfSpace()));
        });
    }
}
