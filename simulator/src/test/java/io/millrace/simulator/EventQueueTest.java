package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.testkit.Property;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.junit.jupiter.api.Test;

class EventQueueTest {
    private record Event(long atNanos, long number) {}

    @Test
    void eventsComeInTheOrderOfAnyOtherQueue() {
        Property.check(random -> {
            EventQueue queue = new EventQueue();
            PriorityQueue<Event> plain =
                    new PriorityQueue<>(Comparator.comparingLong(Event::atNanos).thenComparingLong(Event::number));
            List<Event> done = new ArrayList<>();
            int times = 1 + random.nextInt(1_000);
            for (int step = 0; step < 2_000; step++) {
                if (random.nextInt(5) < 3) {
                    Event event = new Event(random.nextInt(times), step);
                    plain.add(event);
                    queue.add(event.atNanos(), event.number(), () -> done.add(event));
                } else if (!plain.isEmpty()) {
                    requireSame(plain, queue, done);
                }
            }
            while (!plain.isEmpty()) requireSame(plain, queue, done);
            assertEquals(EventQueue.NEVER, queue.nextNanos());
        });
    }

    private static void requireSame(PriorityQueue<Event> plain, EventQueue queue, List<Event> done) {
        Event next = plain.remove();
        assertEquals(next.atNanos(), queue.nextNanos());
        assertEquals(next.number(), queue.nextNumber());
        queue.remove().run();
        assertEquals(next, done.getLast());
    }

    @Test
    void anEmptyQueueGivesNothing() {
        EventQueue queue = new EventQueue();
        assertThrows(IllegalStateException.class, queue::nextNumber);
        assertThrows(IllegalStateException.class, queue::remove);
    }
}
