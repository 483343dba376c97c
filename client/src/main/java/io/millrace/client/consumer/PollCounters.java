package io.millrace.client.consumer;

import java.util.concurrent.TimeUnit;

/** How an application polls, and how many records that gave it. Its thread's. */
final class PollCounters {
    private long polls;
    private long records;
    private long beganAtNanos;
    private long endedAtNanos;
    private long betweenNanosSum;
    private long betweenNanosMax;
    private long insideNanosSum;
    private long outsideNanosSum;

    void begin(long nowNanos) {
        if (polls > 0) {
            long between = nowNanos - beganAtNanos;
            betweenNanosSum += between;
            betweenNanosMax = Math.max(betweenNanosMax, between);
            outsideNanosSum += nowNanos - endedAtNanos;
        }
        polls++;
        beganAtNanos = nowNanos;
    }

    void end(long nowNanos, long taken) {
        insideNanosSum += nowNanos - beganAtNanos;
        endedAtNanos = nowNanos;
        records += taken;
    }

    /** How many records polls have given. */
    long records() {
        return records;
    }

    /** From the beginning of a poll to that of the next, on average, in milliseconds; 0 before the second. */
    double betweenMsAvg() {
        return polls < 2 ? 0 : ms(betweenNanosSum) / (polls - 1);
    }

    /** The longest from the beginning of a poll to that of the next, in milliseconds. */
    double betweenMsMax() {
        return ms(betweenNanosMax);
    }

    /** The share of its time that the application has spent in polls rather than between them, in [0, 1]. */
    double insideRatio() {
        long all = insideNanosSum + outsideNanosSum;
        return all == 0 ? 0 : (double) insideNanosSum / all;
    }

    /** Since the last poll began, in whole seconds; -1 if there was none. */
    long sinceSeconds(long nowNanos) {
        return polls == 0 ? -1 : TimeUnit.NANOSECONDS.toSeconds(nowNanos - beganAtNanos);
    }

    private static double ms(long nanos) {
        return nanos / 1e6;
    }
}
