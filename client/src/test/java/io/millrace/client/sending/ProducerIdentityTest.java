package io.millrace.client.sending;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ProducerIdentityTest {
    private final ProducerIdentity identity = new ProducerIdentity();

    @Test
    void thereIsNoneBeforeOneIsGiven() {
        assertEquals(ProducerIdAndEpoch.NONE, identity.after(ProducerIdAndEpoch.NONE));
        assertTrue(identity.isWanted());
    }

    @Test
    void partitionsThatBeginAnewTogetherShareAnEpoch() {
        identity.given(7, (short) 0);
        ProducerIdAndEpoch first = identity.after(ProducerIdAndEpoch.NONE);
        assertEquals(new ProducerIdAndEpoch(7, (short) 0), first);
        assertEquals(first, identity.after(ProducerIdAndEpoch.NONE));
        assertEquals(new ProducerIdAndEpoch(7, (short) 1), identity.after(first));
        assertEquals(new ProducerIdAndEpoch(7, (short) 1), identity.after(first));
    }

    @Test
    void afterTheLastEpochAnotherIdIsAskedFor() {
        identity.given(7, Short.MAX_VALUE);
        assertEquals(ProducerIdAndEpoch.NONE, identity.after(new ProducerIdAndEpoch(7, Short.MAX_VALUE)));
        assertTrue(identity.isWanted());
        identity.given(8, (short) 0);
        assertEquals(new ProducerIdAndEpoch(8, (short) 0), identity.after(new ProducerIdAndEpoch(7, Short.MAX_VALUE)));
    }
}
