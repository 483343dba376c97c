package io.millrace.server.handlers;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterConfigsRequest;
import io.millrace.protocol.messages.AlterConfigsResponse;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;

/** AlterConfigs (key 33), versions 0-2: replaces all properties of a resource (KIP-133); the controller decides. */
public final class AlterConfigsHandler implements Handler<AlterConfigsRequest, AlterConfigsResponse> {
    private final BrokerLane home;
    private final ControllerAccess controller;

    /** Makes the handler of one lane. */
    public AlterConfigsHandler(BrokerLane home, ControllerAccess controller) {
        this.home = home;
        this.controller = controller;
    }

    @Override
    public void handle(AlterConfigsRequest request, Exchange<AlterConfigsResponse> exchange) {
        controller.answer(home, new Asked(request), exchange);
    }

    private record Asked(AlterConfigsRequest request) implements ControllerAccess.Question<AlterConfigsResponse> {
        @Override
        public Decision<AlterConfigsResponse> decide(Controller controller, ControllerContext context) {
            return controller.alterConfigs(request);
        }

        @Override
        public AlterConfigsResponse refused(ErrorCode error) {
            return AlterConfigsResponse.builder()
                    .responses(request.resources().stream()
                            .map(resource -> AlterConfigsResponse.AlterConfigsResourceResponse.builder()
                                    .errorCode(error.code())
                                    .errorMessage(error.message())
                                    .resourceType(resource.resourceType())
                                    .resourceName(resource.resourceName())
                                    .build())
                            .toList())
                    .build();
        }
    }
}
