package io.millrace.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class PageRecyclerTest {
    private static final Path LOG = Path.of("topic-0", "00000000000000000000.log");
    private static final int KEPT_WINDOWS = 8;
    private static final int READ_WINDOWS = 32;

    private final List<String> advice = new ArrayList<>();
    private boolean isBroken;
    private long memoryBytes = 4L * READ_WINDOWS * PageRecycler.WINDOW_BYTES;
    private final PageRecycler recycler = recycler(Optional.of(new Calls()));

    private PageRecycler recycler(Optional<PageCacheCalls> calls) {
        return new PageRecycler((long) KEPT_WINDOWS * PageRecycler.WINDOW_BYTES, Runnable::run, () -> calls);
    }

    private final class Calls implements PageCacheCalls {
        @Override
        public void writeOut(Path file, long from, long byteCount) throws IOException {
            note("out", from);
        }

        @Override
        public void drop(Path file, long from, long byteCount) throws IOException {
            note("drop", from);
        }

        @Override
        public long memoryBytes() throws IOException {
            if (memoryBytes == 0) throw new IOException("not told");
            return memoryBytes;
        }

        private void note(String what, long from) throws IOException {
            if (isBroken) throw new IOException("refused");
            advice.add(what + " " + from / PageRecycler.WINDOW_BYTES);
        }
    }

    @Test
    void whereNewPagesAreCheapWindowsGoOutAndNothingIsGivenBack() {
        for (int window = 0; window < 1_000; window++) recycler.written(LOG, window, false);
        recycler.read(LOG, 3);
        assertEquals(1_000, advice.size());
        assertTrue(advice.stream().allMatch(it -> it.startsWith("out ")), advice.toString());
        assertFalse(recycler.isThrifty());
    }

    @Test
    void whereTheyAreDearFromTheBeginningWindowsAreGivenBackBehindTheLeastThatIsKept() {
        turnOn();
        assertTrue(recycler.isThrifty());
        for (int window = PageThrift.PATIENCE; window < KEPT_WINDOWS + 2; window++)
            recycler.written(LOG, window, false);
        assertEquals(List.of("out 4", "out 5", "out 6", "out 7", "out 8", "drop 0", "out 9", "drop 1"), advice);
        assertEquals(2L * PageRecycler.WINDOW_BYTES, recycler.droppedBytes());
    }

    @Test
    void whereTheyBecomeDearTheCacheKeepsItsSize() {
        for (int window = 0; window < 100 - PageThrift.PATIENCE; window++) recycler.written(LOG, window, false);
        for (int window = 100 - PageThrift.PATIENCE; window < 100; window++) recycler.written(LOG, window, true);
        advice.clear();
        recycler.written(LOG, 100, false);
        recycler.written(LOG, 101, false);
        assertEquals(List.of("out 100", "drop 0", "out 101", "drop 1"), advice);
    }

    @Test
    void aReaderOfWhatWasWrittenLastChangesNothing() {
        turnOn();
        recycler.read(LOG, 2);
        assertEquals(List.of(), advice);
    }

    @Test
    void whatReadersBroughtBackIsGivenBackBehindAQuarterOfMemoryButNeverWhatWasWrittenLast() {
        turnOn();
        for (int window = 100; window < 100 + READ_WINDOWS + 2; window++) recycler.read(LOG, window);
        assertEquals(List.of("drop 100", "drop 101"), advice);
    }

    @Test
    void whereMemoryIsNotToldReadersHaveAsMuchAsWriters() {
        memoryBytes = 0;
        turnOn();
        for (int window = 100; window < 100 + KEPT_WINDOWS + 1; window++) recycler.read(LOG, window);
        assertEquals(List.of("drop 100"), advice);
    }

    @Test
    void whatIsReadAgainStaysLonger() {
        turnOn();
        for (int window = 100; window < 100 + READ_WINDOWS; window++) recycler.read(LOG, window);
        recycler.read(LOG, 100);
        recycler.read(LOG, 200);
        assertEquals(List.of("drop 101"), advice);
    }

    @Test
    void whereTheCallsAreMissingNothingIsDone() {
        PageRecycler without = recycler(Optional.empty());
        for (int window = 0; window < 100; window++) without.written(LOG, window, true);
        assertFalse(without.isThrifty());
        assertEquals(0, without.droppedBytes());
    }

    @Test
    void aRefusedCallEndsIt() {
        turnOn();
        isBroken = true;
        recycler.written(LOG, 50, false);
        assertFalse(recycler.isThrifty());
        isBroken = false;
        for (int window = 60; window < 100; window++) recycler.written(LOG, window, true);
        assertEquals(List.of(), advice);
    }

    private void turnOn() {
        for (int window = 0; window < PageThrift.PATIENCE; window++) recycler.written(LOG, window, true);
        advice.clear();
    }
}
