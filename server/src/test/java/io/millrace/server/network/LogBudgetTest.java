package io.millrace.server.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LogBudgetTest {
    private final LogBudget budget = new LogBudget();

    @Test
    void twentyLinesMayComeAtOnceAndThenOneASecond() {
        for (int i = 0; i < 20; i++) assertEquals(0, budget.mayLog(1_000));
        assertEquals(-1, budget.mayLog(1_000));
        assertEquals(-1, budget.mayLog(1_999));
        assertEquals(2, budget.mayLog(2_000), "the lines left out are told with the next one");
        assertEquals(-1, budget.mayLog(2_000));
        assertEquals(1, budget.mayLog(3_000));
    }

    @Test
    void quietTimeIsSavedUpToTheWholeBudgetOnly() {
        for (int i = 0; i < 25; i++) budget.mayLog(0);
        int allowed = 0;
        for (int i = 0; i < 100; i++) if (budget.mayLog(3_600_000) >= 0) allowed++;
        assertEquals(20, allowed);
    }

    @Test
    void anHourOfFloodingCostsOneLineASecond() {
        int allowed = 0;
        for (long nowMs = 0; nowMs < 3_600_000; nowMs += 100) if (budget.mayLog(nowMs) >= 0) allowed++;
        assertTrue(allowed >= 3_600 && allowed <= 3_625, "allowed " + allowed);
    }
}
