package io.millrace.cli.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SizesTest {
    @Test
    void bytesHaveTwoDigitsAtLeastAndAUnit() {
        assertEquals("0 B", Sizes.bytes(0));
        assertEquals("999 B", Sizes.bytes(999));
        assertEquals("1.0 kB", Sizes.bytes(1_000));
        assertEquals("9.9 kB", Sizes.bytes(9_949));
        assertEquals("10 kB", Sizes.bytes(9_950));
        assertEquals("1.0 MB", Sizes.bytes(999_999));
        assertEquals("9.2 EB", Sizes.bytes(Long.MAX_VALUE));
    }

    @Test
    void timeHasTheUnitThatFits() {
        assertEquals("59 s", Sizes.time(59.4));
        assertEquals("1:00 min", Sizes.time(59.6));
        assertEquals("3:05 min", Sizes.time(185));
        assertEquals("2:00 h", Sizes.time(7_200));
    }
}
