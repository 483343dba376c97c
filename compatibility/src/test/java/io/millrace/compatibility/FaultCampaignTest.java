package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.FaultedCluster.Fault;
import io.millrace.testkit.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Clusters of real processes, each on a host of its own, under an idempotent producer of the official client's with acks=all, while one thing after
 * the other happens to them: what was acknowledged is there, once and in order; no send fails; and while a node is out of it the others
 * go on.
 *
 * <p>{@code -Dmillrace.faults.rounds=20 -Dmillrace.seed=fresh} looks further; {@code -Dmillrace.faults=KILLED,CUT_OFF} draws from these alone. With
 * {@code -Dmillrace.faults.at.once=2} another node meets a fault of another kind while the first one stands. Then the rest may be too few to go on, and
 * has to only once both are over. Each run says for how long at most a partition acknowledged nothing.
 */
class FaultCampaignTest {
    private static final String TOPIC = "disturbed";
    private static final int PARTITIONS = 6;
    private static final int PER_SECOND = 2_000;
    /** More than can be unacknowledged: all partitions go on. */
    private static final int PROGRESS = 3_000;

    private static final int ROUNDS = Integer.getInteger("millrace.faults.rounds", 13);
    private static final boolean TWO_AT_ONCE = Integer.getInteger("millrace.faults.at.once", 1) == 2;
    /** For which two faults stand if nothing goes on: sessions run out, and others are elected, if there are any. */
    private static final Duration BOTH_STAND = Duration.ofSeconds(8);

    private static final String ONLY = System.getProperty("millrace.faults", "");

    private static List<Fault> drawnFrom() {
        if (ONLY.isEmpty()) return List.of(Fault.values());
        List<Fault> faults = new ArrayList<>();
        for (String name : ONLY.split(",", -1)) faults.add(Fault.valueOf(name));
        return faults;
    }

    private static List<String> apart(int controllers, int brokers) {
        List<String> roles = new ArrayList<>(Collections.nCopies(controllers, MillraceNode.CONTROLLER));
        roles.addAll(Collections.nCopies(brokers, MillraceNode.BROKER));
        return roles;
    }

    @Test
    @Tag("long")
    void aNodeThatNobodyHearsLosesNothing() throws Exception {
        run(
                "in short",
                Collections.nCopies(3, MillraceNode.COMBINED),
                List.of(List.of(Fault.MUTE)),
                Seeds.stated().one("faults: in short"));
    }

    @Test
    @Tag("campaign")
    void threeThatAreBrokersAndControllers() throws Exception {
        drawn("three", Collections.nCopies(3, MillraceNode.COMBINED));
    }

    @Test
    @Tag("campaign")
    void fiveThatAreBrokersAndControllers() throws Exception {
        drawn("five", Collections.nCopies(5, MillraceNode.COMBINED));
    }

    @Test
    @Tag("campaign")
    void threeControllersAndThreeBrokers() throws Exception {
        drawn("three and three", apart(3, 3));
    }

    private static void drawn(String name, List<String> roles) throws Exception {
        long seed = Seeds.stated().one("faults: " + name);
        Random random = new Random(seed ^ 0x5eed);
        List<Fault> kinds = new ArrayList<>(drawnFrom());
        if (TWO_AT_ONCE && roles.contains(MillraceNode.COMBINED)) {
            // A voter that forgot its vote and a voter that is away: what is committed may be lost, by Kafka's own
            // rules for static voters.
            kinds.remove(Fault.DISK_LOST);
        }
        List<Fault> faults = new ArrayList<>();
        while (faults.size() <= ROUNDS) {
            // Each of them, in another order each time, and none after itself.
            Collections.shuffle(kinds, random);
            if (!faults.isEmpty() && kinds.getFirst() == faults.getLast()) Collections.reverse(kinds);
            faults.addAll(kinds);
        }
        List<List<Fault>> rounds = new ArrayList<>();
        for (int i = 0; i < ROUNDS; i++) rounds.add(faults.subList(i, TWO_AT_ONCE ? i + 2 : i + 1));
        run(name, roles, rounds, seed);
    }

