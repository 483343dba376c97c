package io.millrace.simulator.scenario;

import io.millrace.connection.BufferPool;
import io.millrace.connection.run.ConversationLane;
import io.millrace.environment.Lane;
import io.millrace.records.TopicPartition;
import io.millrace.simulator.SimulatedNetwork;
import io.millrace.simulator.SimulatedNode;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * One server, a model that coordinates transactions before it, applications of our own that consume, transform and produce in
 * transactions, and readers in both isolation levels. Server, coordinator and applications crash, freeze, are cut off and taken
 * over from. Then all is well: each input has been dealt with once, and each transaction is there whole or not at all.
 *
 * <p>The server has to be one that takes transactional records, as it will once it has a coordinator of its own.
 */
public final class TransactionStory {
    private static final String TOPIC = "outputs";
    private static final TopicPartition INPUTS = new TopicPartition("inputs", 0);
    private static final long MOST_FAULTY_MS = 600_000;
    private static final long MOST_HEALING_MS = 300_000;
    private static final int MOST_FAULTS = 5;
    private static final int MOST_PEER_FAULTS = 6;
    private static final int MOST_STRIKES = 6;

    private final Simulation simulation;
    private final SeededRandom random;
    private final SimulatedNetwork network;
    private final SimulatedServer server;
    private final SimulatedNode clients;
    private final ConversationLane shared;
    private final boolean acksWaitForDisk;
    private final int transactionVersion;
    private final TransactionHistory history = new TransactionHistory();

    /**
     * What came of a story that kept its promises.
     *
     * @param traceHash digest of all its events
     * @param transactions how many were told to be committed
     * @param runs how often applications were begun
     * @param starts how often the server was started
     * @param virtualMs how long it took, in virtual time
     * @param events how many events it took
     * @param happened what befell them, in words
     */
    public record Outcome(
            long traceHash, int transactions, int runs, int starts, long virtualMs, long events, String happened) {}

    /** A story; its seed decides everything in it. */
    public TransactionStory(long seed) {
        simulation = new Simulation(seed);
        random = simulation.newRandom();
        network = new SimulatedNetwork(simulation);
        acksWaitForDisk = random.nextBoolean();
        transactionVersion = 1 + random.nextInt(2);
        server = new SimulatedServer(simulation, network, 1 + random.nextInt(3), properties());
        clients = network.addNode(1);
        shared = new ConversationLane(lane(), clients.environment().clock(), new BufferPool(1 << 20, 16 << 20));
    }

    private Map<String, String> properties() {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("log.roll.ms", String.valueOf(random.pick(300, 3_000, 600_000)));
        properties.put("log.index.interval.bytes", "500");
        properties.put("log.flush.offset.checkpoint.interval.ms", String.valueOf(random.nextInt(200, 5_000)));
        properties.put("max.incremental.fetch.session.cache.slots", String.valueOf(random.pick(1, 1_000)));
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
        int partitions = 1 + random.nextInt(3);
        TopicMaker topic = new TopicMaker(TOPIC, partitions, caller("admin"));
        Faults faults = new Faults(simulation, server, acksWaitForDisk, random.nextInt(MOST_FAULTS + 1));
        faults.begin();
        lane().execute(topic::begin);
        simulation.runUntil(topic::isDone, MOST_FAULTY_MS);
        CoordinatorPeer peer = new CoordinatorPeer(
                simulation,
                network,
                server.address(),
                TOPIC,
                topic.topicId(),
                transactionVersion,
                random.nextInt(MOST_PEER_FAULTS + 1));
        peer.begin();
        List<TransactionalApplication> applications = applications(partitions, peer);
        applications.forEach(TransactionalApplication::begin);
        TransactionReader committed = reader("committed", true, partitions);
        TransactionReader uncommitted = reader("uncommitted", false, partitions);
        simulation.runUntil(
                () -> faults.isOver()
                        && peer.isOver()
                        && applications.stream().allMatch(TransactionalApplication::isOver),
                MOST_FAULTY_MS);
        peer.heal();
        applications.forEach(TransactionalApplication::heal);
        try {
            heal(topic, partitions, peer, applications, committed, uncommitted);
        } catch (AssertionError stuck) {
            throw new AssertionError(
                    stuck.getMessage() + "; " + peer + ", " + applications + ", " + committed + uncommitted
                            + ", faults: " + faults.done() + ", starts: " + server.starts(),
                    stuck);
        }
        return new Outcome(
                simulation.traceHash(),
                history.committedCount(),
                applications.stream().mapToInt(TransactionalApplication::runs).sum(),
                server.starts(),
                simulation.nowMs(),
                simulation.eventCount(),
                "version " + transactionVersion + " " + faults.done() + peer.done() + applications);
    }

