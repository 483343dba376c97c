package io.millrace.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import org.junit.jupiter.api.Test;

class UuidTest {
    @Test
    void textAndOrderAreKafkas() {
        Property.check(300, random -> {
            Uuid ours = new Uuid(random.anyLong(), random.anyLong());
            Uuid other =
                    new Uuid(random.nextBoolean() ? ours.mostSignificantBits() : random.anyLong(), random.anyLong());
            assertEquals(kafkas(ours).toString(), ours.toString());
            assertEquals(ours, Uuid.parse(ours.toString()));
            assertEquals(Integer.signum(kafkas(ours).compareTo(kafkas(other))), Integer.signum(ours.compareTo(other)));
        });
    }

    private static org.apache.kafka.common.Uuid kafkas(Uuid ours) {
        return new org.apache.kafka.common.Uuid(ours.mostSignificantBits(), ours.leastSignificantBits());
    }

    @Test
    void theReservedOnesAreKafkas() {
        assertEquals(kafkas(Uuid.ZERO), org.apache.kafka.common.Uuid.ZERO_UUID);
        assertEquals(kafkas(Uuid.ONE), org.apache.kafka.common.Uuid.ONE_UUID);
        assertEquals(kafkas(Uuid.METADATA_TOPIC_ID), org.apache.kafka.common.Uuid.METADATA_TOPIC_ID);
        for (var reserved : org.apache.kafka.common.Uuid.RESERVED)
            assertTrue(new Uuid(reserved.getMostSignificantBits(), reserved.getLeastSignificantBits()).isReserved());
        assertFalse(new Uuid(0, 2).isReserved());
        assertFalse(new Uuid(1, 0).isReserved());
    }

    @Test
    void textThatIsNoUuidIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Uuid.parse(""));
        assertThrows(IllegalArgumentException.class, () -> Uuid.parse("AAAAAAAAAAAAAAAAAAAAA"));
        assertThrows(IllegalArgumentException.class, () -> Uuid.parse("AAAAAAAAAAAAAAAAAAAAA+"));
        assertThrows(IllegalArgumentException.class, () -> Uuid.parse("A".repeat(23)));
        assertThrows(IllegalArgumentException.class, () -> Uuid.parse("A".repeat(1000)));
    }
}
