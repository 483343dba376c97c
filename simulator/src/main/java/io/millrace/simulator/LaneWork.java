package io.millrace.simulator;

/**
 * What one lane has done so far.
 *
 * @param turns    tasks that ran on it, of its connections, timers and other lanes
 * @param messages those of them that another lane handed over
 */
public record LaneWork(long turns, long messages) {
    /** What was done since an earlier moment. */
    public LaneWork since(LaneWork earlier) {
        return new LaneWork(turns - earlier.turns, messages - earlier.messages);
    }
}
