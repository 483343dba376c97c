package io.millrace.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.millrace.testkit.Property;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PersistentMapTest {
    /** A key whose hashes collide as often as wanted. */
    private record Key(int number, int hash) implements Comparable<Key> {
        @Override
        public int hashCode() {
            return hash;
        }

        @Override
        public int compareTo(Key other) {
            return Integer.compare(number, other.number);
        }
    }

    @Test
    void agreesWithATreeMapThroughAnyHistory() {
        Property.check(random -> {
            int hashes = random.pick(1, 3, 50, 1 << 20);
            Map<Key, String> expected = new TreeMap<>();
            PersistentMap<Key, String> map = PersistentMap.empty();
            for (int step = 0; step < 300; step++) {
                int number = random.nextInt(80);
                Key key = new Key(number, number % hashes * 0x01000193);
                PersistentMap<Key, String> before = map;
                Map<Key, String> expectedBefore = step % 50 == 0 ? new TreeMap<>(expected) : Map.of();
                if (random.chance(0.6)) {
                    String value = random.word(3);
                    expected.put(key, value);
                    map = map.with(key, value);
                } else {
                    expected.remove(key);
                    map = map.without(key);
                }
                assertEquals(expected.get(key), map.get(key));
                assertEquals(expected.size(), map.size());
                if (step % 50 == 0) assertEquals(List.copyOf(expectedBefore.values()), before.valuesInOrder());
            }
            assertEquals(List.copyOf(expected.keySet()), map.keysInOrder());
            assertEquals(List.copyOf(expected.values()), map.valuesInOrder());
        });
    }

    @Test
    void theSameContentHasTheSameOrderWhateverItsHistory() {
        Property.check(random -> {
            int hashes = random.pick(1, 7, 1 << 20);
            List<Integer> numbers = new ArrayList<>();
            for (int i = 0; i < random.nextInt(100); i++) numbers.add(i);
            PersistentMap<Key, Integer> straight = PersistentMap.empty();
            for (int number : numbers) straight = straight.with(new Key(number, number % hashes), number);
            PersistentMap<Key, Integer> winding = PersistentMap.empty();
            for (int i = 200; i < 260; i++) winding = winding.with(new Key(i, i % hashes), i);
            for (int number : random.shuffled(numbers))
                winding = winding.with(new Key(number, number % hashes), number);
            for (int i = 200; i < 260; i++) winding = winding.without(new Key(i, i % hashes));
            assertEquals(order(straight), order(winding));
            assertEquals(straight, winding);
            assertEquals(straight.hashCode(), winding.hashCode());
            assertNotEquals(straight, winding.with(new Key(1000, 1), 1));
        });
    }

    @Test
    void theEmptyMapHasNothing() {
        PersistentMap<Integer, String> empty = PersistentMap.empty();
        assertEquals(0, empty.size());
        assertEquals(empty, empty.without(5));
        assertEquals(empty, empty.with(5, "a").without(5));
        assertEquals(Collections.emptyList(), empty.keysInOrder());
    }

    private static List<Integer> order(PersistentMap<Key, Integer> map) {
        List<Integer> order = new ArrayList<>();
        map.forEach((key, value) -> order.add(value));
        return order;
    }
}
