package io.millrace.server.network;

import io.millrace.protocol.Request;
import io.millrace.protocol.Response;

/**
 * Answers one API. Each lane has its own, so a handler may use what belongs to its lane; it validates, resolves, authorizes,
 * acts and answers, in that order.
 *
 * @param <Q> the API's request
 * @param <R> the API's response
 */
@FunctionalInterface
public interface Handler<Q extends Request, R extends Response> {
    /** Answers, now or later, exactly once. */
    void handle(Q request, Exchange<R> exchange);
}
