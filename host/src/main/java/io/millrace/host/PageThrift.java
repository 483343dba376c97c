package io.millrace.host;

/**
 * Decides whether the pages of what was written are to be used again soon, or left to the kernel. Fed with one verdict per
 * window written: whether the pages of that window were dear.
 *
 * <p>Taking a page that the machine has to find first (memory that a hypervisor backs lazily, a full control group) costs
 * many times what a page costs that was in use a moment ago. When several windows on end were dear, pages are recycled.
 * That makes windows cheap, so that what new pages would cost is not seen any more; therefore recycling rests from time to
 * time for a few windows. Are these cheap, it ends; are they dear, it goes on, and the next rest is twice as far away.
 */
final class PageThrift {
    /** Dear windows on end after which pages are recycled. */
    static final int DEAR_WINDOWS = 4;

    /** Windows of a rest. */
    static final int REST_WINDOWS = 16;

    /** The first windows of a rest, which still get pages that recycling gave back before. */
    static final int UNSEEN_WINDOWS = 8;

    /** Windows written until the first rest. */
    static final int FIRST_REST_AFTER = 1_024;

    /** Most windows between two rests. */
    static final int MAX_REST_AFTER = 65_536;

    private boolean isOn;
    private boolean isResting;
    private int dearWindows;
    private int windows;
    private int restAfter = FIRST_REST_AFTER;

    /**
     * Counts a window.
     *
     * @param isDear whether most of its writes took the time that new pages take
     */
    void written(boolean isDear) {
        if (!isOn) watch(isDear);
        else if (isResting) rest(isDear);
        else if (++windows >= restAfter) startRest();
    }

    private void watch(boolean isDear) {
        dearWindows = isDear ? dearWindows + 1 : 0;
        if (dearWindows < DEAR_WINDOWS) return;
        isOn = true;
        windows = 0;
    }

    private void startRest() {
        isResting = true;
        windows = 0;
        dearWindows = 0;
    }

    private void rest(boolean isDear) {
        windows++;
        if (windows > UNSEEN_WINDOWS && isDear) dearWindows++;
        if (windows < REST_WINDOWS) return;
        isResting = false;
        windows = 0;
        restAfter = Math.min(MAX_REST_AFTER, restAfter * 2);
        isOn = dearWindows > (REST_WINDOWS - UNSEEN_WINDOWS) / 4;
        dearWindows = 0;
    }

    /** Whether pages are dear, as far as is known: what is written goes out at once. */
    boolean isOn() {
        return isOn;
    }

    /** Whether pages are given back now; not during a rest. */
    boolean recycles() {
        return isOn && !isResting;
    }
}
