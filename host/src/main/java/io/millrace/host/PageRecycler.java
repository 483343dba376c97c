package io.millrace.host;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Bounds what of large files stays in the page cache, where new pages are dear. Files are looked at in windows. One that has
 * been written is sent to the disk at once, so that its pages can be given back later without waiting. As soon as
 * {@link PageThrift} says that new pages are dear, each window written has the oldest given back, by whichever file, so that
 * the next writes get pages that were in use a moment ago. What readers bring back from the disk is kept apart, up to a
 * quarter of the machine's memory, as others may want to read it too; so they never push out what was written last.
 *
 * <p>Where new pages are cheap nothing is given back, and where the calls are missing nothing is done. It is advice, and
 * changes neither content nor durability. Told on any thread; at work on one helper at a time, never on a lane.
 */
final class PageRecycler implements CacheNumbers {
    /** Bytes of a window: a power of two. */
    static final int WINDOW_BYTES = 4 << 20;

    private static final int WINDOW_SHIFT = Integer.numberOfTrailingZeros(WINDOW_BYTES);

    /** Most news that wait for a helper; what comes beyond is not heeded. */
    private static final int MAX_WAITING = 4_096;

    /** What readers bring back from the disk may take up one part in so many of the machine's memory. */
    private static final int READERS_SHARE_OF_MEMORY = 4;

    private static final System.Logger LOG = System.getLogger(PageRecycler.class.getName());

    /** Most windows written that are remembered: 256 GB. */
    private static final int MAX_REMEMBERED = 65_536;

    private final int leastWritten;
    private final Consumer<Runnable> helpers;
    private final Supplier<Optional<PageCacheCalls>> findCalls;

    private final Queue<Runnable> news = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicBoolean isAtWork = new AtomicBoolean();

    // Touched by the helper at work only; `isAtWork` hands them on from one to the next.
    private final PageThrift thrift;
    private final LinkedHashMap<Window, Boolean> written = new LinkedHashMap<>();
    private final LinkedHashMap<Window, Boolean> read = new LinkedHashMap<>(16, 0.75f, true);
    private int maxRead = Integer.MAX_VALUE;
    private @Nullable PageCacheCalls calls;
    private boolean isUnavailable;

    private volatile boolean isThrifty;
    private final AtomicLong droppedBytes = new AtomicLong();

    private record Window(Path file, long index) {
        long from() {
            return index << WINDOW_SHIFT;
        }
    }

    /**
     * Makes one; it does nothing before it is told something.
     *
     * @param keptBytes how much of what was written last stays in the page cache at least
     * @param helpers   runs work that blocks
     * @param findCalls asked once, when the first window has been written
     */
    PageRecycler(long keptBytes, Consumer<Runnable> helpers, Supplier<Optional<PageCacheCalls>> findCalls) {
        this.leastWritten = Math.clamp(keptBytes >> WINDOW_SHIFT, 2, MAX_REMEMBERED);
        this.thrift = new PageThrift(leastWritten);
        this.helpers = helpers;
        this.findCalls = findCalls;
    }

    /** The window that holds a byte. */
    static long windowOf(long position) {
        return position >> WINDOW_SHIFT;
    }

    /**
     * A window has been written to its end.
     *
     * @param isDear whether many of its writes took as long as new pages take
     */
    void written(Path file, long window, boolean isDear) {
        tell(() -> keep(new Window(file, window), isDear));
    }

    /** A reader has come to a window. */
    void read(Path file, long window) {
        if (isThrifty) tell(() -> visit(new Window(file, window)));
    }

    private void tell(Runnable item) {
        if (waiting.get() >= MAX_WAITING) return;
        waiting.incrementAndGet();
        news.add(item);
        if (!isAtWork.compareAndSet(false, true)) return;
        try {
            helpers.accept(this::work);
        } catch (RejectedExecutionException refused) {
            isAtWork.set(false);
            LOG.log(Level.DEBUG, "the page cache is left alone for now: {0}", refused.getMessage());
        }
    }

    private void work() {
        do {
            for (Runnable item = news.poll(); item != null; item = news.poll()) {
                waiting.decrementAndGet();
                item.run();
            }
            isAtWork.set(false);
        } while (!news.isEmpty() && isAtWork.compareAndSet(false, true));
    }

    private void keep(Window window, boolean isDear) {
        if (calls == null && !isUnavailable) begin();
        if (isUnavailable) return;
        written.remove(window);
        read.remove(window);
        written.put(window, true);
        advise(window, Advice.WRITE_OUT);
        thrift.written(isDear, written.size());
        if (thrift.isBound() && !isThrifty) {
            isThrifty = !isUnavailable;
            LOG.log(Level.DEBUG, "new pages are dear here: from now on those in use are recycled");
        }
        shrink(written, Math.min(MAX_REMEMBERED, thrift.maxWindows()), isThrifty);
    }

    private void begin() {
        calls = findCalls.get().orElse(null);
        isUnavailable = calls == null;
        if (calls != null) boundReaders(calls);
        else LOG.log(Level.INFO, "this system has no calls to advise it on its page cache, which is left to itself");
    }

    private void boundReaders(PageCacheCalls kernel) {
        try {
            maxRead = Math.clamp(
                    (kernel.memoryBytes() / READERS_SHARE_OF_MEMORY) >> WINDOW_SHIFT, leastWritten, Integer.MAX_VALUE);
        } catch (IOException e) {
            maxRead = leastWritten;
            LOG.log(
                    Level.WARNING,
                    "how much memory there is cannot be told, so that readers from disk have no more of it than writers: "
                            + e.getMessage());
        }
    }

    private void visit(Window window) {
        if (!isThrifty || written.containsKey(window)) return;
        read.put(window, true);
        shrink(read, maxRead, true);
    }

    private void shrink(Map<Window, Boolean> windows, int most, boolean drops) {
        if (windows.size() <= most) return;
        List<Window> surplus = new ArrayList<>();
        Iterator<Window> oldest = windows.keySet().iterator();
        while (windows.size() > most) {
            surplus.add(oldest.next());
            oldest.remove();
        }
        if (drops) for (Window window : surplus) advise(window, Advice.DROP);
    }

    private enum Advice {
        WRITE_OUT,
        DROP
    }

    private void advise(Window window, Advice advice) {
        PageCacheCalls kernel = calls;
        if (kernel == null) return;
        try {
            switch (advice) {
                case WRITE_OUT -> kernel.writeOut(window.file(), window.from(), WINDOW_BYTES);
                case DROP -> {
                    kernel.drop(window.file(), window.from(), WINDOW_BYTES);
                    droppedBytes.addAndGet(WINDOW_BYTES);
                }
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "pages are recycled no more: " + e.getMessage());
            calls = null;
            isUnavailable = true;
            isThrifty = false;
            written.clear();
            read.clear();
        }
    }

    @Override
    public boolean isThrifty() {
        return isThrifty;
    }

    @Override
    public long droppedBytes() {
        return droppedBytes.get();
    }
}
