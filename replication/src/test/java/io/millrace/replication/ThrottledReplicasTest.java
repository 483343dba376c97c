package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.junit.jupiter.api.Test;

class ThrottledReplicasTest {
    @Test
    void aListNamesThePartitionsOfOneBroker() {
        assertEquals(Set.of(0, 12), ThrottledReplicas.of("0:1, 3:11,12:1", 1).partitions());
        assertTrue(ThrottledReplicas.of("0:1", 1).has(0));
        assertFalse(ThrottledReplicas.of("0:1", 1).has(1));
    }

    @Test
    void aStarNamesAllAndNothingNone() {
        assertTrue(ThrottledReplicas.of("*", 7).has(99));
        assertEquals(ThrottledReplicas.NONE, ThrottledReplicas.of(null, 7));
        assertEquals(ThrottledReplicas.NONE, ThrottledReplicas.of("", 7));
    }

    @Test
    void whatIsNoPairNamesNobody() {
        assertEquals(
                ThrottledReplicas.NONE, ThrottledReplicas.of("none,1,:,99999999999:7,-5:7,3:99999999999,x:7,4:y", 7));
        assertEquals(ThrottledReplicas.NONE, ThrottledReplicas.of("0:x", -1));
    }
}
