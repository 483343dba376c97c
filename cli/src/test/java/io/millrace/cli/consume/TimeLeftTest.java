package io.millrace.cli.consume;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class TimeLeftTest {
    private static final long SECOND = 1_000_000_000L;

    @Test
    void whatAStartTookIsNoPartOfIt() {
        TimeLeft left = new TimeLeft();
        assertEquals(OptionalDouble.empty(), left.look(3 * SECOND, 0, 1_000));
        assertEquals(OptionalDouble.empty(), left.look(4 * SECOND, 10, 1_000));
        assertEquals(OptionalDouble.of(7.9), left.look(5 * SECOND, 110 + 100, 1_790));
    }

    @Test
    void aReadThatGetsSlowerTakesLongerThanItsBeginningSaid() {
        TimeLeft left = new TimeLeft();
        long done = 0;
        for (int second = 1; second <= 20; second++) {
            done += 1_000;
            left.look(second * SECOND, done, 100_000);
        }
        OptionalDouble said = OptionalDouble.empty();
        for (int second = 21; second <= 30; second++) {
            done += 100;
            said = left.look(second * SECOND, done, 100_000);
        }
        assertEquals((100_000 - done) / 100.0, said.orElseThrow(), 1);
    }

    @Test
    void oneThatStandsStillCannotSayAndOneThatIsDoneSaysSo() {
        TimeLeft left = new TimeLeft();
        OptionalDouble said = OptionalDouble.of(-1);
        for (int second = 1; second <= 12; second++) said = left.look(second * SECOND, 5, 10);
        assertTrue(said.isEmpty());
        assertEquals(OptionalDouble.of(0), left.look(13 * SECOND, 10, 10));
    }
}
