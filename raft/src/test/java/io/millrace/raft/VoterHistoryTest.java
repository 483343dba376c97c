package io.millrace.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.Uuid;
import java.util.List;
import org.junit.jupiter.api.Test;

class VoterHistoryTest {
    private static final VoterSet STATIC = voters(1);
    private static final VoterSet FIRST = voters(2);
    private static final VoterSet SECOND = voters(3);

    @Test
    void staticVotersCountUntilTheLogNamesOthers() {
        VoterHistory history = new VoterHistory(STATIC);
        assertEquals(STATIC, history.voters());

        history.addVoters(10, FIRST);
        assertEquals(FIRST, history.voters());
        assertEquals(STATIC, history.votersAt(9));
        assertEquals(FIRST, history.votersAt(10));
    }

    @Test
    void truncationBringsTheFormerVotersBack() {
        VoterHistory history = new VoterHistory(STATIC);
        history.addVoters(10, FIRST);
        history.addKraftVersion(10, (short) 1);
        history.addVoters(20, SECOND);

        history.truncateFrom(20);
        assertEquals(FIRST, history.voters());
        history.truncateFrom(10);
        assertEquals(STATIC, history.voters());
        assertEquals(0, history.kraftVersion());
    }

    @Test
    void forgettingKeepsWhatHoldsAtTheNewStart() {
        VoterHistory history = new VoterHistory(STATIC);
        history.addVoters(10, FIRST);
        history.addVoters(20, SECOND);
        history.addKraftVersion(10, (short) 1);

        history.forgetBefore(15);
        assertEquals(FIRST, history.votersAt(15));
        history.forgetBefore(25);
        assertEquals(SECOND, history.votersAt(25));
        assertEquals(1, history.kraftVersionAt(25));
        assertEquals(STATIC, history.votersAt(19));
    }

    @Test
    void onlyABootstrapSnapshotsVotersAreStillToBeWritten() {
        VoterHistory history = new VoterHistory(VoterSet.NONE);
        assertFalse(history.isOnlyInBootstrap());
        history.addKraftVersion(VoterHistory.BOOTSTRAP_OFFSET, (short) 1);
        history.addVoters(VoterHistory.BOOTSTRAP_OFFSET, FIRST);
        assertTrue(history.isOnlyInBootstrap());
        history.addVoters(2, FIRST);
        assertFalse(history.isOnlyInBootstrap());
    }

    @Test
    void offsetsMustGrow() {
        VoterHistory history = new VoterHistory(STATIC);
        history.addVoters(10, FIRST);

        assertThrows(IllegalStateException.class, () -> history.addVoters(10, SECOND));
    }

    private static VoterSet voters(int id) {
        return new VoterSet(List.of(
                new Voter(new ReplicaKey(id, new Uuid(0, 100 + id)), List.of(), (short) 0, (short) 1)));
    }
}