    /** @param rounds each of one fault, or of two, the second of which comes while the first stands */
    private static void run(String name, List<String> roles, List<List<Fault>> rounds, long seed) throws Exception {
        Random random = new Random(seed);
        StringJoiner told = new StringJoiner("; ", name + ", -Dmillrace.seed=0x" + Long.toHexString(seed) + ": ", "");
        Map<String, List<Long>> silences = new TreeMap<>();
        try (FaultedCluster cluster = new FaultedCluster(
                        roles,
                        3,
                        "offsets.topic.replication.factor=3",
                        "offsets.topic.num.partitions=4",
                        "log.segment.bytes=4194304");
                Admin admin = impatient(cluster.nodes().bootstrap())) {
            ReplicatedCluster nodes = cluster.nodes();
            nodes.create(TOPIC, PARTITIONS, Map.of("min.insync.replicas", "2"));
            try (NumberedLoad load = new NumberedLoad(nodes.bootstrap(), TOPIC, PARTITIONS, PER_SECOND)) {
                for (List<Fault> round : rounds) {
                    nodes.awaitInSync(admin, TOPIC, 3);
                    load.awaitMore(PROGRESS / 2, nodes);
                    Fault fault = round.getFirst();
                    Happening first = new Happening(fault, victim(fault, nodes, admin, random), random, roles.size());
                    if (round.size() == 2) {
                        Fault next = round.getLast();
                        Happening second = first.beside(next, victim(next, nodes, admin, random), random, roles.size());
                        // Those that are all dead have nothing to meet any more.
                        if (fault == Fault.ALL_KILLED) both(second, first, cluster, load, random, told);
                        else both(first, second, cluster, load, random, told);
                    } else {
                        told.add(first.toString());
                        load.longestSilenceMs();
                        first.begin(cluster);
                        if (fault != Fault.ALL_KILLED) load.awaitMore(PROGRESS, nodes);
                    }
                    cluster.end();
                    load.awaitMore(PROGRESS, nodes);
                    long silenceMs = load.longestSilenceMs();
                    told.add(silenceMs + " ms");
                    silences.computeIfAbsent(round.size() == 2 ? "two" : fault.name(), _ -> new ArrayList<>())
                            .add(silenceMs);
                }
                nodes.awaitInSync(admin, TOPIC, 3);
                load.end();
                load.check(nodes);
                told.add(load.count() + " records");
                assertTrue(load.count() > PROGRESS, "too few records to show anything");
            }
            System.out.println(told);
            System.out.println(name + ", silences in ms: " + silences);
        } catch (AssertionError | Exception failed) {
            throw new AssertionError(told + ": " + failed, failed);
        }
    }

    /** The second begins at once, or when the rest has gone on beside the first. */
    private static void both(
            Happening first,
            Happening second,
            FaultedCluster cluster,
            NumberedLoad load,
            Random random,
            StringJoiner told) {
        boolean isAtOnce = random.nextBoolean();
        told.add(first + (isAtOnce ? " and at once " : ", and then ") + second);
        load.longestSilenceMs();
        first.begin(cluster);
        if (!isAtOnce) load.awaitMore(PROGRESS, cluster.nodes());
        second.begin(cluster);
        told.add(load.awaitMoreOrEnd(PROGRESS, BOTH_STAND) + " meanwhile");
    }

    /**
     * A fault, and to whom it happens.
     *
     * @param other whom the victim does not reach, where it is between two
     */
    private record Happening(Fault fault, int victim, int other) {
        Happening(Fault fault, int victim, Random random, int size) {
            this(fault, victim, (victim + random.nextInt(size - 1)) % size + 1);
        }

        /** Another fault of another node. */
        Happening beside(Fault next, int wanted, Random random, int size) {
            // Of brokers where it is of brokers only: these come last.
            int its = wanted != victim ? wanted : victim == size ? size - 1 : size;
            return new Happening(next, its, random, size);
        }

        void begin(FaultedCluster cluster) {
            cluster.begin(fault, victim, other);
        }

        @Override
        public String toString() {
            return fault + " " + victim + (fault.name().startsWith("LINK") ? " and " + other : "");
        }
    }

    /** One that does not wait for half a minute for a node that does not answer. */
    private static Admin impatient(String bootstrap) {
        return Admin.create(Map.of(
                "bootstrap.servers", bootstrap,
                "request.timeout.ms", "3000",
                "socket.connection.setup.timeout.ms", "2000",
                "default.api.timeout.ms", "60000"));
    }

    /** Most often one that matters: a leader of a partition, or the active controller. */
    private static int victim(Fault fault, ReplicatedCluster nodes, Admin admin, Random random) throws Exception {
        boolean isOfBrokers = fault == Fault.DISK_FULL || fault == Fault.DISK_LOST;
        int choice = random.nextInt(isOfBrokers ? 2 : 4);
        return switch (choice) {
            case 0, 3 -> nodes.leader(admin, TOPIC, random.nextInt(PARTITIONS), -1);
            case 1 ->
                nodes.brokers().get(random.nextInt(nodes.brokers().size())).id();
            default -> nodes.activeController(admin);
        };
    }
}