    private void heal(
            TopicMaker topic,
            int partitions,
            CoordinatorPeer peer,
            List<TransactionalApplication> applications,
            TransactionReader committedReader,
            TransactionReader uncommittedReader) {
        until(
                "T14: the applications come to no end",
                () -> applications.stream().allMatch(TransactionalApplication::isDone));
        until("T14: transactions come to no end", peer::isQuiet);
        List<WholeLog> logs = new ArrayList<>();
        for (int each = 0; each < partitions; each++)
            logs.add(new WholeLog(topic.topicId(), each, caller("whole-" + each)));
        logs.forEach(each -> lane().execute(each::begin));
        until("the topic cannot be read whole", () -> logs.stream().allMatch(Actor::isDone));
        Map<Integer, List<TransactionHistory.Seen>> all = new TreeMap<>();
        Map<Integer, List<TransactionHistory.Seen>> committed = new TreeMap<>();
        for (int each = 0; each < partitions; each++) {
            all.put(each, logs.get(each).all());
            committed.put(each, logs.get(each).committed());
        }
        Map<String, Long> offsets = new TreeMap<>();
        for (TransactionalApplication each : applications) {
            offsets.put(each.group(), peer.committed(each.group(), INPUTS));
            if (peer.committed(each.group(), INPUTS) != each.target())
                throw TransactionHistory.broken("T12", "told it is done: " + each + " " + offsets);
        }
        history.check(all, committed, offsets);
        committedReader.goOnOnly();
        uncommittedReader.goOnOnly();
        until("T5: not all that is committed is read", () -> committedReader.hasRead(committed));
        until("not all that there is is read", () -> uncommittedReader.hasRead(all));
        committedReader.check(committed);
        uncommittedReader.check(all);
    }

    private void until(String otherwise, BooleanSupplier condition) {
        try {
            simulation.runUntil(condition, MOST_HEALING_MS);
        } catch (AssertionError stuck) {
            if (condition.getAsBoolean()) throw stuck;
            throw new AssertionError(otherwise + ": " + stuck.getMessage(), stuck);
        }
    }

    private List<TransactionalApplication> applications(int partitions, CoordinatorPeer peer) {
        List<TransactionalApplication> applications = new ArrayList<>();
        for (int i = 1 + random.nextInt(3); i > 0; i--)
            applications.add(new TransactionalApplication(
                    TransactionalRun.Plan.drawn("application-" + i, TOPIC, partitions, simulation.newRandom()),
                    simulation,
                    network,
                    peer.address(),
                    history,
                    random.nextInt(MOST_STRIKES + 1)));
        return applications;
    }

    private TransactionReader reader(String name, boolean isReadCommitted, int partitions) {
        TransactionReader reader = new TransactionReader(
                name, isReadCommitted, TOPIC, partitions, simulation, network.addNode(1), server.address(), history);
        reader.begin();
        return reader;
    }

    private Lane lane() {
        return clients.environment().lanes().getFirst();
    }

    private Caller caller(String name) {
        return new Caller(name, clients.environment().transport(), server.address(), shared, simulation.newRandom());
    }
}
