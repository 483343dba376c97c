package io.millrace.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.protocol.Uuid;
import io.millrace.testkit.Property;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LeaderProgressTest {
    private static final VoterSet THREE = voters(3);

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
        LeaderProgress progress = new LeaderProgress(50, 0);
        progress.held(0, 50);
        progress.fetched(key(1), THREE, 50, 51, 1);
        progress.fetched(key(2), THREE, 50, 51, 1);
        assertEquals(0, progress.committedOffset(THREE));

        progress.held(0, 51);
        assertEquals(0, progress.committedOffset(THREE));
        progress.fetched(key(2), THREE, 51, 51, 2);
        assertEquals(51, progress.committedOffset(THREE));
    }

    @Test
    void replicasThatAreNotVotersDoNotCountAndAreObservers() {
        LeaderProgress progress = new LeaderProgress(0, 0);
        ReplicaKey anotherDisk = new ReplicaKey(1, new Uuid(9, 9));
        VoterSet withDirectories =
                new VoterSet(List.of(new Voter(new ReplicaKey(1, new Uuid(1, 1)), List.of(), (short) 0, (short) 1)));
        progress.fetched(anotherDisk, withDirectories, 5, 5, 1);

        assertEquals(0, progress.committedOffset(withDirectories));
        assertEquals(Set.of(anotherDisk), progress.observers().keySet());
    }

    @Test
    void aFetchBeyondTheLogIsABug() {
        LeaderProgress progress = new LeaderProgress(10, 0);

        assertThrows(IllegalStateException.class, () -> progress.fetched(key(1), THREE, 12, 11, 0));
    }

    @Test
    void theMajorityWasHeardOfWhenItsLastMemberWas() {
        LeaderProgress progress = new LeaderProgress(0, 100);
        assertEquals(100, progress.majorityHeardAtMs(THREE, key(0), 900));

        progress.fetched(key(1), THREE, 0, 0, 400);
        progress.heard(key(2), THREE, 300);
        assertEquals(400, progress.majorityHeardAtMs(THREE, key(0), 900));
    }

    @Test
    void aReplicaIsCaughtUpOnceItHasWhatThereWasAtItsLastFetch() {
        LeaderProgress progress = new LeaderProgress(0, 0);
        progress.fetched(key(1), THREE, 5, 10, 100);
        assertEquals(LeaderProgress.NEVER, progress.voter(1).caughtUpAtMs());
        progress.fetched(key(1), THREE, 10, 20, 200);
        assertEquals(100, progress.voter(1).caughtUpAtMs());
        progress.fetched(key(1), THREE, 20, 20, 300);
        assertEquals(300, progress.voter(1).caughtUpAtMs());
    }

    private static ReplicaKey key(int id) {
        return new ReplicaKey(id, Uuid.ZERO);
    }

    private static VoterSet voters(int count) {
        return new VoterSet(IntStream.range(0, count)
                .mapToObj(id -> new Voter(key(id), List.of(), (short) 0, (short) 1))
                .toList());
    }
}
