package io.millrace.simulator.scenario;

import io.millrace.client.cluster.run.ClientLane;
import io.millrace.connection.BufferPool;
import io.millrace.connection.run.ConversationLane;
import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.protocol.Uuid;
import io.millrace.simulator.SimulatedNetwork;
import io.millrace.simulator.SimulatedNode;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import io.millrace.testkit.disk.DiskFaults;
import io.millrace.testkit.disk.SimulatedDisk;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One server, from an empty disk: a topic is made, idempotent producers send, groups commit offsets, readers read, while the
 * server is killed, loses its power, freezes and loses connections. Then faults stop, everybody comes to an end, and what is
 * there is compared with what was acknowledged.
 *
 * <p>Where acknowledgements wait for the disk, the power may go; where they do not, processes only die.
 */
public final class OneNodeStory {
    private static final long MOST_FAULTY_MS = 600_000;
    private static final long MOST_HEALING_MS = 300_000;
    private static final int MOST_FAULTS = 9;
    private static final int MOST_DISK_FAULTS = 6;
    private static final String FIRST = "/data";
    private static final String SECOND = "/more";

    private final Simulation simulation;
    private final SeededRandom random;
    private final SimulatedServer server;
    private final SimulatedNode clients;
    private final ConversationLane shared;
    private final boolean failingDisks;
    private final int laneCount;
    private final Map<String, String> properties;
    private final boolean acksWaitForDisk;
    private final boolean losesPower;
    private boolean onlySecond;
    private List<String> diskDecisions = List.of();
    private final Map<Integer, PartitionHistory> histories = new TreeMap<>();
    private final Map<Integer, PartitionReader> readers = new TreeMap<>();

    /**
     * What came of a story that kept its promises.
     *
     * @param traceHash digest of all its events
     * @param records how many records were acknowledged
     * @param starts how often the server was started
     * @param virtualMs how long it took, in virtual time
     * @param events how many events it took
     * @param faults what happened, in words
     */
    public record Outcome(long traceHash, long records, int starts, long virtualMs, long events, String faults) {}

    /** A story; its seed decides everything in it. */
    public OneNodeStory(long seed) {
        this(seed, Kind.USUAL);
    }

    /**
     * A story on two log directories whose disks fail: forces, writes, reads, names, space, and time. Whatever a directory was
     * fenced for, what was acknowledged is there once the disk is well and the server has been started again.
     */
    public static OneNodeStory onFailingDisks(long seed) {
        return new OneNodeStory(seed, Kind.FAILING_DISKS);
    }

    private enum Kind {
        USUAL,
        FAILING_DISKS,
        CANNOT_END_WELL
    }

    /**
     * A story in which the power goes though acknowledgements do not wait for the disk. It breaks its promises more often than
     * not; that this is seen shows what the checkers are worth.
     */
    public static OneNodeStory thatCannotEndWell(long seed) {
        return new OneNodeStory(seed, Kind.CANNOT_END_WELL);
    }

    private OneNodeStory(long seed, Kind kind) {
        boolean cannotEndWell = kind == Kind.CANNOT_END_WELL;
        failingDisks = kind == Kind.FAILING_DISKS;
        simulation = new Simulation(seed);
        random = simulation.newRandom();
        boolean isSafe = random.nextBoolean();
        acksWaitForDisk = isSafe && !cannotEndWell;
        losesPower = isSafe || cannotEndWell;
        SimulatedNetwork network = new SimulatedNetwork(simulation);
        laneCount = 1 + random.nextInt(3);
        properties = properties();
        server = new SimulatedServer(simulation, network, laneCount, properties);
        if (failingDisks) server.mayFail();
        clients = network.addNode(1);
        shared = new ConversationLane(lane(), clients.environment().clock(), new BufferPool(1 << 20, 16 << 20));
    }

    private Map<String, String> properties() {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("offsets.topic.num.partitions", "3");
        properties.put("offsets.topic.replication.factor", "1");
        properties.put("log.roll.ms", String.valueOf(random.pick(300, 3_000, 600_000)));
        properties.put("log.index.interval.bytes", "500");
        properties.put("log.flush.offset.checkpoint.interval.ms", String.valueOf(random.nextInt(200, 5_000)));
        properties.put("metadata.log.max.record.bytes.between.snapshots", String.valueOf(random.pick(200, 20_000_000)));
        if (failingDisks) properties.put("log.dirs", FIRST + "," + SECOND);
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
        TopicMaker topic = new TopicMaker("orders", partitions, caller("admin"));
        Faults faults = new Faults(simulation, server, losesPower, random.nextInt(MOST_FAULTS + 1));
        faults.begin();
        beginAll(List.of(topic));
        simulation.runUntil(topic::isDone, MOST_FAULTY_MS);
        if (failingDisks) server.disk().beset(diskFaults());
        List<Actor> writers = writers(topic.topicId(), partitions, failingDisks || faults.restartServer());
        beginAll(writers);
        beginAll(readers.values());
        simulation.runUntil(faults::isOver, MOST_FAULTY_MS);
        if (failingDisks) mendDisks();
        try {
            simulation.runUntil(() -> writers.stream().allMatch(Actor::isDone), MOST_HEALING_MS);
        } catch (AssertionError stuck) {
            List<String> waiting = new ArrayList<>();
            for (Actor one : writers)
                if (!one.isDone()) waiting.add(one.getClass().getSimpleName());
            throw new AssertionError(
                    waiting + " come to no end; serving: " + server.isServing() + ", starts: " + server.starts()
                            + ", disk: " + diskDecisions + ", gave up: " + server.failures(),
                    stuck);
        }
        readers.values().forEach(PartitionReader::readTheWhole);
        simulation.runUntil(() -> readers.values().stream().allMatch(Actor::isDone), MOST_HEALING_MS);
        lane().execute(topic::lookUp);
        simulation.runUntil(topic::isDone, MOST_HEALING_MS);
        histories.forEach(
                (partition, history) -> history.check(reader(partition).whole()));
        long records = histories.values().stream()
                .mapToLong(PartitionHistory::acknowledgedCount)
                .sum();
        return new Outcome(
                simulation.traceHash(),
                records,
                server.starts(),
                simulation.nowMs(),
                simulation.eventCount(),
                faults.done().toString() + diskDecisions);
    }

