package io.millrace.server.controller;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.metadata.MetadataImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.server.network.Exchange;
import io.millrace.server.partitions.BrokerLane;
import java.util.function.Consumer;

/** The way from any lane to the active controller and back, in this process or in another. */
public interface ControllerAccess {
    /**
     * Something that a controller of this process may be asked to decide.
     *
     * @param <R> the answer
     */
    interface OwnQuestion<R> {
        /** Decides; called on the metadata lane. */
        Decision<R> decide(Controller controller, ControllerContext context);

        /** The answer if the controller cannot be asked, or its records cannot be written. */
        R refused(ErrorCode error);
    }

    /**
     * Something to ask of the active controller, wherever that is: a request of an API.
     *
     * @param <R> the API's response
     */
    interface Question<R extends Response> extends OwnQuestion<R> {
        /** The request, as it is sent to a controller in another process. */
        Request request();

        /**
         * Whether an image shows what the answer says was done, so that whoever is told finds it. Asked of answers that come from another
         * process, which may come before the records; an answer waits for that, but not long.
         */
        default boolean isShownBy(MetadataImage image, R answer) {
            return true;
        }
    }

    /**
     * Asks for the broker itself. The answer comes on the asker's lane, once what it rests on is committed and that lane has been sent
     * the image that holds it.
     */
    <R extends Response> void ask(BrokerLane home, Question<R> question, Consumer<R> then);

    /** As the other, asked by the metadata lane, where the answer comes too. */
    <R extends Response> void ask(Question<R> question, Consumer<R> then);

    /** Asks for a client, in the version of the API that it spoke (KIP-590); otherwise as {@link #ask}. */
    <R extends Response> void forward(BrokerLane home, Question<R> question, Caller caller, Consumer<R> then);

    /** Asks for the client of an exchange, and answers it. */
    default <R extends Response> void answer(BrokerLane home, Question<R> question, Exchange<R> exchange) {
        answer(home, question, exchange, exchange::reply);
    }

    /**
     * As the other, for whoever has to do more before the client is answered.
     *
     * @param then is told the answer, unless there is none because this node is not the active controller: that is told the exchange
     */
    default <R extends Response> void answer(
            BrokerLane home, Question<R> question, Exchange<R> exchange, Consumer<R> then) {
        Attended<R> attended = new Attended<>(question);
        forward(home, attended, Caller.of(exchange), answer -> {
            if (attended.hasNoController) exchange.replyNoController(answer);
            else then.accept(answer);
        });
    }

    /** A question of which it is known why it was refused; written on the lane that asks, and read on the one that answers, after it. */
    final class Attended<R extends Response> implements Question<R> {
        private final Question<R> question;
        private boolean hasNoController;

        private Attended(Question<R> question) {
            this.question = question;
        }

        @Override
        public Decision<R> decide(Controller controller, ControllerContext context) {
            return question.decide(controller, context);
        }

        @Override
        public R refused(ErrorCode error) {
            hasNoController = error == ErrorCode.NOT_CONTROLLER;
            return question.refused(error);
        }

        @Override
        public Request request() {
            return question.request();
        }

        @Override
        public boolean isShownBy(MetadataImage image, R answer) {
            return question.isShownBy(image, answer);
        }
    }
}
