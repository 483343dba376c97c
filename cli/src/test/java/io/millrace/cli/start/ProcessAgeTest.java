package io.millrace.cli.start;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProcessAgeTest {
    @Test
    void theKernelsTicksAreCountedFromBehindTheName() {
        String stat = "77 (a) b (c) S 1 77 77 0 -1 4194304 0 0 0 0 1 2 0 0 20 0 1 0 123456 999 5";
        assertEquals(440, ProcessAge.fromKernel(stat, "1235.00 2000.00\n", "0"));
    }

    @Test
    void aClockThatLagsBehindGivesZero() {
        String stat = "77 (java) S 1 77 77 0 -1 4194304 0 0 0 0 1 2 0 0 20 0 1 0 123456 999 5";
        assertEquals(0, ProcessAge.fromKernel(stat, "1234.55 2000.00\n", "0"));
    }

    @Test
    void aBuildBeforeTheProgramDoesNotCount() {
        String stat = "77 (java) S 1 77 77 0 -1 4194304 0 0 0 0 1 2 0 0 20 0 1 0 123456 999 5";
        assertEquals(300, ProcessAge.fromKernel(stat, "1400.00 2000.00\n", "1399.70"));
    }

    @Test
    void aProcessThatBeganAfterTheBuildIsAsOldAsItIs() {
        String stat = "77 (java) S 1 77 77 0 -1 4194304 0 0 0 0 1 2 0 0 20 0 1 0 123456 999 5";
        assertEquals(440, ProcessAge.fromKernel(stat, "1235.00 2000.00\n", "1200.10"));
    }

    @Test
    void thisProcessIsNotOlderThanADay() {
        long ageMs = ProcessAge.ms(-1);
        assertTrue(ageMs >= 0 && ageMs < TimeUnit.DAYS.toMillis(1), () -> "age " + ageMs);
    }
}