    /** Either any directory may be struck, or only the one without the metadata log, which the node has to outlive. */
    private DiskFaults diskFaults() {
        onlySecond = random.nextBoolean();
        return DiskFaults.drawn(
                simulation.newRandom(),
                EnumSet.complementOf(EnumSet.of(DiskFaults.Kind.READ_IS_WRONG)),
                path -> path.startsWith(onlySecond ? SECOND : FIRST) || (!onlySecond && path.startsWith(SECOND)),
                1 + random.nextInt(MOST_DISK_FAULTS),
                acksWaitForDisk);
    }

    /**
     * The disks are well again, and somebody starts the server anew, so that it takes them into use. One whose disks were only
     * full needs nobody: it has gone on, and takes records again by itself.
     */
    private void mendDisks() {
        simulation.runFor(random.nextInt(20_000));
        if (onlySecond && !server.failures().isEmpty())
            throw new AssertionError(
                    "the node did not outlive the disk of one directory",
                    server.failures().getFirst());
        diskDecisions = server.disk().faults().decisions();
        boolean wereOnlyFull = server.disk().faults().isOnlyWantOfSpace();
        if (wereOnlyFull && server.gaveUpWhileServing())
            throw new AssertionError(
                    "the node gave up though its disks were only full: " + diskDecisions,
                    server.failures().getLast());
        server.disk().faults().end();
        if (wereOnlyFull && server.isServing() && random.nextBoolean()) return;
        if (server.isServing() && random.nextBoolean()) server.stop();
        else server.machine().kill();
    }

    /** Everything up to a moment of the seed's choosing, when the power goes, or the server is stopped in order. */
    SimulatedDisk untilItIsDown() {
        server.start();
        TopicMaker topic = new TopicMaker("orders", 1 + random.nextInt(3), caller("admin"));
        beginAll(List.of(topic));
        simulation.runUntil(topic::isDone, MOST_FAULTY_MS);
        beginAll(writers(topic.topicId(), 1, false));
        simulation.runFor(random.nextInt(6_000));
        if (random.nextInt(3) == 0) {
            server.stop();
            simulation.runUntil(() -> server.machine().isDown(), MOST_HEALING_MS);
            server.disk().losePower();
        } else {
            server.machine().cutPower();
        }
        return server.disk();
    }

    int laneCount() {
        return laneCount;
    }

    Map<String, String> serverProperties() {
        return properties;
    }

    private PartitionReader reader(int partition) {
        PartitionReader reader = readers.get(partition);
        if (reader == null) throw new IllegalStateException("nobody reads partition " + partition);
        return reader;
    }

    private Lane lane() {
        return clients.environment().lanes().getFirst();
    }

    private Caller caller(String name) {
        Environment environment = clients.environment();
        return new Caller(name, environment.transport(), server.address(), shared, simulation.newRandom());
    }

    private void beginAll(Iterable<? extends Actor> actors) {
        for (Actor actor : actors) lane().execute(actor::begin);
    }

    private List<Actor> writers(Uuid topicId, int partitions, boolean serverRestarts) {
        List<Actor> writers = new ArrayList<>();
        for (int partition = 0; partition < partitions; partition++) {
            String name = "orders-" + partition;
            PartitionHistory history = new PartitionHistory(name);
            histories.put(partition, history);
            readers.put(
                    partition,
                    new PartitionReader(
                            topicId, partition, history, caller("reader-" + partition), simulation.newRandom()));
            for (int i = 1 + random.nextInt(2); i > 0; i--) {
                String producer = "producer-" + partition + "-" + i;
                writers.add(new IdempotentProducer(
                        producer,
                        simulation,
                        topicId,
                        partition,
                        history,
                        caller(producer),
                        simulation.newRandom(),
                        serverRestarts,
                        random.nextInt(10, 60)));
            }
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            String producer = "client-" + i;
            Environment here = clients.environment();
            writers.add(new ClientProducer(
                    producer,
                    simulation,
                    ClientLane.of(lane(), here.clock(), here.randomness(), here.transport()),
                    List.of(server.address()),
                    "orders",
                    histories,
                    simulation.newRandom(),
                    random.nextInt(10, 80)));
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            String group = "group-" + i;
            writers.add(
                    new OffsetCommitter(group, topicId, caller(group), simulation.newRandom(), random.nextInt(5, 30)));
        }
        if (random.nextInt(3) == 0)
            writers.add(new TopicChurner(caller("churner"), simulation.newRandom(), random.nextInt(1, 6)));
        return writers;
    }
}
