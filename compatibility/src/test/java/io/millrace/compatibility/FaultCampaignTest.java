package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.FaultedCluster.Fault;
import io.millrace.testkit.Seeds;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.StringJoiner;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Clusters of real processes, each on a host of its own, under an idempotent producer of the official client's with acks=all, while one thing after
 * the other happens to them: what was acknowledged is there, once and in order; no send fails; and while a node is out of it the others
 * go on.
 *
 * <p>{@code -Dmillrace.faults.rounds=20 -Dmillrace.seed=fresh} looks further; {@code -Dmillrace.faults=KILLED,CUT_OFF} draws from these alone. Each
 * run says for how long at most a partition acknowledged nothing.
 */
class FaultCampaignTest {
    private static final String TOPIC = "disturbed";
    private static final int PARTITIONS = 6;
    private static final int PER_SECOND = 2_000;
    /** More than can be unacknowledged: all partitions go on. */
    private static final int PROGRESS = 3_000;

    private static final int ROUNDS = Integer.getInteger("millrace.faults.rounds", 13);
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
        run("in short", Collections.nCopies(3, MillraceNode.COMBINED), List.of(Fault.MUTE));
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
        Random random = new Random(Seeds.stated().one("faults: " + name) ^ 0x5eed);
        List<Fault> faults = new ArrayList<>();
        while (faults.size() < ROUNDS) {
            // Each of them, in another order each time.
            List<Fault> all = new ArrayList<>(drawnFrom());
            Collections.shuffle(all, random);
            faults.addAll(all);
        }
        run(name, roles, faults.subList(0, ROUNDS));
    }

    private static void run(String name, List<String> roles, List<Fault> faults) throws Exception {
        long seed = Seeds.stated().one("faults: " + name);
        Random random = new Random(seed);
        StringJoiner told = new StringJoiner("; ", name + ", -Dmillrace.seed=0x" + Long.toHexString(seed) + ": ", "");
        Map<Fault, List<Long>> silences = new EnumMap<>(Fault.class);
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
                for (Fault fault : faults) {
                    nodes.awaitInSync(admin, TOPIC, 3);
                    load.awaitMore(PROGRESS / 2, nodes);
                    int victim = victim(fault, nodes, admin, random);
                    int other = (victim + random.nextInt(roles.size() - 1)) % roles.size() + 1;
                    told.add(fault + " " + victim + (fault.name().startsWith("LINK") ? " and " + other : ""));
                    load.longestSilenceMs();
                    cluster.begin(fault, victim, other);
                    if (fault != Fault.ALL_KILLED) load.awaitMore(PROGRESS, nodes);
                    cluster.end();
                    load.awaitMore(PROGRESS, nodes);
                    long silenceMs = load.longestSilenceMs();
                    told.add(silenceMs + " ms");
                    silences.computeIfAbsent(fault, _ -> new ArrayList<>()).add(silenceMs);
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
