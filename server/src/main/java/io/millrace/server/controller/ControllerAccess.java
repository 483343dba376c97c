package io.millrace.server.controller;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.protocol.ErrorCode;
import io.millrace.server.partitions.BrokerLane;
import java.util.function.Consumer;

/** The way from any lane to the controller and back. */
public interface ControllerAccess {
    /**
     * Something to ask of the controller.
     *
     * @param <R> the answer
     */
    interface Question<R> {
        /** Decides; called on the metadata lane. */
        Decision<R> decide(Controller controller, ControllerContext context);

        /** The answer if the controller cannot be asked, or its records cannot be written. */
        R refused(ErrorCode error);
    }

    /**
     * Asks. The answer comes on the asker's lane, once what it rests on is committed and that lane has been sent the image
     * that holds it.
     */
    <R> void ask(BrokerLane home, Question<R> question, Consumer<R> then);
}
