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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One server and clients of our own: producers fill a topic, a group of up to four members reads it and commits, a reader without
 * a group seeks about in it, and somebody asks what is committed. The server is killed, frozen and cut off, the members crash,
 * freeze, stall, come and go. Then all is well: the group gets to the end of everything, has committed it, and comes to rest.
 */
public final class GroupStory {
    private static final String TOPIC = "orders";
    private static final long MOST_FAULTY_MS = 600_000;
    private static final int MOST_FAULTS = 7;
    private static final int MOST_TURNOVERS = 12;
    private static final int MOST_PARTITIONS = 6;

    private final Simulation simulation;
    private final SeededRandom random;
    private final SimulatedNetwork network;
    private final SimulatedServer server;
    private final SimulatedNode clients;
    private final ConversationLane shared;
    private final boolean acksWaitForDisk;
    private final boolean expiresSoon;
    private final GroupPlan plan;
    private final GroupHistory history;
    private final Map<Integer, PartitionHistory> histories = new TreeMap<>();
    private final Map<Integer, PartitionReader> readers = new TreeMap<>();

    /**
     * What came of a story that kept its promises.
     *
     * @param traceHash digest of all its events
     * @param records how many records the group read
     * @param assignments how often members took partitions on
     * @param starts how often the server was started
     * @param virtualMs how long it took, in virtual time
     * @param events how many events it took
     * @param happened what befell the server and the members, in words
     */
    public record Outcome(
            long traceHash, long records, int assignments, int starts, long virtualMs, long events, String happened) {}

    /** A story; its seed decides everything in it. */
    public GroupStory(long seed) {
        simulation = new Simulation(seed);
        random = simulation.newRandom();
        network = new SimulatedNetwork(simulation);
        acksWaitForDisk = random.nextBoolean();
        expiresSoon = random.nextInt(3) == 0;
        SeededRandom drawing = simulation.newRandom();
        GroupPlan drawn = GroupPlan.drawn("group", TOPIC, drawing);
        plan = drawing.nextBoolean() ? drawn.committingEach() : drawn;
        history = new GroupHistory(plan.groupId(), plan.isStatic() && plan.assignor() == GroupPlan.Kind.COOPERATIVE);
        server = new SimulatedServer(simulation, network, 1 + random.nextInt(3), properties());
        clients = network.addNode(1);
        shared = new ConversationLane(lane(), clients.environment().clock(), new BufferPool(1 << 20, 16 << 20));
    }

    private Map<String, String> properties() {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("offsets.topic.num.partitions", "3");
        properties.put("offsets.topic.replication.factor", "1");
        properties.put("log.roll.ms", String.valueOf(random.pick(300, 3_000, 600_000)));
        properties.put("log.flush.offset.checkpoint.interval.ms", String.valueOf(random.nextInt(200, 5_000)));
        properties.put("group.min.session.timeout.ms", "1000");
        properties.put("group.initial.rebalance.delay.ms", String.valueOf(random.pick(0, 500, 3_000)));
        properties.put("max.incremental.fetch.session.cache.slots", String.valueOf(random.pick(1, 2, 1_000)));
        properties.put("offsets.retention.check.interval.ms", "5000");
        if (expiresSoon) properties.put("offsets.retention.minutes", "1");
        if (acksWaitForDisk) properties.put("log.flush.interval.messages", "1");
        return properties;
    }

    /** The simulation, to look at or to listen to. */
    public Simulation simulation() {
        return simulation;
    }

    /**
     * Tells it.
     *
     * @throws AssertionError if a promise is broken, or nothing moves on
     */
    public Outcome run() {
        server.start();
        int partitions = 1 + random.nextInt(MOST_PARTITIONS);
        TopicMaker topic = new TopicMaker(TOPIC, partitions, caller("admin"));
        Faults faults = new Faults(simulation, server, acksWaitForDisk, random.nextInt(MOST_FAULTS + 1));
        // What has expired by a clock that was set forward is gone by right.
        if (expiresSoon) faults.without(Faults.Kind.WALL_CLOCK);
        faults.begin();
        beginAll(List.of(topic));
        simulation.runUntil(topic::isDone, MOST_FAULTY_MS);
        for (int each = 0; each < partitions; each++) {
            PartitionHistory its = new PartitionHistory(TOPIC + "-" + each);
            histories.put(each, its);
            readers.put(
                    each,
                    new PartitionReader(topic.topicId(), each, its, caller("reader-" + each), simulation.newRandom()));
        }
        // A group without offsets is forgotten when its last member goes, and the next one begins with its first
        // generation again.
        Anchor anchor = new Anchor(plan.groupId(), topic.topicId(), partitions, caller("anchor"));
        beginAll(List.of(anchor));
        simulation.runUntil(anchor::isDone, MOST_FAULTY_MS);
        List<ClientProducer> producers = producers();
        beginAll(producers);
        Turnover members = new Turnover(
                simulation,
                network,
                () -> List.of(server.address()),
                plan,
                history,
                histories,
                random.nextInt(MOST_TURNOVERS + 1));
        members.begin();
        AssignedReader assigned = new AssignedReader(
                "assigned", TOPIC, simulation, network.addNode(1), List.of(server.address()), histories);
        assigned.begin();
        CommittedOffsets committed = new CommittedOffsets(
                history,
                plan.groupId(),
                topic.topicId(),
                partitions,
                caller("observer"),
                lane(),
                simulation.newRandom());
        beginAll(List.of(committed));
        simulation.runUntil(() -> faults.isOver() && members.isOver(), MOST_FAULTY_MS);
        GroupEnding ending = new GroupEnding(simulation, plan, history, histories, readers, lane());
        try {
            ending.tell(producers, members, assigned);
            committed.end();
            simulation.runUntil(committed::isDone, MOST_FAULTY_MS);
        } catch (AssertionError stuck) {
            throw new AssertionError(
                    stuck.getMessage() + "; " + plan + ", members: " + members.members() + ", faults: " + faults.done()
                            + members.done() + ", starts: " + server.starts(),
                    stuck);
        }
        return new Outcome(
                simulation.traceHash(),
                history.readCount(),
                history.assignments(),
                server.starts(),
                simulation.nowMs(),
                simulation.eventCount(),
                plan.assignor() + " " + faults.done() + members.done());
    }

    private List<ClientProducer> producers() {
        List<ClientProducer> producers = new ArrayList<>();
        Environment here = clients.environment();
        for (int i = 1 + random.nextInt(2); i > 0; i--)
            producers.add(new ClientProducer(
                    "client-" + i,
                    simulation,
                    ClientLane.of(lane(), here.clock(), here.randomness(), here.transport()),
                    List.of(server.address()),
                    TOPIC,
                    histories,
                    simulation.newRandom(),
                    random.nextInt(20, 250)));
        return producers;
    }

    private Lane lane() {
        return clients.environment().lanes().getFirst();
    }

    private Caller caller(String name) {
        return new Caller(name, clients.environment().transport(), server.address(), shared, simulation.newRandom());
    }

    private void beginAll(Iterable<? extends Actor> actors) {
        for (Actor actor : actors) lane().execute(actor::begin);
    }
}
