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
    void whereNewPagesAreCheapTheKernelIsLeftAlone() {
        for (int window = 0; window < 1_000; window++) recycler.written(LOG, window, false);
        recycler.read(LOG, 3);
        assertEquals(List.of(), advice);
        assertFalse(recycler.isThrifty());
    }

    @Test
    void whereTheyAreDearWindowsGoOutAtOnceAndAreGivenBackBehindTheBound() {
        int until = PageThrift.DEAR_WINDOWS;
        for (int window = 0; window < until; window++) recycler.written(LOG, window, true);
        assertTrue(recycler.isThrifty());
        assertEquals(List.of("out 0", "out 1", "out 2", "out 3"), advice);
        advice.clear();
        for (int window = until; window < KEPT_WINDOWS + 2; window++) recycler.written(LOG, window, false);
        assertEquals(List.of("out 4", "out 5", "out 6", "out 7", "out 8", "drop 0", "out 9", "drop 1"), advice);
        assertEquals(2L * PageRecycler.WINDOW_BYTES, recycler.droppedBytes());
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
    void aRestLetsTheCacheGrowAndWhatPiledUpIsGivenBackAfterIt() {
        turnOn();
        int window = PageThrift.DEAR_WINDOWS;
        for (int i = 0; i < PageThrift.FIRST_REST_AFTER; i++) recycler.written(LOG, window++, false);
        advice.clear();
        for (int i = 0; i < PageThrift.REST_WINDOWS - 1; i++) recycler.written(LOG, window++, true);
        assertEquals(0, advice.stream().filter(it -> it.startsWith("drop")).count(), advice.toString());
        recycler.written(LOG, window, true);
        assertTrue(
                advice.stream().filter(it -> it.startsWith("drop")).count() >= PageThrift.REST_WINDOWS,
                advice.toString());
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
        for (int window = 0; window < PageThrift.DEAR_WINDOWS; window++) recycler.written(LOG, window, true);
        advice.clear();
    }
}
