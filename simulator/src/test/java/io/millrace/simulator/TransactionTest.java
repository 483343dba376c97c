package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Our own producer's transactions and readers of both isolation levels, before a modelled coordinator and the real server: T1, T4-T9, T12, T14. */
class TransactionTest {
    @Test
    void eachInputIsDealtWithOnceAndEachTransactionIsThereWholeOrNotAtAll() {
        Stories stories = TransactionStories.whole();
        Campaign.run(getClass(), "eachInputIsDealtWithOnceAndEachTransactionIsThereWholeOrNotAtAll", 40, stories::tell);
    }

    @Test
    void theSameSeedGivesTheSameTrace() {
        Stories stories = TransactionStories.whole();
        Campaign.run(
                getClass(),
                "theSameSeedGivesTheSameTrace",
                2,
                seed -> assertEquals(
                        stories.tell(seed).toString(), stories.tell(seed).toString()));
    }
}
