package io.millrace.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class PropertyTest {
    @Test
    void everyRunHasASeedOfItsOwn() {
        List<Long> seeds = new ArrayList<>();
        Property.check(50, random -> seeds.add(random.seed()), new Seeds(null));
        assertEquals(50, new HashSet<>(seeds).size());
    }

    @Test
    void aFailureNamesTheSeedThatRepeatsIt() {
        IllegalStateException cause = new IllegalStateException("odd");
        List<Long> drawn = new ArrayList<>();
        AssertionError failure = assertThrows(
                AssertionError.class,
                () -> Property.check(
                        1000,
                        random -> {
                            drawn.add(random.nextLong());
                            if (random.chance(0.1)) throw cause;
                        },
                        new Seeds("fresh")));
        assertSame(cause, failure.getCause());
        Matcher seed = Pattern.compile("seed (0x[0-9a-f]+), rerun with -Dmillrace.seed=\\1: odd")
                .matcher(String.valueOf(failure.getMessage()));
        assertTrue(seed.matches(), failure.getMessage());
        Property.check(1000, random -> drawn.add(random.nextLong()), new Seeds(seed.group(1)));
        assertEquals(drawn.get(drawn.size() - 2), drawn.getLast());
    }

    @Test
    void aGivenSeedRunsExactlyOnce() {
        List<Long> seeds = new ArrayList<>();
        Property.check(100, random -> seeds.add(random.seed()), new Seeds("0xffffffffffffffff"));
        assertEquals(List.of(-1L), seeds);
    }

    @Test
    void aTestTriesTheSameSeedsInEveryBuild() {
        assertEquals(seedsOf(new Seeds(null)), seedsOf(new Seeds(null)));
        assertEquals(0xcbf29ce484222325L, new Seeds(null).of("").seed());
        assertEquals(0x85944171f73967e8L, new Seeds(null).of("foobar").seed());
    }

    @Test
    void anotherTestTriesOthers() {
        List<Long> here = new ArrayList<>();
        Property.check(3, random -> here.add(random.seed()), new Seeds(null));
        assertTrue(Collections.disjoint(here, seedsOf(new Seeds(null))), here::toString);
    }

    @Test
    void aCampaignTriesFreshSeeds() {
        assertTrue(Collections.disjoint(seedsOf(new Seeds("fresh")), seedsOf(new Seeds(" FRESH "))));
    }

    @Test
    void whatIsNoSeedIsRefused() {
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> Property.check(1, random -> {}, new Seeds("frehs")));
        assertTrue(String.valueOf(refusal.getMessage()).contains("frehs"), refusal.getMessage());
    }

    private static List<Long> seedsOf(Seeds choice) {
        List<Long> seeds = new ArrayList<>();
        Property.check(20, random -> seeds.add(random.seed()), choice);
        return seeds;
    }
}
