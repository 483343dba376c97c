package io.millrace.connection.run;

import io.millrace.protocol.Response;

/** What became of a client's request. */
public sealed interface Answer {
    /**
     * The server answered.
     *
     * @param response its records share a buffer that is valid only during the call that hands it over, unless it is taken over
     *     ({@link ClientConversation#takeAnswerBuffer})
     * @param version the version that was spoken
     */
    record Answered(Response response, short version) implements Answer {}

    /**
     * There will be no answer. Unless the reason is {@link Reason#UNSUPPORTED_VERSION} or {@link Reason#TOO_MANY}, the
     * server may or may not have acted on the request.
     *
     * @param sentence what happened, naming the server
     */
    record Failed(Reason reason, String sentence) implements Answer {}

    /** Why there is no answer. */
    enum Reason {
        /** The connection broke, or could not be made. */
        CONNECTION_LOST,
        /** It did not come in time; the connection has been closed. */
        TIMED_OUT,
        /** Client and server have no version of this API in common that can say the request. It was not sent. */
        UNSUPPORTED_VERSION,
        /** Too many requests were in flight. It was not sent. */
        TOO_MANY,
        /** The server sent something that is not an answer. */
        MALFORMED,
        /** The conversation was closed by its owner. */
        CLOSED_HERE
    }
}
