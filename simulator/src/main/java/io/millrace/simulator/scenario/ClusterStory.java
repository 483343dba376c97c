package io.millrace.simulator.scenario;

import io.millrace.client.cluster.run.ClientLane;
import io.millrace.connection.BufferPool;
import io.millrace.connection.run.ConversationLane;
import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.simulator.SimulatedNetwork;
import io.millrace.simulator.SimulatedNode;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A whole cluster, from empty disks: nodes of every mix of roles, producers of our own, a group and readers, topics that come and go.
 * Nodes are killed, lose power, stand still, are cut off and fail in {@link ClusterFault}'s ways. Then all is well: everybody comes to
 * an end within a bound of virtual time, and what is there is held against what was acknowledged, read and committed.
 */
public final class ClusterStory {
    private static final String TOPIC = "orders";
    private static final long MOST_FAULTY_MS = 1_200_000;
    private static final long MOST_HEALING_MS = 300_000;
    private static final int MOST_FAULTS = 12;
    private static final int MOST_TURNOVERS = 8;
    private static final int MOST_PARTITIONS = 6;
    private static final int OFFSETS_PARTITIONS = 3;
    private static final int MOST_REPLICAS = 3;
    private static final int STORIES_A_LOSSY_TOPIC = 3;
    private static final long NOTICES_MS = 1_000;

    private final Reduction reduction;
    private final Simulation simulation;
    private final SeededRandom random;
    private final SimulatedNetwork network;
    private final ClusterNodes nodes;
    private final MetadataHistory metadata = new MetadataHistory();
    private final SimulatedNode clients;
    private final ConversationLane shared;
    private final boolean acksWaitForDisk;
    private final int fetchTimeoutMs;
    private final int sessionMs;
    /** Of every partition. */
    private final int replicas;

    /** The node that may lose what it has, or 0. */
    private final int mayLose;

    private final ClusterFaults faults;
    private @Nullable Turnover members;
    private final GroupPlan plan;
    private final GroupHistory group;
    private final Map<Integer, PartitionHistory> histories = new TreeMap<>();
    private final Map<Integer, PartitionReader> readers = new TreeMap<>();

    /**
     * What came of a story that kept its promises.
     *
     * @param traceHash digest of all its events
     * @param records how many records the group read
     * @param leaders how many epochs of the metadata quorum had a leader
     * @param starts how often nodes were started
     * @param virtualMs how long it took, in virtual time
     * @param events how many events it took
     * @param happened the nodes, and what befell them, in words
     */
    public record Outcome(
            long traceHash, long records, int leaders, int starts, long virtualMs, long events, String happened) {}

    /** A story; its seed decides everything in it. */
    public ClusterStory(long seed) {
        this(seed, EnumSet.allOf(ClusterFault.class));
    }

    /** A story of which something is left out. */
    public ClusterStory(long seed, Reduction reduction) {
        this(seed, EnumSet.allOf(ClusterFault.class), reduction);
    }

    /** A story in which only these faults may happen. */
    public ClusterStory(long seed, Set<ClusterFault> legal) {
        this(seed, legal, Reduction.NOTHING);
    }

