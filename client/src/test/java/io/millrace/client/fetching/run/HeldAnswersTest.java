package io.millrace.client.fetching.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.connection.BufferPool;
import io.millrace.connection.PooledBuffer;
import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HeldAnswersTest {
    private static final long MOST_BYTES = 1 << 20;
    private static final int BUFFER_BYTES = 1 << 16;

    private final BufferPool pool = BufferPool.poisoning(0, 8 << 20);
    private final HeldAnswers answers = new HeldAnswers(pool, MOST_BYTES);

    private static ByteBuffer records(byte content, int bytes) {
        ByteBuffer records = ByteBuffer.allocateDirect(bytes);
        for (int i = 0; i < bytes; i++) records.put(i, content);
        return records;
    }

    private static boolean begins(ByteBuffer range, PooledBuffer buffer, int at) {
        buffer.bytes().put(at, (byte) ~range.get(0));
        return range.get(0) == buffer.bytes().get(at);
    }

    @Test
    void aLargeAnswerStaysWhereItCameUntilTheLastOfItsRangesIsGivenBack() {
        PooledBuffer buffer = pool.lend(BUFFER_BYTES);
        answers.begin(buffer, BUFFER_BYTES);
        ByteBuffer first = answers.keep(buffer.bytes().slice(0, 100), 50);
        ByteBuffer second = answers.keep(buffer.bytes().slice(100, 100), 50);
        answers.end();
        assertTrue(begins(first, buffer, 0));
        assertEquals(50, first.limit());
        assertEquals(BUFFER_BYTES, answers.heldBytes());
        answers.giveBack(second);
        assertEquals(BUFFER_BYTES, pool.lentBytes());
        answers.giveBack(first);
        assertEquals(0, pool.lentBytes());
        assertEquals(0, answers.heldBytes());
    }

    @Test
    void theRangesOfASmallAnswerAreCopiedIntoOneBuffer() {
        answers.begin(null, 300);
        ByteBuffer first = answers.keep(records((byte) 1, 200), 150);
        ByteBuffer second = answers.keep(records((byte) 1, 150), 150); // Equal to the first, and another range.
        answers.end();
        assertEquals(first, second);
        assertEquals(4_096, pool.lentBytes());
        answers.giveBack(first);
        assertEquals(records((byte) 1, 150), second);
        answers.giveBack(second);
        assertEquals(0, pool.lentBytes());
    }

    @Test
    void anAnswerOfWhichNothingIsKeptGoesBackAtOnce() {
        answers.begin(pool.lend(BUFFER_BYTES), BUFFER_BYTES);
        answers.end();
        answers.begin(null, 300);
        answers.end();
        answers.begin(null, 0);
        answers.end();
        assertEquals(0, pool.lentBytes());
        assertEquals(0, answers.heldBytes());
    }

    @Test
    void rangesThatAreGivenBackAtOnceDoNotTakeTheRestOfTheirAnswerWithThem() {
        PooledBuffer buffer = pool.lend(BUFFER_BYTES);
        answers.begin(buffer, BUFFER_BYTES);
        answers.giveBack(answers.keep(buffer.bytes().slice(0, 100), 100));
        ByteBuffer later = answers.keep(buffer.bytes().slice(100, 100), 100);
        answers.end();
        assertTrue(begins(later, buffer, 100));
        answers.giveBack(later);
        assertEquals(0, pool.lentBytes());
    }

    @Test
    void anAnswerWithFewRecordsIsNotHeldUpByThem() {
        PooledBuffer buffer = pool.lend(BUFFER_BYTES);
        answers.begin(buffer, 1_000);
        ByteBuffer range = answers.keep(buffer.bytes().slice(0, 1_000).put(0, (byte) 7), 1_000);
        answers.end();
        assertEquals(7, range.get(0));
        assertEquals(4_096, pool.lentBytes());
        answers.giveBack(range);
        assertEquals(0, pool.lentBytes());
    }

    @Test
    void whatIsNotHeldIsNotTakenBack() {
        assertThrows(IllegalStateException.class, () -> answers.giveBack(ByteBuffer.allocate(1)));
        answers.begin(null, 300);
        ByteBuffer range = answers.keep(records((byte) 1, 200), 150);
        answers.end();
        answers.giveBack(range);
        assertThrows(IllegalStateException.class, () -> answers.giveBack(range));
    }

    @Test
    void rangesKeepTheirBytesUntilTheyAreGivenBackAndOneThatIsReadSlowlyHoldsUpABoundedPart() {
        record Kept(ByteBuffer range, byte content) {}
        Property.check(random -> {
            BufferPool from = BufferPool.poisoning(1 << 20, 8 << 20);
            HeldAnswers tried = new HeldAnswers(from, MOST_BYTES);
            List<Kept> kept = new ArrayList<>();
            long keptBytes = 0;
            for (int i = 0; i < 200; i++) {
                if (kept.isEmpty() || random.nextInt(3) == 0) {
                    @Nullable PooledBuffer buffer = random.nextBoolean() ? from.lend(4_096 << random.nextInt(7)) : null;
                    int answerBytes = buffer == null ? 4 * (1 + random.nextInt(5_000)) : buffer.capacityBytes();
                    int partBytes = answerBytes / 4;
                    tried.begin(buffer, answerBytes);
                    for (int at = 0; at < answerBytes; at += partBytes) {
                        byte content = (byte) random.nextInt(100);
                        ByteBuffer records = records(content, partBytes);
                        if (buffer != null)
                            records = buffer.bytes().slice(at, partBytes).put(0, records, 0, partBytes);
                        if (random.nextInt(4) == 0) continue;
                        kept.add(new Kept(tried.keep(records, partBytes), content));
                        keptBytes += partBytes;
                    }
                    tried.end();
                } else {
                    Kept read = kept.remove(random.nextInt(kept.size()));
                    for (int j = 0; j < read.range.limit(); j += 100) assertEquals(read.content, read.range.get(j));
                    keptBytes -= read.range.limit();
                    tried.giveBack(read.range);
                }
                assertEquals(tried.heldBytes(), from.lentBytes());
                // Copies take twice their bytes at most, or the smallest buffer.
                assertTrue(tried.heldBytes() <= MOST_BYTES + 2 * keptBytes + 4_096L * kept.size());
            }
            for (Kept each : kept) tried.giveBack(each.range);
            assertEquals(0, from.lentBytes());
        });
    }
}
