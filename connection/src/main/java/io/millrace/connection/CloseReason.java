package io.millrace.connection;

import org.jspecify.annotations.Nullable;

/**
 * Why a conversation ended.
 *
 * @param kind for counting
 * @param sentence for people: what happened, as a sentence whose subject is the peer, such as "sent half a frame ..."
 * @param cause the exception behind it, if there is one
 */
public record CloseReason(
        Kind kind, String sentence, @Nullable Exception cause) {
    /** A reason without an exception. */
    public CloseReason(Kind kind, String sentence) {
        this(kind, sentence, null);
    }

    /** Reasons by what has to be done about them. */
    public enum Kind {
        /** The peer ended its stream, between frames. */
        ENDED_BY_PEER,
        /** The network or the peer's process broke it, or it never came to be. */
        CONNECTION_LOST,
        /** Our side wanted it closed. */
        CLOSED_HERE,
        /** Nothing happened for {@code connections.max.idle.ms}. */
        IDLE,
        /** A frame was begun and not finished in time. */
        HALF_FRAME,
        /** Replies are waiting and the peer takes none of them. */
        SLOW_READER,
        /** It did not say in time who it is; or, at the client's end, the two do not accept each other: a login, or TLS, was refused. */
        NOT_AUTHENTICATED,
        /** A frame's length is negative or above the limit. */
        FRAME_REFUSED,
        /** A request's header or body is malformed, or asks for an API or version that is not there. */
        REQUEST_REFUSED,
        /** The first bytes belong to another protocol. */
        FOREIGN_PROTOCOL,
        /** A reply could not be written out: a failed disk, or a response that cannot be said in its version. */
        REPLY_FAILED
    }
}
