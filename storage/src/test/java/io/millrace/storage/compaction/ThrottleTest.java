package io.millrace.storage.compaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import org.junit.jupiter.api.Test;

class ThrottleTest {
    @Test
    void noStretchOfSlicesIsFasterThanAllowedAndNoneThatCouldBeFullIsMuchSlower() {
        Property.check(200, random -> {
            Throttle throttle = new Throttle();
            double rate = random.pick(1.0, 777.0, 1e6, 3e9);
            long elapsedMs = 0;
            double bytes = 0;
            long tookInAll = 0;
            for (int i = 0; i < 200; i++) {
                long slice = random.nextInt((int) Math.min(2 * rate, 2 << 20) + 1);
                long took = random.nextInt(30);
                bytes += slice;
                tookInAll += took;
                elapsedMs += took + throttle.pauseMs(slice, rate, took);
                assertTrue(bytes * 1_000 / rate <= elapsedMs + 1, "faster than allowed");
            }
            assertTrue(elapsedMs <= bytes * 1_000 / rate + tookInAll + 1, "slower than needed");
        });
    }

    @Test
    void aNewRateIsKeptToFromTheNextSliceOn() {
        Throttle throttle = new Throttle();
        assertEquals(1_000, throttle.pauseMs(1_000, 1_000, 0));
        assertEquals(0, throttle.pauseMs(1_000, Double.MAX_VALUE, 0));
        assertEquals(9_990, throttle.pauseMs(1_000, 100, 10));
    }
}
