package io.millrace.client.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.testkit.Property;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class CommitWatermarkTest {
    @Test
    void itIsBehindTheLastRecordBeforeWhichAllAreFinished() {
        Property.check(random -> {
            CommitWatermark watermark = new CommitWatermark();
            List<Long> added = new ArrayList<>();
            SortedSet<Long> unfinished = new TreeSet<>();
            long offset = random.nextInt(1_000);
            for (int step = 0; step < 300; step++) {
                if (unfinished.isEmpty() || random.chance(0.55)) {
                    offset += random.chance(0.8) ? 1 : 1 + random.nextInt(50);
                    watermark.add(offset, (int) (offset / 7));
                    added.add(offset);
                    unfinished.add(offset);
                } else {
                    long done = random.pick(List.copyOf(unfinished));
                    watermark.finish(done);
                    unfinished.remove(done);
                }
                long firstUnfinished = unfinished.isEmpty() ? Long.MAX_VALUE : unfinished.first();
                List<Long> inARow =
                        added.stream().filter(each -> each < firstUnfinished).toList();
                assertEquals(inARow.isEmpty() ? -1 : inARow.getLast() + 1, watermark.nextOffset());
                assertEquals(inARow.isEmpty() ? -1 : inARow.getLast() / 7, watermark.leaderEpoch());
                assertEquals(added.size() - inARow.size(), watermark.count());
                List<FinishedAhead.Range> ahead = watermark.finishedAhead();
                for (long each : added) {
                    boolean isAhead = each > firstUnfinished && !unfinished.contains(each);
                    assertEquals(
                            isAhead,
                            ahead.stream().anyMatch(range -> range.fromOffset() <= each && each < range.untilOffset()));
                }
            }
        });
    }

    @Test
    void offsetsRiseAndAreFinishedOnce() {
        CommitWatermark watermark = new CommitWatermark();
        watermark.add(5, 0);
        watermark.add(7, 0);
        assertThrows(IllegalArgumentException.class, () -> watermark.add(7, 0));
        assertThrows(IllegalArgumentException.class, () -> watermark.finish(6));
        watermark.finish(7);
        assertThrows(IllegalArgumentException.class, () -> watermark.finish(7));
        watermark.finish(5);
        assertEquals(8, watermark.nextOffset());
        assertThrows(IllegalArgumentException.class, () -> watermark.finish(5));
        assertThrows(IllegalArgumentException.class, () -> watermark.add(7, 0));
    }
}
