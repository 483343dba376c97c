package io.millrace.client.fetching.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

@SuppressWarnings("ByteBufferBackingArray") // Which array it is, is the question.
class RangeMemoryTest {
    private static final long MOST_BYTES = 8 << 20;

    private final RangeMemory memory = new RangeMemory(MOST_BYTES);

    @Test
    void aRangeThatIsReadHoldsTheNextOfAboutItsSize() {
        ByteBuffer first = memory.take(1_000_000);
        memory.giveBack(first);
        ByteBuffer next = memory.take(990_000);
        assertSame(first.array(), next.array());
        assertEquals(990_000, next.limit());
        assertNotSame(first.array(), memory.take(1_000_000).array());
    }

    @Test
    void aSmallRangeDoesNotHoldTheMemoryOfALargeOne() {
        ByteBuffer large = memory.take(1_000_000);
        memory.giveBack(large);
        assertNotSame(large.array(), memory.take(500_000).array());
    }

    @Test
    void noArrayIsGivenTwiceAndWhatLiesIdleIsBounded() {
        Property.check(random -> {
            RangeMemory tried = new RangeMemory(MOST_BYTES);
            List<ByteBuffer> used = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                if (used.isEmpty() || random.nextBoolean()) {
                    int bytes = 1 + random.nextInt(2 << 20);
                    ByteBuffer taken = tried.take(bytes);
                    assertEquals(0, taken.position());
                    assertEquals(bytes, taken.limit());
                    for (ByteBuffer other : used) assertNotSame(other.array(), taken.array());
                    used.add(taken);
                } else {
                    tried.giveBack(used.remove(random.nextInt(used.size())));
                }
                assertTrue(tried.idleBytes() >= 0 && tried.idleBytes() <= MOST_BYTES);
            }
        });
    }
}
