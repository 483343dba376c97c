package io.millrace.client.producer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BatchMemoryTest {
    private static final int BATCH_BYTES = 16_384;
    private static final long TOTAL_BYTES = 64L * BATCH_BYTES;

    private final BatchMemory memory = new BatchMemory(TOTAL_BYTES, BATCH_BYTES);

    private byte[] take(int bytes) throws InterruptedException {
        return Objects.requireNonNull(memory.take(bytes, System.nanoTime()), "there is room");
    }

    @Test
    void batchesToBeCompressedFindTheMemoryOfEarlierOnesToo() throws InterruptedException {
        for (int times : new int[] {1, 5, 16}) {
            byte[] first = take(times * BATCH_BYTES);
            memory.giveBack(first);
            assertSame(first, take(times * BATCH_BYTES));
            assertNotSame(first, take(times * BATCH_BYTES));
        }
    }

    @Test
    void whatFitsNoOtherBatchIsNotKept() throws InterruptedException {
        for (int bytes : new int[] {1, BATCH_BYTES + 1, 17 * BATCH_BYTES}) {
            memory.giveBack(take(bytes));
            assertEquals(0, memory.idleBytes());
        }
        assertEquals(TOTAL_BYTES, memory.availableBytes());
    }

    @Test
    void withoutASizeOfBatchesNothingIsKept() throws InterruptedException {
        BatchMemory single = new BatchMemory(TOTAL_BYTES, 0);
        single.giveBack(Objects.requireNonNull(single.take(100, System.nanoTime())));
        assertEquals(0, single.idleBytes());
    }

    @Test
    void whatLiesIdleMakesRoomForAnotherSize() throws InterruptedException {
        List<byte[]> small = new ArrayList<>();
        for (int i = 0; i < 64; i++) small.add(take(BATCH_BYTES));
        assertNull(memory.take(1, System.nanoTime()));
        small.forEach(memory::giveBack);
        assertEquals(TOTAL_BYTES, memory.idleBytes());
        take(8 * BATCH_BYTES);
        assertEquals(56L * BATCH_BYTES, memory.idleBytes());
    }

    @Test
    void noArrayIsGivenTwiceAndAllOfThemStayWithinTheWhole() {
        Property.check(random -> {
            BatchMemory tried = new BatchMemory(TOTAL_BYTES, BATCH_BYTES);
            List<byte[]> used = new ArrayList<>();
            long usedBytes = 0;
            for (int i = 0; i < 500; i++) {
                if (used.isEmpty() || random.nextBoolean()) {
                    int bytes = random.nextInt(4) == 0
                            ? 1 + random.nextInt(3 * BATCH_BYTES)
                            : (1 + random.nextInt(16)) * BATCH_BYTES;
                    byte @Nullable [] taken = taken(tried, bytes);
                    assertEquals(usedBytes + bytes <= TOTAL_BYTES, taken != null);
                    if (taken == null) continue;
                    assertEquals(bytes, taken.length);
                    for (byte[] other : used) assertNotSame(other, taken);
                    used.add(taken);
                    usedBytes += bytes;
                } else {
                    byte[] back = used.remove(random.nextInt(used.size()));
                    usedBytes -= back.length;
                    tried.giveBack(back);
                }
                assertEquals(TOTAL_BYTES - usedBytes, tried.availableBytes());
                assertTrue(tried.idleBytes() >= 0 && tried.idleBytes() + usedBytes <= TOTAL_BYTES);
            }
        });
    }

    private static byte @Nullable [] taken(BatchMemory from, int bytes) {
        try {
            return from.take(bytes, System.nanoTime());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
