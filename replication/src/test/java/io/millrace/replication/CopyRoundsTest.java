package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import org.junit.jupiter.api.Test;

class CopyRoundsTest {
    private static final long LITTLE = FutureReplica.SWAP_LAG_BYTES;
    private static final int SLICE_BYTES = 1 << 20;

    @Test
    void aRoundThatHalvesWhatIsLeftIsNotLost() {
        CopyRounds rounds = new CopyRounds();
        rounds.stand(1_000, 0);
        rounds.copied(600);
        rounds.stand(700, 10);
        rounds.copied(400);
        rounds.stand(500, 20);
        assertEquals(0, rounds.lost());
        assertEquals(77, rounds.rate(77));
    }

    @Test
    void aLostRoundRaisesTheRateAboveTheWriters() {
        CopyRounds rounds = new CopyRounds();
        rounds.stand(1_000, 0);
        rounds.copied(1_000);
        rounds.stand(600, 2_000);
        assertEquals(1, rounds.lost());
        assertEquals(900, rounds.rate(500));
        assertEquals(5_000, rounds.rate(5_000));
    }

    @Test
    void whatElseTakesTimeIsNoRound() {
        CopyRounds rounds = new CopyRounds();
        rounds.stand(1_000, 0);
        rounds.copied(1_000);
        rounds.interrupted();
        rounds.stand(9_000, 100_000);
        assertEquals(0, rounds.lost());
        rounds.copied(9_000);
        rounds.stand(4_501, 200_000);
        assertEquals(1, rounds.lost());
    }

    @Test
    void atARateBelowTheWritersACopyEndsWithoutTheirHelp() {
        Property.check(random -> {
            int rate = 1_000 + random.nextInt(100_000);
            double writersRate = (double) rate * (1 + random.nextInt(200)) / 2;
            CopyRounds rounds = new CopyRounds();
            double lag = 1_000_000 + random.nextInt(1_000_000_000);
            double nowMs = 0;
            while (lag > LITTLE) {
                rounds.stand((long) lag, (long) nowMs);
                double ms = lag * 1_000 / rounds.rate(rate);
                rounds.copied((long) lag);
                nowMs += ms;
                lag = writersRate * ms / 1_000;
            }
            assertFalse(rounds.isOutrun());
        });
    }

    /** Writers may do what they want, save that one append is done after the other. */
    @Test
    void noWriterKeepsACopyFromItsEnd() {
        Property.check(random -> {
            CopyRounds rounds = new CopyRounds();
            long lag = random.nextInt(64 << 20);
            long nowMs = 0;
            while (lag > LITTLE && !rounds.isOutrun()) {
                rounds.stand(lag, nowMs);
                long slice = Math.min(lag, SLICE_BYTES);
                lag += spiteful(random, slice) - slice;
                rounds.copied(slice);
                nowMs += random.nextInt(20);
            }
            long last = lag;
            long appended = 0;
            while (lag > LITTLE) {
                int append = 1 + random.nextInt(SLICE_BYTES);
                appended += append;
                lag += append;
                lag -= Math.min(lag, (long) CopyRounds.OWED_PER_BYTE * append);
                assertTrue(appended < last + SLICE_BYTES, () -> "still behind after " + last + " bytes and an append");
            }
        });
    }

    private static long spiteful(SeededRandom random, long slice) {
        return random.nextInt(3) == 0 ? 0 : random.nextInt((int) slice * 5 / 2 + 1);
    }
}
