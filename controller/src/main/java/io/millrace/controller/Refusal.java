package io.millrace.controller;

import io.millrace.protocol.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * Why something asked for is not done.
 *
 * @param error   {@link ErrorCode#NONE} only where a request's answer lists what was done, too
 * @param message for the client; null where Kafka sends none
 */
record Refusal(ErrorCode error, @Nullable String message) {
    static Refusal invalidRequest(String message) {
        return new Refusal(ErrorCode.INVALID_REQUEST, message);
    }
}
