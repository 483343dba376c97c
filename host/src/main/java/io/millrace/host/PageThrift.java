package io.millrace.host;

/**
 * Decides how many windows of what was written stay in the page cache. Fed with one verdict per window written: whether its
 * pages were dear.
 *
 * <p>Taking a page that the machine has to find first (memory that a hypervisor backs when it is touched, a full control
 * group) costs many times what a page costs that was in use a moment ago. There is no bound while pages are cheap. When some
 * windows were dear, the cache stops to grow: from then on each window written has the oldest given back, whose pages it can
 * have. Stay windows dear all the same, the bound falls by a quarter, down to the least allowed.
 */
final class PageThrift {
    /** How many more dear windows than cheap ones it takes until the cache stops to grow. */
    static final int PATIENCE = 4;

    /** How many more it takes, once the cache has stopped to grow, until the bound falls. */
    static final int PATIENCE_WHEN_BOUND = 64;

    private final int leastWindows;
    private int maxWindows = Integer.MAX_VALUE;
    private int dearWindows;

    PageThrift(int leastWindows) {
        this.leastWindows = leastWindows;
    }

    /**
     * Counts a window.
     *
     * @param isDear whether many of its writes took the time that new pages take
     * @param keptWindows windows in the cache, this one included
     */
    void written(boolean isDear, int keptWindows) {
        dearWindows = Math.max(0, dearWindows + (isDear ? 1 : -1));
        if (dearWindows < (isBound() ? PATIENCE_WHEN_BOUND : PATIENCE)) return;
        dearWindows = 0;
        maxWindows = Math.max(leastWindows, isBound() ? maxWindows - maxWindows / 4 : keptWindows);
    }

    /** Whether new pages were found to be dear. */
    boolean isBound() {
        return maxWindows != Integer.MAX_VALUE;
    }

    /** Most windows to keep. */
    int maxWindows() {
        return maxWindows;
    }
}
