package io.millrace.server.handlers;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.IncrementalAlterConfigsRequest;
import io.millrace.protocol.messages.IncrementalAlterConfigsResponse;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;

/** IncrementalAlterConfigs (key 44), versions 0-1: changes properties one by one (KIP-339); the controller decides. */
public final class IncrementalAlterConfigsHandler
        implements Handler<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse> {
    private final BrokerLane home;
    private final ControllerAccess controller;

    /** Makes the handler of one lane. */
    public IncrementalAlterConfigsHandler(BrokerLane home, ControllerAccess controller) {
        this.home = home;
        this.controller = controller;
    }

    @Override
    public void handle(IncrementalAlterConfigsRequest request, Exchange<IncrementalAlterConfigsResponse> exchange) {
        controller.answer(home, new Asked(request), exchange);
    }

    private record Asked(IncrementalAlterConfigsRequest request)
            implements ControllerAccess.Question<IncrementalAlterConfigsResponse> {
        @Override
        public Decision<IncrementalAlterConfigsResponse> decide(Controller controller, ControllerContext context) {
            return controller.incrementalAlterConfigs(request);
        }

        @Override
        public IncrementalAlterConfigsResponse refused(ErrorCode error) {
            return IncrementalAlterConfigsResponse.builder()
                    .responses(request.resources().stream()
                            .map(resource -> IncrementalAlterConfigsResponse.AlterConfigsResourceResponse.builder()
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
