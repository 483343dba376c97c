package io.millrace.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class PageThriftTest {
    private final PageThrift thrift = new PageThrift();

    @Test
    void aFewDearWindowsOnEndTurnItOnAndASingleCheapOneBetweenThemDoesNot() {
        for (int round = 0; round < 10; round++) {
            write(PageThrift.DEAR_WINDOWS - 1, true);
            write(1, false);
        }
        assertFalse(thrift.isOn());
        write(PageThrift.DEAR_WINDOWS, true);
        assertTrue(thrift.isOn());
        assertTrue(thrift.recycles());
    }

    @Test
    void aRestThatFindsPagesCheapEndsIt() {
        turnOn();
        write(PageThrift.FIRST_REST_AFTER, false);
        assertTrue(thrift.isOn());
        assertFalse(thrift.recycles());
        write(PageThrift.REST_WINDOWS, false);
        assertFalse(thrift.isOn());
    }

    @Test
    void aRestThatFindsPagesDearGoesOnAndTheNextIsTwiceAsFarAway() {
        turnOn();
        write(PageThrift.FIRST_REST_AFTER, false);
        write(PageThrift.UNSEEN_WINDOWS, false);
        write(PageThrift.REST_WINDOWS - PageThrift.UNSEEN_WINDOWS, true);
        assertTrue(thrift.recycles());
        write(2 * PageThrift.FIRST_REST_AFTER - 1, false);
        assertTrue(thrift.recycles());
        write(1, false);
        assertFalse(thrift.recycles());
    }

    @Test
    void whereNewPagesAreAlwaysDearRestsBecomeRare() {
        int dear = 0;
        int total = 1_000_000;
        for (int i = 0; i < total; i++) {
            boolean isDear = !thrift.recycles();
            if (isDear) dear++;
            thrift.written(isDear);
        }
        assertTrue(dear < total / 1_000, dear + " dear windows of " + total);
        assertEquals(true, thrift.isOn());
    }

    private void turnOn() {
        write(PageThrift.DEAR_WINDOWS, true);
    }

    private void write(int windows, boolean isDear) {
        for (int i = 0; i < windows; i++) thrift.written(isDear);
    }
}
