package io.millrace.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.protocol.Uuid;
import io.millrace.testkit.Property;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LeaderProgressTest {
    @Test
    void highestHeldByMajorityAgreesWithTheObviousDefinition() {
        Property.check(random -> {
            long[] held = new long[1 + random.nextInt(7)];
            for (int i = 0; i < held.length; i++) held[i] = random.nextInt(20);
            assertEquals(obvious(held), LeaderProgress.highestHeldByMajority(held), () -> Arrays.toString(held));
        });
    }

    private static long obvious(long[] held) {
        long best = 0;
        for (long candidate = 0; candidate <= 20; candidate++) {
            long offset = candidate;
            long holders = Arrays.stream(held).filter(end -> end >= offset).count();
            if (2 * holders > held.length) best = candidate;
        }
        return best;
    }

    @Test
    void anOlderEpochsRecordsAreNotCommittedByAMajorityAlone() {
        LeaderProgress progress = progressOf(3, 50);
        progress.appended(51);
        progress.held(0, 50);
        progress.held(1, 50);
        progress.held(2, 50);
        assertEquals(0, progress.advanceHighWatermark());

        progress.held(0, 51);
        assertEquals(0, progress.advanceHighWatermark());
        progress.held(2, 51);
        assertEquals(51, progress.advanceHighWatermark());
    }

    @Test
    void replicasThatAreNotVotersDoNotCount() {
        LeaderProgress progress = progressOf(1, 0);
        progress.appended(5);
        progress.held(7, 5);

        assertEquals(0, progress.advanceHighWatermark());
    }

    @Test
    void theLogEndOffsetNeverGoesBack() {
        LeaderProgress progress = progressOf(1, 10);

        assertThrows(IllegalStateException.class, () -> progress.appended(9));
    }

    private static LeaderProgress progressOf(int voterCount, long epochStartOffset) {
        List<Voter> voters = IntStream.range(0, voterCount)
                .mapToObj(id -> new Voter(new ReplicaKey(id, Uuid.ZERO), List.of(), (short) 0, (short) 1))
                .toList();
        return new LeaderProgress(new VoterSet(voters), epochStartOffset, 0);
    }
}
