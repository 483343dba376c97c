package io.millrace.host;

import java.nio.file.Path;

/**
 * Follows the appends to one file, and tells the recycler of each window that has been written to its end, and whether its
 * pages were dear. Belongs to whoever writes the file.
 */
final class WrittenWindow {
    /** Writes shorter than this take a new page too seldom to tell anything. */
    private static final int LEAST_TOLD_BYTES = 4096;

    /** Time that a write may take however short it is. */
    private static final long FREE_NANOS = 2_000;

    /** Above this a write is dear: several times what pages in use cost, and half of what new ones cost where they are dear. */
    private static final long DEAR_NANOS_PER_KB = 1_000;

    /** Above this it has waited for something else: the disk that has fallen behind, or its turn on the CPU. */
    private static final long STALLED_NANOS_PER_KB = 16_000;

    /** A window is dear if one in so many of its writes is. */
    private static final int DEAR_SHARE = 4;

    private final Path file;
    private final PageRecycler recycler;
    private long endBytes = -1;
    private int writes;
    private int dearWrites;

    WrittenWindow(Path file, PageRecycler recycler) {
        this.file = file;
        this.recycler = recycler;
    }

    /** Counts a write that took so long. */
    void written(long position, int byteCount, long nanos) {
        if (byteCount >= LEAST_TOLD_BYTES) count((nanos - FREE_NANOS) / (byteCount >> 10));
        long end = position + byteCount;
        long until = PageRecycler.windowOf(end);
        if (position == endBytes || position == 0)
            for (long window = PageRecycler.windowOf(position); window < until; window++) tell(window);
        endBytes = end;
    }

    private void count(long nanosPerKb) {
        if (nanosPerKb > STALLED_NANOS_PER_KB) return;
        writes++;
        if (nanosPerKb > DEAR_NANOS_PER_KB) dearWrites++;
    }

    /** Hands over what has been written of a window, since no more is to come. */
    void ended() {
        if (endBytes >= PageRecycler.WINDOW_BYTES && endBytes % PageRecycler.WINDOW_BYTES != 0)
            tell(PageRecycler.windowOf(endBytes));
        endBytes = -1;
    }

    private void tell(long window) {
        recycler.written(file, window, dearWrites * DEAR_SHARE > writes);
        writes = 0;
        dearWrites = 0;
    }
}
