package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Seeds;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each kind of producer with each kind of consumer, all at once, before either broker: while connections are cut around every kind
 * of request, and the broker is stopped (ours also killed) and started again, and consumers leave without a commit, each record gets there once, in order, by key, and
 * each is dealt with; so it is before three of our brokers, whose leaders move. {@code -Dmillrace.matrix.runs=20
 * -Dmillrace.seed=fresh} looks further, {@code -Dmillrace.matrix.restarts=5} for longer; {@code -Dcompat.excludedGroups=} also before
 * three brokers of Apache's.
 */
@Tag("long")
final class ClientMatrixTest {
    private static final int RUNS = Integer.getInteger("millrace.matrix.runs", 1);
    private static final int RESTARTS = Integer.getInteger("millrace.matrix.restarts", 1);
    private static final int REQUESTS_PER_CUT = 25;
    private static final int LEAST_CUTS = 40;
    private static final int LEAST_RECORDS = 300;
    /** Three brokers take longer over each, and are here for their leaders. */
    private static final int LEAST_RECORDS_OF_THREE = 100;

    /** Produce, Fetch, Metadata, OffsetCommit, OffsetFetch, FindCoordinator, JoinGroup, Heartbeat, SyncGroup, InitProducerId. */
    private static final Set<Integer> CUT_AROUND = Set.of(0, 1, 3, 8, 9, 10, 11, 12, 14, 22);

    @TempDir
    private Path directory;

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"millrace", "apache"})
    void eachRecordGetsThereOnceAndInOrderOfItsKey(String brokerName) throws Exception {
        BrokerKind kind = BrokerKind.named(brokerName);
        for (long seed : seeds()) {
            Random random = new Random(seed);
            try (var cluster = DisturbedCluster.of(kind, REQUESTS_PER_CUT, CUT_AROUND, random)) {
                run(brokerName, cluster, 1, LEAST_RECORDS, seed, random);
            }
        }
    }

    @Test
    void soItIsWhenLeadersMove() throws Exception {
        for (long seed : seeds()) {
            Random random = new Random(seed);
            Path its = Files.createDirectory(directory.resolve(Long.toHexString(seed)));
            try (var cluster = DisturbedCluster.ofThreeOfOurs(its, REQUESTS_PER_CUT, CUT_AROUND, random)) {
                run("three of ours", cluster, 3, LEAST_RECORDS_OF_THREE, seed, random);
            }
        }
    }

    @Test
    @Tag("campaign")
    void soItIsWhenLeadersOfApachesMove() throws Exception {
        for (long seed : seeds()) {
            Random random = new Random(seed);
            try (var cluster = DisturbedCluster.ofThreeOfApaches(REQUESTS_PER_CUT, CUT_AROUND, random)) {
                run("three of Apache's", cluster, 3, LEAST_RECORDS_OF_THREE, seed, random);
            }
        }
    }

    private static long[] seeds() {
        long first = Seeds.stated().one("client matrix");
        long[] seeds = new long[RUNS];
        for (int i = 0; i < RUNS; i++) seeds[i] = first + i;
        return seeds;
    }

    private static void run(
            String brokerName, DisturbedCluster cluster, int replicas, int leastRecords, long seed, Random random)
            throws Exception {
        String told = "seed 0x" + Long.toHexString(seed) + " with " + brokerName;
        List<WorkingPair> pairs = new ArrayList<>();
        try {
            for (ClientKind producing : ClientKind.values())
                for (ClientKind consuming : ClientKind.values())
                    pairs.add(new WorkingPair(producing, consuming, cluster, replicas, new Random(random.nextLong())));
            for (int restart = 0; restart < RESTARTS; restart++) {
                awaitMore(pairs, leastRecords, random);
                for (WorkingPair each : pairs) each.letOneLeave();
                cluster.restartOne(random, restart == 0 || random.nextBoolean());
            }
            awaitMore(pairs, leastRecords, random);
            for (WorkingPair each : pairs) each.finish();
            List<String> failures = new ArrayList<>();
            for (WorkingPair each : pairs) failures.addAll(each.failures(cluster.brokers()));
            assertEquals(List.of(), failures, pairs::toString);
            assertTrue(cluster.cuts() > LEAST_CUTS, () -> "too few cuts to show anything: " + cluster.cuts());
            for (WorkingPair each : pairs)
                assertTrue(each.againCount() > 0, () -> "nothing was given again, whoever left: " + each);
            assertEquals(replicas > 1, cluster.leaderMoves() > 0, "whether leaders move");
            System.out.println(
                    told + ": " + cluster.cuts() + " cuts, " + cluster.leaderMoves() + " leaders moved; " + pairs);
        } catch (AssertionError | Exception e) {
            throw new AssertionError(told + ": " + e + "\nthe broker's output:\n" + cluster.lastLines(), e);
        } finally {
            for (WorkingPair each : pairs) each.close();
        }
    }

    private static void awaitMore(List<WorkingPair> pairs, int leastRecords, Random random) {
        for (WorkingPair each : pairs) each.aimFor(leastRecords + random.nextInt(3 * leastRecords));
        for (WorkingPair each : pairs) each.awaitAim();
    }
}
