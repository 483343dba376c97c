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

    /**
     * What is learnt, for whom a refusal is a failure.
     *
     * @throws ClientFailure.Refused if it was refused
     */
    default T orThrow() {
        return switch (this) {
            case Granted<T>(T value) -> value;
            case Refused<T>(ErrorCode error, String message) -> throw new ClientFailure.Refused(error, message);
        };
    }

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

    /** The error's name, and the node's words or the error's meaning; a sentence that this has made before stays as it is. */
    static String sentence(ErrorCode error, @Nullable String message) {
        if (message != null && message.endsWith("(" + error + ")")) return message;
        return (message == null || message.isBlank() ? error.message() : message) + " (" + error + ")";
    }
}
