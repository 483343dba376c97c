package io.millrace.coordinators.group;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.millrace.testkit.Property;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeadlinesTest {
    @Test
    void theEarliestComesFirstAndOfEqualsTheFirstSet() {
        Property.check(random -> {
            Deadlines quick = new Deadlines();
            List<Deadline> slow = new ArrayList<>();
            List<Deadline> all = new ArrayList<>();
            for (int i = 0; i < 200; i++) all.add(new Deadline(turn -> {}));
            for (int step = 0; step < 500; step++) {
                Deadline deadline = random.pick(all);
                switch (random.nextInt(4)) {
                    case 0, 1 -> {
                        slow.remove(deadline);
                        slow.add(deadline);
                        quick.set(deadline, random.nextInt(50));
                    }
                    case 2 -> {
                        slow.remove(deadline);
                        quick.clear(deadline);
                    }
                    default -> {
                        long nowMs = random.nextInt(50);
                        Deadline first = slow.stream()
                                .filter(one -> one.atMs <= nowMs)
                                .min(Comparator.comparingLong(one -> one.atMs))
                                .orElse(null);
                        if (first != null) slow.remove(first);
                        assertSame(first, quick.pollDue(nowMs));
                    }
                }
                long nextAtMs = slow.stream().mapToLong(one -> one.atMs).min().orElse(Long.MAX_VALUE);
                assertEquals(nextAtMs, quick.nextAtMs());
            }
        });
    }
}
