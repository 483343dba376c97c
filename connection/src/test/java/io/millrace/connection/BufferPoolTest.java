package io.millrace.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
    @Test
    void aBufferGivenBackIsTheNextOneLent() {
        BufferPool pool = new BufferPool(1 << 20, 1 << 20);
        PooledBuffer first = pool.lend(5000);
        assertEquals(8192, first.capacityBytes());
        ByteBuffer bytes = first.bytes();
        bytes.position(77).limit(99);
        first.release();
        PooledBuffer second = pool.lend(8192);
        assertSame(bytes, second.bytes());
        assertEquals(8192, second.bytes().remaining());
    }

    @Test
    void useAfterReleaseAndASecondReleaseAreNoticed() {
        PooledBuffer buffer = new BufferPool(1 << 20, 1 << 20).lend(1);
        buffer.release();
        assertThrows(IllegalStateException.class, buffer::bytes);
        assertThrows(IllegalStateException.class, buffer::release);
    }

    @Test
    void aPoisoningPoolOverwritesWhatIsGivenBack() {
        PooledBuffer buffer = BufferPool.poisoning(1 << 20, 1 << 20).lend(100);
        ByteBuffer kept = buffer.bytes().put(0, (byte) 1);
        buffer.release();
        assertEquals((byte) 0xdb, kept.get(0));
    }

    @Test
    void idleAndLentBytesAddUpAndIdleOnesStayWithinTheirBound() {
        Property.check(random -> {
            long maxIdleBytes = random.nextInt(1 << 20);
            BufferPool pool = new BufferPool(maxIdleBytes, 1 << 20);
            List<PooledBuffer> lent = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                if (lent.isEmpty() || random.nextBoolean()) lent.add(pool.lend(random.nextInt(1 << 18)));
                else lent.remove(random.nextInt(lent.size())).release();
                long expected =
                        lent.stream().mapToLong(PooledBuffer::capacityBytes).sum();
                assertEquals(expected, pool.lentBytes());
                assertTrue(pool.idleBytes() <= maxIdleBytes);
            }
        });
    }

    @Test
    void largeBuffersKeepToTheirBudgetSaveThoseOfOneBorrower() {
        BufferPool pool = new BufferPool(0, 1 << 20);
        PooledBuffer first = pool.tryLend(1 << 19, "a").orElseThrow();
        PooledBuffer second = pool.tryLend(1 << 19, "b").orElseThrow();
        PooledBuffer beyond = pool.tryLend(1 << 20, "a").orElseThrow();
        assertTrue(pool.tryLend(1 << 20, "b").isEmpty());
        assertTrue(pool.tryLend(BufferPool.SMALL_BYTES, "b").isPresent());
        first.release();
        PooledBuffer evenLarger = pool.tryLend(1 << 22, "a").orElseThrow();
        beyond.release();
        assertTrue(pool.tryLend(1 << 20, "b").isEmpty());
        int[] retries = {0};
        pool.whenLargeReturns(() -> retries[0] = pool.tryLend(1 << 20, "b").isPresent() ? 1 : -1);
        evenLarger.release();
        assertEquals(1, retries[0]);
        second.release();
        assertThrows(IllegalArgumentException.class, () -> pool.lend(-1));
    }
}
