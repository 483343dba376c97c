package io.millrace.server.storage;

import io.millrace.server.storage.SpaceReserve.State;
import java.util.function.LongConsumer;

/**
 * How much room a log directory has, as of the last look. {@link SpaceWatch} looks, every lane reads, and a lane that the disk
 * itself has refused says so at once.
 */
public final class DirectorySpace {
    private volatile Look now = Look.NONE;
    private volatile Runnable ask = () -> {};
    private volatile Runnable ranOut = () -> {};
    private volatile LongConsumer nearlyFull = roomBytes -> {};

    /**
     * One look.
     *
     * @param usableBytes that could still be written
     * @param totalBytes of the file system; 0 if it does not say
     * @param reserveBytes of which so many are not for records of clients
     */
    public record Look(State state, long usableBytes, long totalBytes, long reserveBytes) {
        static final Look NONE = new Look(State.OPEN, Long.MAX_VALUE, 0, 0);

        /** Bytes free ahead of the reserve, or of half of it where only coordinators' records are taken; 0 or more. */
        long roomBytes() {
            return Math.max(0, usableBytes - (state == State.OPEN ? reserveBytes : reserveBytes / 2));
        }

        Look as(State other) {
            return new Look(other, usableBytes, totalBytes, reserveBytes);
        }

        /** The numbers, for logs and answers. */
        public String text() {
            return usableBytes + " bytes of " + totalBytes + " are free, and " + reserveBytes + " are kept in reserve";
        }
    }

    /** The last look. */
    public Look now() {
        return now;
    }

    /** Whether clients' records are taken. */
    public boolean isOpen() {
        return now.state() == State.OPEN;
    }

    /** The disk had no byte left: no records are taken until a look says otherwise. Any thread may call. */
    public void ranOut() {
        Look last = now;
        if (last.state() != State.EXHAUSTED) now = last.as(State.EXHAUSTED);
        ranOut.run();
    }

    /** Has somebody look soon: much has been written since the last look. Any thread may call. */
    void ask() {
        ask.run();
    }

    /** There has to be so much room ahead of the reserve, and was not, for a batch of some lane. Any thread may call. */
    void nearlyFull(long roomBytes) {
        nearlyFull.accept(roomBytes);
    }

    /** Somebody has looked. */
    void say(Look look) {
        now = look;
    }

    /** Who looks; said once, before the lanes work. */
    void watchedBy(Runnable onAsk, Runnable onRanOut, LongConsumer onNearlyFull) {
        ask = onAsk;
        ranOut = onRanOut;
        nearlyFull = onNearlyFull;
    }
}
