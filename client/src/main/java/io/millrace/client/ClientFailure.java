package io.millrace.client;

import io.millrace.protocol.ErrorCode;
import org.jspecify.annotations.Nullable;

/** A call to the cluster came to nothing. The message is one sentence for a person: who was asked, and what is wrong. */
public abstract sealed class ClientFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private ClientFailure(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** The sentence. */
    public String sentence() {
        return String.valueOf(getMessage());
    }

    /** No node could be reached, or none gave an answer in time. */
    public static final class Unreachable extends ClientFailure {
        private static final long serialVersionUID = 1L;

        /** Names the node. */
        public Unreachable(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** A node answered that it will not do the whole request. What it says of one topic or group is an {@link Answer}. */
    public static final class Refused extends ClientFailure {
        private static final long serialVersionUID = 1L;

        private final ErrorCode error;

        /** Gives the node's words, or if it has none, the error's meaning. */
        public Refused(ErrorCode error, @Nullable String message) {
            super(Answer.sentence(error, message), null);
            this.error = error;
        }

        /** The error, never {@link ErrorCode#NONE}. */
        public ErrorCode error() {
            return error;
        }
    }

    /** A node does not know the request, or no version of it that this client speaks. */
    public static final class NotSupported extends ClientFailure {
        private static final long serialVersionUID = 1L;

        /** Names node, request and versions. */
        public NotSupported(String message) {
            super(message, null);
        }
    }
}
