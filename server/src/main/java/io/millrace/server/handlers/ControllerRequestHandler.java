package io.millrace.server.handlers;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import java.util.function.BiFunction;

/**
 * Answers an API by asking the controller, which decides all of it.
 *
 * @param <Q> the API's request
 * @param <R> the API's response
 */
public final class ControllerRequestHandler<Q extends Request, R extends Response> implements Handler<Q, R> {
    private final BrokerLane home;
    private final ControllerAccess access;
    private final Decider<Q, R> decider;
    private final BiFunction<Q, ErrorCode, R> refusal;

    /**
     * What the controller does with a request.
     *
     * @param <Q> the API's request
     * @param <R> the API's response
     */
    @FunctionalInterface
    public interface Decider<Q, R> {
        /** Decides; called on the metadata lane. */
        Decision<R> decide(Controller controller, Q request, int version, ControllerContext context);
    }

    /**
     * Makes the handler of one lane.
     *
     * @param refusal the answer if the controller cannot be asked, or its records cannot be written
     */
    public ControllerRequestHandler(
            BrokerLane home, ControllerAccess access, Decider<Q, R> decider, BiFunction<Q, ErrorCode, R> refusal) {
        this.home = home;
        this.access = access;
        this.decider = decider;
        this.refusal = refusal;
    }

    @Override
    public void handle(Q request, Exchange<R> exchange) {
        access.answer(home, new Asked<>(request, exchange.version(), decider, refusal), exchange);
    }

    private record Asked<Q extends Request, R extends Response>(
            Q request, int version, Decider<Q, R> decider, BiFunction<Q, ErrorCode, R> refusal)
            implements ControllerAccess.Question<R> {
        @Override
        public Decision<R> decide(Controller controller, ControllerContext context) {
            return decider.decide(controller, request, version, context);
        }

        @Override
        public R refused(ErrorCode error) {
            return refusal.apply(request, error);
        }
    }
}