    private ClusterStory(long seed, Set<ClusterFault> legal, Reduction reduction) {
        this.reduction = reduction;
        simulation = new Simulation(seed);
        random = simulation.newRandom();
        network = new SimulatedNetwork(simulation);
        acksWaitForDisk = random.nextBoolean();
        fetchTimeoutMs = random.pick(600, 2_000);
        sessionMs = random.pick(1_500, 3_000, 9_000);
        ClusterShape drawn = random.pick(List.of(ClusterShape.values()));
        ClusterShape shape = reduction.nodes() == null
                ? drawn
                : ClusterShape.of(reduction.nodes()).orElseThrow();
        replicas = random.nextInt(3) == 0 ? 1 : Math.min(MOST_REPLICAS, shape.brokerCount());
        boolean isDynamic = shape.voterCount() > 1 && random.nextBoolean();
        nodes = new ClusterNodes(simulation, network, shape, isDynamic, properties(), metadata);
        clients = network.addNode(1);
        shared = new ConversationLane(lane(), clients.environment().clock(), new BufferPool(1 << 20, 16 << 20));
        Operators operators = new Operators(
                nodes,
                metadata,
                caller("operators", nodes.anyBroker(simulation.newRandom())),
                lane(),
                List.of(TOPIC, ClusterNodes.GROUPS));
        // All that is acknowledged is on two in-sync replicas then, if it is of at least as many (KIP-966).
        mayLose = replicas == MOST_REPLICAS && random.nextInt(3) == 0 ? 1 + random.nextInt(shape.nodeCount()) : 0;
        if (mayLose > 0) nodes.mayLose(mayLose);
        faults = new ClusterFaults(
                simulation,
                network,
                nodes,
                metadata,
                clients,
                operators,
                acksWaitForDisk,
                mayLose,
                legal,
                reduction.withoutFaults(),
                NOTICES_MS + 2L * fetchTimeoutMs,
                sessionMs,
                random.nextInt(MOST_FAULTS + 1));
        plan = GroupPlan.drawn("group", TOPIC, simulation.newRandom());
        group = new GroupHistory(plan.groupId(), plan.isStatic() && plan.assignor() == GroupPlan.Kind.COOPERATIVE);
    }

    private Map<String, String> properties() {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("log.dirs", "/data");
        properties.put("controller.quorum.election.timeout.ms", String.valueOf(random.pick(300, 1_000)));
        properties.put("controller.quorum.fetch.timeout.ms", String.valueOf(fetchTimeoutMs));
        properties.put("broker.heartbeat.interval.ms", String.valueOf(random.pick(200, 500)));
        properties.put("broker.session.timeout.ms", String.valueOf(sessionMs));
        properties.put("initial.broker.registration.timeout.ms", "3600000");
        properties.put("offsets.topic.num.partitions", String.valueOf(OFFSETS_PARTITIONS));
        properties.put("offsets.topic.replication.factor", String.valueOf(replicas));
        properties.put("min.insync.replicas", String.valueOf(minInSync()));
        properties.put("replica.lag.time.max.ms", String.valueOf(random.pick(1_000, 4_000)));
        properties.put("replica.fetch.wait.max.ms", String.valueOf(random.pick(50, 500)));
        properties.put("replica.fetch.backoff.ms", "200");
        properties.put("replica.socket.timeout.ms", "3000");
        properties.put("replica.high.watermark.checkpoint.interval.ms", String.valueOf(random.pick(200, 1_000, 5_000)));
        properties.put("log.roll.ms", String.valueOf(random.pick(300, 3_000, 600_000)));
        properties.put("log.index.interval.bytes", "500");
        properties.put("log.flush.offset.checkpoint.interval.ms", String.valueOf(random.nextInt(200, 5_000)));
        properties.put(
                "metadata.log.max.record.bytes.between.snapshots", String.valueOf(random.pick(500, 5_000, 20_000_000)));
        properties.put("group.min.session.timeout.ms", "1000");
        properties.put("group.initial.rebalance.delay.ms", String.valueOf(random.pick(0, 500, 3_000)));
        if (acksWaitForDisk) properties.put("log.flush.interval.messages", "1");
        return properties;
    }

    private int minInSync() {
        return replicas == MOST_REPLICAS ? 2 : 1;
    }

    /** The simulation, to look at or to listen to. */
    public Simulation simulation() {
        return simulation;
    }

    /** Which nodes there are, as in {@link Reduction#nodes}. */
    public String nodeLabel() {
        return nodes.shape().label();
    }

    /** The numbers of the faults that have happened so far, from 1. */
    public Set<Integer> faultNumbers() {
        return faults.numbers();
    }

    /** What was decided so far, and when. */
    public List<String> decisions() {
        return faults.decisions();
    }

