package io.millrace.client.producer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class StickyPartitionTest {
    private static final int DRAWS = 100_000;

    private static int[] draw(int... waiting) {
        RandomGenerator random = new Random(0x5eed);
        int[] drawn = new int[waiting.length];
        for (int i = 0; i < DRAWS; i++) drawn[StickyPartition.draw(waiting, random)]++;
        return drawn;
    }

    private static void assertShares(int[] drawn, int... weights) {
        double all = 0;
        for (int weight : weights) all += weight;
        for (int i = 0; i < weights.length; i++)
            assertEquals(weights[i] / all, (double) drawn[i] / DRAWS, 0.05 * weights[i] / all, "partition " + i);
    }

    @Test
    void whereTheSameIsWaitingForAllEachGetsItsShare() {
        assertShares(draw(0, 0, 0, 0), 1, 1, 1, 1);
        assertShares(draw(3, 3, 3), 1, 1, 1);
        assertShares(draw(7), 1);
    }

    @Test
    void theLessIsWaitingForAPartitionTheMoreItGets() {
        assertShares(draw(0, 4, 2), 5, 1, 3);
        assertShares(draw(9, 0), 1, 10);
    }
}
