package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.metrics.MetricConfig;
import org.apache.kafka.common.metrics.stats.SimpleRate;
import org.junit.jupiter.api.Test;

class ReplicationQuotaTest {
    private static final long WINDOW_MS = 1_000;

    @Test
    void whatExceedsTheRateIsMadeUpForByWaiting() {
        ReplicationQuota quota = ReplicationQuota.of(11, WINDOW_MS);
        assertEquals(5_000, quota.openFromMs(100, 5_000));
        quota = quota.spent(100, 5_000);
        assertEquals(5_000, quota.openFromMs(100, 5_000));
        quota = quota.spent(500, 5_000);
        assertEquals(11_000, quota.openFromMs(100, 5_000));
        assertEquals(100, quota.bytesPerSecond(11_000));
    }

    @Test
    void whoWasIdleMaySendWhatFitsInAWindowAndNoMore() {
        ReplicationQuota quota = ReplicationQuota.of(11, WINDOW_MS).spent(1, 0);
        assertEquals(1_000_000, quota.openFromMs(100, 1_000_000));
        assertTrue(quota.spent(101, 1_000_000).openFromMs(100, 1_000_000) > 1_000_000);
    }

    @Test
    void aRateOfNothingOpensOnceAllIsForgotten() {
        ReplicationQuota quota = ReplicationQuota.of(3, WINDOW_MS).spent(1, 10_000);
        assertEquals(13_000, quota.openFromMs(0, 10_000));
        assertEquals(20_000, quota.openFromMs(0, 20_000));
    }

    @Test
    void extremePropertiesAreTaken() {
        ReplicationQuota quota = ReplicationQuota.of(Integer.MAX_VALUE, Integer.MAX_VALUE * 1000L)
                .spent(1L << 50, 7);
        assertEquals(8, quota.openFromMs(Long.MAX_VALUE, 8));
        assertTrue(quota.openFromMs(1, 8) > 8);
    }

    private record Spent(long atMs, long bytes) {}

    /** Keeps all that ever went, and looks at every millisecond. */
    private static final class SlowTwin {
        final int windowCount;
        final List<Spent> all = new ArrayList<>();

        SlowTwin(int windowCount) {
            this.windowCount = windowCount;
        }

        double rate(long nowMs) {
            List<List<Spent>> windows = new ArrayList<>();
            for (Spent each : all) {
                if (windows.isEmpty()
                        || each.atMs() - windows.getLast().getFirst().atMs() >= WINDOW_MS)
                    windows.add(new ArrayList<>());
                windows.getLast().add(each);
            }
            windows.removeIf(window -> window.getLast().atMs() + windowCount * WINDOW_MS <= nowMs);
            if (windows.isEmpty()) return 0;
            long bytes = 0;
            for (List<Spent> window : windows) for (Spent each : window) bytes += each.bytes();
            return bytes
                    * 1000.0
                    / Math.max(WINDOW_MS, nowMs - windows.getFirst().getFirst().atMs());
        }

        long openFromMs(long limit, long nowMs) {
            long atMs = nowMs;
            while (rate(atMs) > limit) atMs++;
            return atMs;
        }
    }

    @Test
    void rateAndWaitAreThoseOfAListOfAllThatWent() {
        Property.check(60, random -> {
            int windowCount = 1 + random.nextInt(5);
            SlowTwin twin = new SlowTwin(windowCount);
            ReplicationQuota quota = ReplicationQuota.of(windowCount, WINDOW_MS);
            long nowMs = random.nextInt(10_000);
            for (int i = 0; i < 25; i++) {
                nowMs += random.nextInt(random.nextBoolean() ? 50 : 1_500);
                int bytes = random.nextInt(4_000);
                quota = quota.spent(bytes, nowMs);
                if (bytes > 0) twin.all.add(new Spent(nowMs, bytes));
                long laterMs = nowMs + random.nextInt(2_000);
                assertEquals(twin.rate(laterMs), quota.bytesPerSecond(laterMs), 1e-6);
                long limit = random.nextInt(4_000);
                assertEquals(twin.openFromMs(limit, laterMs), quota.openFromMs(limit, laterMs));
            }
        });
    }

    /** Apache's sample that was emptied begins when it was; as long as something always goes, none but the oldest is. */
    @Test
    void theRateOfSteadyTrafficIsTheOneThatApacheMeasures() {
        Property.check(60, random -> {
            MetricConfig config = new MetricConfig().samples(11).timeWindow(WINDOW_MS, TimeUnit.MILLISECONDS);
            SimpleRate apache = new SimpleRate();
            ReplicationQuota quota = ReplicationQuota.of(11, WINDOW_MS);
            long nowMs = 1_000_000;
            for (int i = 0; i < 400; i++) {
                nowMs += random.nextInt(300);
                int bytes = 1 + random.nextInt(1 << 20);
                apache.record(config, bytes, nowMs);
                quota = quota.spent(bytes, nowMs);
                double rate = apache.measure(config, nowMs);
                assertEquals(rate, quota.bytesPerSecond(nowMs), rate * 0.001);
            }
        });
    }

    @Test
    void whoWaitsAsToldKeepsToTheRateInTheLongRun() {
        Property.check(40, random -> {
            long limit = 1_000L + random.nextInt(100_000);
            ReplicationQuota quota = ReplicationQuota.of(11, WINDOW_MS);
            long nowMs = 0;
            long sent = 0;
            while (nowMs < 120_000) {
                nowMs = quota.openFromMs(limit, nowMs);
                long bytes = 1L + random.nextInt((int) (limit * 2));
                quota = quota.spent(bytes, nowMs);
                sent += bytes;
                nowMs += random.nextInt(20);
            }
            double share = sent * 1000.0 / nowMs / limit;
            assertTrue(share > 0.9 && share < 1.15, "sent at " + share + " of the rate");
        });
    }
}