    /**
     * Tells it.
     *
     * @throws AssertionError if a promise is broken, or nothing moves on
     */
    public Outcome run() {
        try {
            tell();
        } catch (AssertionError broken) {
            throw new AssertionError(
                    broken.getMessage() + "; at " + simulation.nowMs() + " ms; " + nodes + ", " + replicas
                            + " replicas; " + metadata + "; " + plan
                            + ", members " + (members == null ? "none yet" : members.members()) + "; faults: "
                            + faults.done(),
                    broken);
        }
        return new Outcome(
                simulation.traceHash(),
                group.readCount(),
                metadata.leaderCount(),
                nodes.all().stream().mapToInt(SimulatedServer::starts).sum(),
                simulation.nowMs(),
                simulation.eventCount(),
                nodes.shape() + " of " + replicas + " replicas " + faults.done());
    }

    private void tell() {
        for (int id = 1; id <= nodes.shape().nodeCount(); id++) nodes.start(id);
        int partitions = Math.min(1 + random.nextInt(MOST_PARTITIONS), reduction.partitions());
        TopicMaker topic =
                new TopicMaker(TOPIC, partitions, replicas, caller("admin", nodes.anyBroker(simulation.newRandom())));
        faults.begin();
        beginAll(List.of(topic));
        until("the topic is not made", topic::isDone, MOST_FAULTY_MS);
        AcknowledgedRecords acknowledged = new AcknowledgedRecords(nodes, metadata, TOPIC);
        HighWatermarks highWatermarks = new HighWatermarks(nodes, metadata, TOPIC, minInSync());
        for (int each = 0; each < partitions; each++) {
            int index = each;
            PartitionHistory its = new PartitionHistory(TOPIC + "-" + each, new PartitionHistory.Watch() {
                @Override
                public void acknowledged(long baseOffset, List<String> values) {
                    acknowledged.acknowledged(index, baseOffset, values);
                }

                @Override
                public boolean mayBeDamaged() {
                    return faults.hasRotted();
                }

                @Override
                public void highWatermark(long offset) {
                    highWatermarks.told(index, offset);
                }
            });
            histories.put(each, its);
            readers.put(
                    each,
                    new PartitionReader(
                            topic.topicId(),
                            each,
                            its,
                            caller("reader-" + each, nodes.leaderOf(TOPIC, each, simulation.newRandom())),
                            simulation.newRandom()));
        }
        Anchor anchor =
                new Anchor(plan.groupId(), topic.topicId(), partitions, caller("anchor", coordinator(plan.groupId())));
        beginAll(List.of(anchor));
        until("the group is not anchored", anchor::isDone, MOST_FAULTY_MS);
        List<Actor> writers = writers(topic);
        LossyTopic lossy = lossyTopic();
        if (lossy != null) writers.add(lossy);
        beginAll(writers);
        Turnover turnover = new Turnover(
                simulation,
                network,
                nodes::brokerAddresses,
                plan,
                group,
                histories,
                Math.min(random.nextInt(MOST_TURNOVERS + 1), reduction.turnovers()));
        members = turnover;
        turnover.begin();
        AssignedReader assigned = new AssignedReader(
                "assigned", TOPIC, simulation, network.addNode(1), nodes.brokerAddresses(), histories);
        assigned.begin();
        until("faults come to no end", () -> faults.isOver() && turnover.isOver(), MOST_FAULTY_MS);
        faults.heal();
        until("not all is as it was", faults::isMended, MOST_HEALING_MS);
        until("not all nodes serve again", nodes::allServe, MOST_HEALING_MS);
        until("not all replicas are where they are to be", metadata::allInPlace, MOST_HEALING_MS);
        new GroupEnding(simulation, plan, group, histories, readers, lane()).tell(writers, turnover, assigned);
        lane().execute(topic::lookUp);
        until("the topic cannot be looked up", topic::isDone, MOST_HEALING_MS);
        long known = metadata.newestOffset();
        until("not all nodes have read the metadata", () -> haveRead(known), MOST_HEALING_MS);
        until(
                "not all replicas are in sync",
                () -> metadata.allInPlace() && metadata.allInSync() && metadata.newestOffset() >= known,
                MOST_HEALING_MS);
        nodes.all().forEach(each -> each.machine().kill());
        Map<Integer, Long> ends = new TreeMap<>();
        readers.forEach(
                (partition, its) -> ends.put(partition, (long) its.whole().size()));
        ReplicaComparison.compare(nodes, metadata.newest(), TOPIC, ends);
        if (lossy != null) lossy.check(nodes, metadata.newest());
    }

