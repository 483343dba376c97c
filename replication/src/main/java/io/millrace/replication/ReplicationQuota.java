package io.millrace.replication;

import java.util.ArrayList;
import java.util.List;

/**
 * How fast bytes went in the last windows, and so whether more may go without exceeding a rate (KIP-73). The rate is what went in them over the time
 * since the oldest of them began, and over one window at least: whoever was idle saves nothing up. As in Kafka it is looked at before bytes go, not
 * after, so that one answer may exceed it, and those after it wait for longer.
 *
 * <p>Immutable, so that lanes can share one without a lock.
 */
public final class ReplicationQuota {
    /** Beyond it nothing is remembered, whatever the properties say. */
    private static final long MOST_SPAN_MS = 24 * 3_600_000L;

    /**
     * What went in one window.
     *
     * @param startMs when the first bytes went
     * @param lastMs  when the last did
     */
    private record Window(long startMs, long lastMs, long bytes) {}

    private final long windowMs;
    private final long spanMs;
    private final List<Window> windows;

    private ReplicationQuota(long windowMs, long spanMs, List<Window> windows) {
        this.windowMs = windowMs;
        this.spanMs = spanMs;
        this.windows = windows;
    }

    /**
     * Nothing has gone yet.
     *
     * @param windowCount how many windows count ({@code replication.quota.window.num}), at least 1; no more than a day's
     * @param windowMs    how long each is ({@code replication.quota.window.size.seconds}), at least 1
     */
    public static ReplicationQuota of(int windowCount, long windowMs) {
        if (windowCount < 1 || windowMs < 1)
            throw new IllegalArgumentException(windowCount + " windows of " + windowMs + " ms");
        double spanMs = Math.min(MOST_SPAN_MS, (double) windowCount * windowMs);
        return new ReplicationQuota(Math.min(windowMs, MOST_SPAN_MS), (long) spanMs, List.of());
    }

    /** How long a window is. */
    public long windowMs() {
        return windowMs;
    }

    /**
     * Bytes went.
     *
     * @param bytes how many, from 0
     * @param nowMs monotonic time, as everywhere here; no earlier than the last time
     */
    public ReplicationQuota spent(long bytes, long nowMs) {
        if (bytes <= 0) return this;
        List<Window> kept = new ArrayList<>(kept(nowMs));
        Window newest = kept.isEmpty() ? null : kept.getLast();
        if (newest == null || nowMs - newest.startMs() >= windowMs) kept.add(new Window(nowMs, nowMs, bytes));
        else kept.set(kept.size() - 1, new Window(newest.startMs(), nowMs, newest.bytes() + bytes));
        return new ReplicationQuota(windowMs, spanMs, List.copyOf(kept));
    }

    private List<Window> kept(long nowMs) {
        int gone = 0;
        while (gone < windows.size() && endMs(windows.get(gone)) <= nowMs) gone++;
        return windows.subList(gone, windows.size());
    }

    /** From when on a window counts no more. */
    private long endMs(Window window) {
        return window.lastMs() + spanMs;
    }

    /** The rate by now. */
    public double bytesPerSecond(long nowMs) {
        List<Window> kept = kept(nowMs);
        return kept.isEmpty()
                ? 0
                : bytesIn(kept) * 1000.0 / Math.max(nowMs - kept.getFirst().startMs(), windowMs);
    }

    private static long bytesIn(List<Window> windows) {
        long bytes = 0;
        for (Window window : windows) bytes += window.bytes();
        return bytes;
    }

    /**
     * From when on the rate does not exceed {@code limit}, if nothing goes until then; {@code nowMs} if it does not now. Not long after, it may do so
     * again, as windows end.
     *
     * @param limit in bytes per second, from 0
     */
    public long openFromMs(long limit, long nowMs) {
        long atMs = nowMs;
        List<Window> kept = kept(nowMs);
        long bytes = bytesIn(kept);
        for (Window oldest : kept) {
            double neededMs = bytes * 1000.0 / limit;
            if (neededMs <= windowMs) return atMs;
            double openMs = Math.max((double) atMs, Math.ceil(oldest.startMs() + neededMs));
            if (openMs < endMs(oldest)) return (long) openMs;
            atMs = Math.max(atMs, endMs(oldest));
            bytes -= oldest.bytes();
        }
        return atMs;
    }
}
