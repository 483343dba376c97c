package io.millrace.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.testkit.Property;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

class TimerHeapTest {
    private record Set(long dueNanos, int number, TimerHeap.Entry entry) {}

    @Test
    void timersRunInTheOrderOfASortedListWhateverIsAddedAndCancelled() {
        Property.check(random -> {
            TimerHeap heap = new TimerHeap();
            List<Integer> ran = new ArrayList<>();
            List<Set> alive = new ArrayList<>();
            // Close to the end of the clock's range, which it may pass while the process runs.
            long start = Long.MAX_VALUE - 50;
            for (int i = 0; i < 200; i++) {
                if (!alive.isEmpty() && random.chance(0.3)) {
                    alive.remove(random.nextInt(alive.size())).entry.cancel();
                }
                int number = i;
                long due = start + random.nextInt(100);
                alive.add(new Set(due, number, heap.add(due, () -> ran.add(number))));
            }
            assertEquals(alive.size(), heap.size());
            alive.sort(
                    Comparator.<Set>comparingLong(set -> set.dueNanos - start).thenComparingInt(set -> set.number));
            for (long now = start; now - start < 100; now++) {
                Runnable due;
                while ((due = heap.pollDue(now)) != null) due.run();
                int expected = 0;
                while (expected < alive.size() && alive.get(expected).dueNanos - now <= 0) expected++;
                assertEquals(expected, ran.size());
            }
            assertEquals(alive.stream().map(Set::number).toList(), ran);
            assertEquals(Long.MAX_VALUE, heap.nanosUntilNext(start));
        });
    }

    @Test
    void aTimerCancelledTwiceOrAfterItRanChangesNothing() {
        TimerHeap heap = new TimerHeap();
        TimerHeap.Entry first = heap.add(1, () -> {});
        heap.add(2, () -> {});
        first.cancel();
        first.cancel();
        assertEquals(1, heap.size());
        assertEquals(1, heap.nanosUntilNext(1));
    }
}