    /** In some stories, not in those of a node that may lose what nobody else has. */
    private @Nullable LossyTopic lossyTopic() {
        SeededRandom draws = new SeededRandom(~simulation.seed());
        if (mayLose > 0 || reduction.others() == 0 || draws.nextInt(STORIES_A_LOSSY_TOPIC) > 0) return null;
        TopicMaker maker = new TopicMaker(
                LossyTopic.NAME,
                1,
                LossyTopic.REPLICAS,
                LossyTopic.PROPERTIES,
                caller("lossy-maker", nodes.anyBroker(draws.split())));
        return new LossyTopic(
                maker,
                caller("lossy", nodes.leaderOf(LossyTopic.NAME, 0, draws.split())),
                metadata,
                draws.nextInt(20, 150));
    }

    private boolean haveRead(long offset) {
        for (int id = 1; id <= nodes.shape().nodeCount(); id++) if (!metadata.hasRead(id, offset)) return false;
        return true;
    }

    private List<Actor> writers(TopicMaker topic) {
        List<Actor> writers = new ArrayList<>(producers());
        List<Actor> others = others(topic);
        writers.addAll(others.subList(0, Math.min(others.size(), reduction.others())));
        return writers;
    }

    private List<Actor> producers() {
        List<Actor> producers = new ArrayList<>();
        Environment here = clients.environment();
        for (int i = Math.min(1 + random.nextInt(3), reduction.producers()); i > 0; i--)
            producers.add(new ClientProducer(
                    "client-" + i,
                    simulation,
                    ClientLane.of(lane(), here.clock(), here.randomness(), here.transport()),
                    nodes.brokerAddresses(),
                    TOPIC,
                    histories,
                    simulation.newRandom(),
                    Math.min(random.nextInt(20, 250), reduction.sends())));
        return producers;
    }

    private List<Actor> others(TopicMaker topic) {
        List<Actor> others = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            String committing = "committing-" + i;
            others.add(new OffsetCommitter(
                    committing,
                    topic.topicId(),
                    caller(committing, coordinator(committing)),
                    simulation.newRandom(),
                    random.nextInt(5, 30)));
        }
        if (random.nextInt(3) == 0) {
            Caller caller = caller("churner", nodes.leaderOf("churned", 0, simulation.newRandom()));
            others.add(new TopicChurner(caller, replicas, true, simulation.newRandom(), random.nextInt(1, 6)));
        }
        return others;
    }

    private Supplier<InetSocketAddress> coordinator(String groupId) {
        return nodes.coordinatorOf(groupId, OFFSETS_PARTITIONS, simulation.newRandom());
    }

    private void until(String otherwise, BooleanSupplier condition, long mostMs) {
        try {
            simulation.runUntil(condition, mostMs);
        } catch (Simulation.Stuck stuck) {
            throw new Simulation.Stuck(otherwise + ": " + stuck.getMessage());
        }
    }

    private Lane lane() {
        return clients.environment().lanes().getFirst();
    }

    private Caller caller(String name, Supplier<InetSocketAddress> server) {
        return new Caller(name, clients.environment().transport(), server, shared, simulation.newRandom());
    }

    private void beginAll(Iterable<? extends Actor> actors) {
        for (Actor actor : actors) lane().execute(actor::begin);
    }
}
