package io.millrace.protocol.generator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class VersionsTest {
    @Test
    void theFourWaysToSayARangeAreUnderstood() {
        assertEquals(new Versions(3, Short.MAX_VALUE), Versions.parse("3+"));
        assertEquals(new Versions(0, 14), Versions.parse("0-14"));
        assertEquals(new Versions(7, 7), Versions.parse("7"));
        assertTrue(Versions.parse("none").isEmpty());
    }

    @Test
    void aTestSaysNoMoreThanIsInDoubt() {
        Versions possible = Versions.parse("2-9");
        assertEquals("true", Versions.parse("0+").test(possible));
        assertEquals("false", Versions.parse("0-1").test(possible));
        assertEquals("false", Versions.NONE.test(possible));
        assertEquals("version >= 5", Versions.parse("5+").test(possible));
        assertEquals("version <= 5", Versions.parse("0-5").test(possible));
        assertEquals("version == 5", Versions.parse("5").test(possible));
        assertEquals("version >= 4 && version <= 5", Versions.parse("4-5").test(possible));
    }

    @Test
    void theEmptyRangeIsInEveryRangeAndHoldsNothing() {
        assertTrue(Versions.NONE.contains(Versions.NONE));
        assertTrue(Versions.parse("1-2").contains(Versions.NONE));
        assertFalse(Versions.NONE.contains(0));
        assertFalse(Versions.NONE.contains(Versions.parse("1")));
    }
}
