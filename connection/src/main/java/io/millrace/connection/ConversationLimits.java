package io.millrace.connection;

/**
 * What one peer of a listener may ask for. Durations are in milliseconds.
 *
 * @param maxFrameBytes longest request, {@code socket.request.max.bytes}
 * @param maxFrameBytesBeforeAuthentication longest request of a peer that has not said who it is
 * @param maxRequestsInFlight requests taken in and not answered, before reading pauses
 * @param maxRequestBytesInFlight their bytes, before reading pauses; one request may exceed it
 * @param maxReplyBytesWaiting replies that the peer has not taken, in bytes, before reading pauses
 * @param idleMs silence after which the connection is closed, {@code connections.max.idle.ms}
 * @param halfFrameMs how long a frame may take to come in; longer ones get a second more for each 16 KiB
 * @param slowReaderMs how long the peer may take none of the replies that wait
 * @param authenticationMs how long it may take to say who it is
 */
public record ConversationLimits(
        int maxFrameBytes,
        int maxFrameBytesBeforeAuthentication,
        int maxRequestsInFlight,
        long maxRequestBytesInFlight,
        long maxReplyBytesWaiting,
        long idleMs,
        long halfFrameMs,
        long slowReaderMs,
        long authenticationMs) {
    /** What a server has unless its properties say otherwise. */
    public static final ConversationLimits DEFAULT = new ConversationLimits(
            100 * 1024 * 1024, 64 * 1024, 64, 32L * 1024 * 1024, 1024 * 1024, 600_000, 30_000, 120_000, 10_000);

    /** Checks that all are positive. */
    public ConversationLimits {
        positive("maxFrameBytes", maxFrameBytes);
        positive("maxFrameBytesBeforeAuthentication", maxFrameBytesBeforeAuthentication);
        positive("maxRequestsInFlight", maxRequestsInFlight);
        positive("maxRequestBytesInFlight", maxRequestBytesInFlight);
        positive("maxReplyBytesWaiting", maxReplyBytesWaiting);
        positive("idleMs", idleMs);
        positive("halfFrameMs", halfFrameMs);
        positive("slowReaderMs", slowReaderMs);
        positive("authenticationMs", authenticationMs);
    }

    /** The same with another longest request. */
    public ConversationLimits withMaxFrameBytes(int bytes) {
        return new ConversationLimits(
                bytes,
                Math.min(bytes, maxFrameBytesBeforeAuthentication),
                maxRequestsInFlight,
                maxRequestBytesInFlight,
                maxReplyBytesWaiting,
                idleMs,
                halfFrameMs,
                slowReaderMs,
                authenticationMs);
    }

    /** The same with another bound on requests in flight. */
    public ConversationLimits withMaxRequestsInFlight(int requestCount) {
        return new ConversationLimits(
                maxFrameBytes,
                maxFrameBytesBeforeAuthentication,
                requestCount,
                maxRequestBytesInFlight,
                maxReplyBytesWaiting,
                idleMs,
                halfFrameMs,
                slowReaderMs,
                authenticationMs);
    }

    /** The same with another time of silence allowed. */
    public ConversationLimits withIdleMs(long ms) {
        return new ConversationLimits(
                maxFrameBytes,
                maxFrameBytesBeforeAuthentication,
                maxRequestsInFlight,
                maxRequestBytesInFlight,
                maxReplyBytesWaiting,
                ms,
                halfFrameMs,
                slowReaderMs,
                authenticationMs);
    }

    private static void positive(String name, long value) {
        if (value < 1) throw new IllegalArgumentException(name + " is " + value + ", it must be at least 1");
    }
}
