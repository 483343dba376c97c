package io.millrace.raft;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** M1 to M6 of several replicas, whatever happens to them ({@link ModelClaims}); and mistakes are found. */
class QuorumModelTest {
    private static final int MOST_SEEDS = 300;

    @Test
    void whateverHappensTheReplicasAgreeAndGoOnWhenAllIsWell() {
        Property.check(250, random -> story(random, Mistake.NONE).run(5_000 + random.nextInt(40_000)));
    }

    @Test
    void muchIsCommittedAndManyLead() {
        long committed = 0;
        int leaders = 0;
        int changes = 0;
        for (int seed = 0; seed < 20; seed++) {
            QuorumModel model = story(new SeededRandom(seed), Mistake.NONE);
            model.run(30_000);
            committed += model.claims().committedCount();
            leaders += model.claims().leaderCount();
            changes += model.grantedChanges();
        }
        assertTrue(changes > 20, changes + " changes of who votes in 20 stories");
        assertTrue(committed > 500 && leaders > 60, committed + " records of " + leaders + " leaders in 20 stories");
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
                story(new SeededRandom(seed), mistake).run(40_000);
            } catch (AssertionError | IllegalStateException | IndexOutOfBoundsException seen) {
                return seed + 1;
            }
        }
        return MOST_SEEDS + 1;
    }

    private static QuorumModel story(SeededRandom random, Mistake mistake) {
        int voters = 1 + random.nextInt(5);
        return new QuorumModel(random, voters, random.nextInt(3), mistake);
    }
}
