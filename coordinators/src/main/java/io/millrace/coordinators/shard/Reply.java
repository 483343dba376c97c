package io.millrace.coordinators.shard;

import io.millrace.protocol.ErrorCode;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Where one request's answer goes. Used exactly once, on the shard's lane: either {@link #send} or {@link #refuse}. To
 * machines it is an opaque value that they keep until its answer is known.
 */
public interface Reply<T> {
    /** Hands the answer over. */
    void send(T response);

    /**
     * Hands over an answer that says only why there is none.
     *
     * @param error what the shard or its log said; the reply makes of it what the client of its API understands
     */
    void refuse(ErrorCode error);

    /** A reply that gives everything to one consumer, refusals in the form that {@code asResponse} makes of them. */
    static <T> Reply<T> to(Consumer<T> consumer, Function<ErrorCode, T> asResponse) {
        return new Reply<>() {
            @Override
            public void send(T response) {
                consumer.accept(response);
            }

            @Override
            public void refuse(ErrorCode error) {
                consumer.accept(asResponse.apply(error));
            }
        };
    }
}
