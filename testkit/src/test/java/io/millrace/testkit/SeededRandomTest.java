package io.millrace.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SeededRandomTest {
    @Test
    void theSequenceOfASeedIsFixedForEver() {
        SeededRandom random = new SeededRandom(0);
        // The published first values of SplitMix64 from state 0.
        assertEquals(0xe220a8397b1dcdafL, random.nextLong());
        assertEquals(0x6e789e6aa1b965f4L, random.nextLong());
        assertEquals(0x06c45d188009454fL, random.nextLong());
    }

    @Test
    void rangesHoldTheirLowerEndAndNotTheirUpper() {
        Property.check(random -> {
            int from = random.anyInt();
            int until = (int) Math.min(Integer.MAX_VALUE, from + 1L + random.nextInt(1000));
            if (from >= until) return;
            for (int i = 0; i < 100; i++) {
                int drawn = random.nextInt(from, until);
                assertTrue(drawn >= from && drawn < until);
            }
        });
        Set<Integer> drawn = new HashSet<>();
        SeededRandom random = new SeededRandom(7);
        for (int i = 0; i < 1000; i++) drawn.add(random.nextInt(-2, 3));
        assertEquals(Set.of(-2, -1, 0, 1, 2), drawn);
        assertThrows(IllegalArgumentException.class, () -> random.nextInt(3, 3));
        assertThrows(IllegalArgumentException.class, () -> random.nextInt(0));
    }

    @Test
    void aRangeMaySpanMoreThanHalfOfAllLongs() {
        SeededRandom random = new SeededRandom(9);
        boolean negative = false;
        boolean positive = false;
        for (int i = 0; i < 200; i++) {
            long drawn = random.nextLong(Long.MIN_VALUE, Long.MAX_VALUE);
            negative |= drawn < 0;
            positive |= drawn > 0;
        }
        assertTrue(negative && positive);
    }

    @Test
    void aSplitSequenceDoesNotRepeatItsParents() {
        SeededRandom parent = new SeededRandom(1);
        SeededRandom child = parent.split();
        assertNotEquals(parent.nextLong(), child.nextLong());
        SeededRandom again = new SeededRandom(1).split();
        assertEquals(new SeededRandom(again.seed()).nextLong(), again.nextLong());
    }

    @Test
    void stringsSurviveUtf8AndStayWithinTheirLength() {
        Property.check(random -> {
            String string = random.string(30);
            assertTrue(string.length() <= 30);
            assertEquals(string, new String(string.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
        });
    }

    @Test
    void shufflingKeepsEveryElement() {
        Property.check(random -> {
            List<Integer> shuffled = random.shuffled(List.of(1, 2, 3, 4, 5));
            assertArrayEquals(
                    new int[] {1, 2, 3, 4, 5},
                    shuffled.stream().mapToInt(i -> i).sorted().toArray());
        });
    }
}
