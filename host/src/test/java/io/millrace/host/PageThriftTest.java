package io.millrace.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class PageThriftTest {
    private static final int LEAST = 64;
    private final PageThrift thrift = new PageThrift(LEAST);

    @Test
    void aDearWindowNowAndThenBoundsNothing() {
        for (int round = 0; round < 1_000; round++) {
            write(1, true, 10_000);
            write(1, false, 10_000);
        }
        assertFalse(thrift.isBound());
    }

    @Test
    void whenWindowsBecomeDearTheCacheStopsToGrowAndLosesNothing() {
        write(10_000, false, 10_000);
        write(PageThrift.PATIENCE, true, 1_000);
        assertTrue(thrift.isBound());
        assertEquals(1_000, thrift.maxWindows());
        write(100_000, false, 1_000);
        assertEquals(1_000, thrift.maxWindows());
    }

    @Test
    void windowsThatStayDearLowerTheBoundToTheLeastAndNoFurther() {
        write(PageThrift.PATIENCE, true, 1_000);
        write(PageThrift.PATIENCE_WHEN_BOUND - 1, true, 1_000);
        assertEquals(1_000, thrift.maxWindows());
        write(1, true, 1_000);
        assertEquals(750, thrift.maxWindows());
        write(PageThrift.PATIENCE_WHEN_BOUND * 100, true, 1_000);
        assertEquals(LEAST, thrift.maxWindows());
    }

    @Test
    void wherePagesAreDearFromTheBeginningTheLeastIsKept() {
        write(PageThrift.PATIENCE, true, PageThrift.PATIENCE);
        assertEquals(LEAST, thrift.maxWindows());
    }

    private void write(int windows, boolean isDear, int kept) {
        for (int i = 0; i < windows; i++) thrift.written(isDear, kept);
    }
}
