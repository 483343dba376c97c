package io.millrace.client.consumer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class NumberColumnTest {
    @Test
    void numbersAreReadAsTheyWereAdded() {
        Property.check(1_000, random -> {
            int step = random.nextInt(3) - 1;
            NumberColumn column = new NumberColumn(step, 1 + random.nextInt(8));
            List<Long> obvious = new ArrayList<>();
            int unsteady = random.nextInt(4);
            for (int i = random.nextInt(40); i > 0; i--) {
                long number = next(random, obvious, step, unsteady);
                column.add(obvious.size(), number);
                obvious.add(number);
                for (int at = 0; at < obvious.size(); at++) assertEquals(obvious.get(at), column.get(at));
            }
        });
    }

    /** A step on, near that, or anywhere, the ends of the range too. */
    private static long next(SeededRandom random, List<Long> before, int step, int unsteady) {
        long steady = before.isEmpty() ? random.nextInt(10) : before.getLast() + step;
        return switch (random.nextInt(4) < unsteady ? random.nextInt(5) : 0) {
            case 0 -> steady;
            case 1 -> steady + random.nextInt(100) - 50;
            case 2 -> steady + (random.nextBoolean() ? Integer.MAX_VALUE : Integer.MIN_VALUE);
            case 3 -> random.nextBoolean() ? Long.MAX_VALUE : Long.MIN_VALUE;
            default -> random.nextLong();
        };
    }
}
