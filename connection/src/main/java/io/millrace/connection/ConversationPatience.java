package io.millrace.connection;

import java.util.Optional;

/**
 * How long a server waits for one peer: for its next request, for the rest of a frame, for it to take replies, for it to
 * say who it is. Told of what happens, it says when to look again and whether patience has ended.
 */
public final class ConversationPatience {
    /** Bytes of a frame that buy another second: a peer slower than this is not worth its buffer. */
    private static final int FRAME_BYTES_PER_SECOND = 16 * 1024;

    private static final long NOT_IN_FRAME = Long.MIN_VALUE;

    private final ConversationLimits limits;
    private final long beganAtMs;
    private boolean isAuthenticated;
    private boolean isBusy;
    private long lastActiveAtMs;
    private long frameNumber;
    private long frameBeganAtMs = NOT_IN_FRAME;
    private int frameBytes;
    private long replyBytesWaiting;
    private long replyProgressAtMs;

    /** Begins to wait. */
    public ConversationPatience(ConversationLimits limits, boolean isAuthenticated, long nowMs) {
        this.limits = limits;
        this.isAuthenticated = isAuthenticated;
        this.beganAtMs = nowMs;
        this.lastActiveAtMs = nowMs;
    }

    /** The peer has said who it is. */
    public void authenticated() {
        isAuthenticated = true;
    }

    /** Bytes have come, and no frame is left in part. */
    public void readWholeFrames(long nowMs) {
        lastActiveAtMs = nowMs;
        frameBeganAtMs = NOT_IN_FRAME;
    }

    /**
     * Bytes have come, and a frame is left in part.
     *
     * @param number tells frames apart
     * @param sizeBytes its length, 0 if not even that is known
     */
    public void readPartOfFrame(long number, int sizeBytes, long nowMs) {
        lastActiveAtMs = nowMs;
        if (frameBeganAtMs == NOT_IN_FRAME || number != frameNumber) frameBeganAtMs = nowMs;
        frameNumber = number;
        frameBytes = sizeBytes;
    }

    /** Reading was paused or taken up again by us: a frame in part begins its time anew. */
    public void pausedOrResumed(long nowMs) {
        lastActiveAtMs = nowMs;
        if (frameBeganAtMs != NOT_IN_FRAME) frameBeganAtMs = nowMs;
    }

    /**
     * Replies were handed to the socket, or could not be.
     *
     * @param waitingBytes what is left
     * @param progressed whether anything was taken
     */
    public void wrote(long waitingBytes, boolean progressed, long nowMs) {
        if (progressed || replyBytesWaiting == 0) replyProgressAtMs = nowMs;
        if (progressed) lastActiveAtMs = nowMs;
        replyBytesWaiting = waitingBytes;
    }

    /** Whether requests of this peer are being worked on, or reading is paused: then its silence is ours. */
    public void busy(boolean busy) {
        isBusy = busy;
    }

    /** When to look again, in the time of {@code nowMs}; never later than that plus the idle limit. */
    public long lookAgainAtMs(long nowMs) {
        long at = isBusy ? nowMs + limits.idleMs() : Math.min(idleAtMs(), halfFrameAtMs());
        at = Math.min(at, Math.min(slowReaderAtMs(), notAuthenticatedAtMs()));
        return Math.min(at, nowMs + limits.idleMs());
    }

    /** Why the connection should be closed now, if so. */
    public Optional<CloseReason> endedBy(long nowMs) {
        if (nowMs >= notAuthenticatedAtMs()) {
            return reason(
                    CloseReason.Kind.NOT_AUTHENTICATED,
                    "did not authenticate within " + limits.authenticationMs() + " ms");
        }
        if (nowMs >= slowReaderAtMs()) {
            return reason(
                    CloseReason.Kind.SLOW_READER,
                    "took nothing of " + replyBytesWaiting + " bytes of replies for " + limits.slowReaderMs() + " ms");
        }
        if (isBusy) return Optional.empty();
        if (nowMs >= halfFrameAtMs()) {
            return reason(
                    CloseReason.Kind.HALF_FRAME,
                    "did not finish a frame " + (frameBytes == 0 ? "" : "of " + frameBytes + " bytes ") + "within "
                            + (nowMs - frameBeganAtMs) + " ms");
        }
        if (nowMs >= idleAtMs()) {
            return reason(CloseReason.Kind.IDLE, "sent nothing for " + (nowMs - lastActiveAtMs) + " ms");
        }
        return Optional.empty();
    }

    private static Optional<CloseReason> reason(CloseReason.Kind kind, String sentence) {
        return Optional.of(new CloseReason(kind, sentence));
    }

    private long idleAtMs() {
        return replyBytesWaiting > 0 ? Long.MAX_VALUE : lastActiveAtMs + limits.idleMs();
    }

    private long halfFrameAtMs() {
        if (frameBeganAtMs == NOT_IN_FRAME) return Long.MAX_VALUE;
        return frameBeganAtMs + limits.halfFrameMs() + 1000L * (frameBytes / FRAME_BYTES_PER_SECOND);
    }

    private long slowReaderAtMs() {
        return replyBytesWaiting == 0 ? Long.MAX_VALUE : replyProgressAtMs + limits.slowReaderMs();
    }

    private long notAuthenticatedAtMs() {
        return isAuthenticated ? Long.MAX_VALUE : beganAtMs + limits.authenticationMs();
    }
}
