package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** R1 to R5, R8, R9, R11 and R13 of several replicas, whatever happens to them ({@link ModelClaims}); and mistakes are found. */
class ReplicationModelTest {
    private static final int MOST_SEEDS = 1_000;

    @Test
    void whateverHappensNothingCommittedIsLostAndTheReplicasGoOnWhenAllIsWell() {
        Property.check(250, random -> story(random, Mistake.NONE).run(3_000 + random.nextInt(15_000)));
    }

    @Test
    void muchIsAcknowledgedAndManyLead() {
        long acknowledged = 0;
        int leaders = 0;
        int cuts = 0;
        int grown = 0;
        for (int seed = 0; seed < 20; seed++) {
            ReplicationModel model = story(new SeededRandom(seed), Mistake.NONE);
            model.run(15_000);
            acknowledged += model.claims().acknowledgedCount();
            leaders += model.claims().leaderCount();
            cuts += model.claims().cutCount();
            grown += model.claims().grownCount();
        }
        String seen = acknowledged + " acknowledged, " + leaders + " leaders, " + cuts + " logs cut, " + grown
                + " taken into the in-sync set in 20 stories";
        assertTrue(acknowledged > 3_000 && leaders > 100 && cuts > 50 && grown > 100, seen);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void aMistakeIsFound(Mistake mistake) {
        int found = seedsToFind(mistake);
        assertTrue(found <= MOST_SEEDS, () -> mistake + " is not found in " + MOST_SEEDS + " stories");
    }

    private static int seedsToFind(Mistake mistake) {
        for (int seed = 0; seed < MOST_SEEDS; seed++) {
            try {
                story(new SeededRandom(seed), mistake).run(15_000);
            } catch (AssertionError
                    | IllegalStateException
                    | IllegalArgumentException
                    | IndexOutOfBoundsException seen) {
                return seed + 1;
            }
        }
        return MOST_SEEDS + 1;
    }

    private static ReplicationModel story(SeededRandom random, Mistake mistake) {
        int replicas = 2 + random.nextInt(4);
        int minIsr = Math.min(replicas, 1 + random.nextInt(3));
        return new ReplicationModel(random, replicas, minIsr, random.nextBoolean(), mistake);
    }
}
