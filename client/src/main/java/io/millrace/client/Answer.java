package io.millrace.client;

import io.millrace.protocol.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * What the cluster says of one of several things it was asked about.
 *
 * @param <T> what is learnt when it is not refused
 */
public sealed interface Answer<T> {
    /** Done, or told. */
    record Granted<T>(T value) implements Answer<T> {}

    /**
     * Not done.
     *
     * @param error never {@link ErrorCode#NONE}
     * @param message one sentence, the node's own where it sent one
     */
    record Refused<T>(ErrorCode error, String message) implements Answer<T> {}

    /** The value, if it was not refused and it depends on {@code errorCode} which of the two. */
    static <T> Answer<T> of(short errorCode, @Nullable String message, T value) {
        if (errorCode == ErrorCode.NONE.code()) return new Granted<>(value);
        return refused(errorCode, message);
    }

    /** A refusal with the node's words, or with the error's meaning if it sent none. */
    static <T> Answer<T> refused(short errorCode, @Nullable String message) {
        ErrorCode error = ErrorCode.forCode(errorCode);
        return new Refused<>(error, sentence(error, message));
    }

    /** The error's name, and the node's words or the error's meaning. */
    static String sentence(ErrorCode error, @Nullable String message) {
        return (message == null || message.isBlank() ? error.message() : message) + " (" + error + ")";
    }
}
