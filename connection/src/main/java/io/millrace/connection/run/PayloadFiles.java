package io.millrace.connection.run;

import io.millrace.protocol.RecordsPayload;

/** Tells where in which file the records of a response lie. What knows logs implements it, as this room does not. */
@FunctionalInterface
public interface PayloadFiles {
    /** For conversations whose messages hold records in memory only. */
    PayloadFiles NONE = payload -> {
        throw new IllegalArgumentException(payload.getClass().getName() + " is not in memory");
    };

    /**
     * Where the bytes of a payload are that is not a {@link RecordsPayload.Buffer}.
     *
     * @throws IllegalArgumentException if it is nothing that could be sent
     */
    FileRange rangeOf(RecordsPayload payload);
}
