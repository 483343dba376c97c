package io.millrace.replication;

/**
 * Sees to it that a copy of a replica that goes on growing comes to an end. The copy is made in rounds: what it lacks when a round begins
 * is what the round copies. If less than half as much was appended meanwhile, the next round is at most half as long, and so on until
 * little is left. If not, the round is lost: the rate limit of the copy is raised above what the writers do, and after {@link #MAX_LOST}
 * such rounds each append has to bring the copy forward by {@link #OWED_PER_BYTE} times its own size, so that the copy gains on any writer.
 *
 * <p>So there are at most {@code MAX_LOST} rounds that do not halve what is left, and after the last of them as many bytes as were left
 * are the most that can be appended before the copy has everything.
 */
public final class CopyRounds {
    /** So many rounds may be lost before appends have to help. */
    public static final int MAX_LOST = 3;

    /** Bytes that are copied for each byte appended, once appends have to help. */
    public static final int OWED_PER_BYTE = 2;

    /** The raised rate, as a multiple of the writers': more than 2, so that a round at that rate halves what is left. */
    private static final double RAISE = 3;

    private long leftBytes;
    private long roundBytes;
    private long beganAtMs;
    private boolean isUnderWay;
    private int lost;
    private long raisedBytesPerSecond;

    /** Bytes have been copied. */
    public void copied(long bytes) {
        leftBytes -= bytes;
    }

    /**
     * Ends the round without judging it: something else than copying has taken the time.
     */
    public void interrupted() {
        isUnderWay = false;
    }

    /**
     * Judges the round if it is over, and begins the next one.
     *
     * @param lagBytes what the copy lacks
     * @param nowMs monotonic time
     */
    public void stand(long lagBytes, long nowMs) {
        if (isUnderWay && leftBytes > 0) return;
        if (isUnderWay && lagBytes > roundBytes / 2) {
            lost++;
            double appendedPerMs = (double) lagBytes / Math.max(1, nowMs - beganAtMs);
            raisedBytesPerSecond = Math.max(raisedBytesPerSecond, (long) (appendedPerMs * 1000 * RAISE));
        }
        isUnderWay = true;
        roundBytes = lagBytes;
        leftBytes = lagBytes;
        beganAtMs = nowMs;
    }

    /** How many rounds have been lost, from 0. */
    public int lost() {
        return lost;
    }

    /** Whether appends have to help by now. */
    public boolean isOutrun() {
        return lost >= MAX_LOST;
    }

    /**
     * The rate at which to copy.
     *
     * @param bytesPerSecond the limit as configured
     */
    public long rate(long bytesPerSecond) {
        return Math.max(bytesPerSecond, raisedBytesPerSecond);
    }
}
