package io.millrace.server.handlers;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.UpdateFeaturesRequest;
import io.millrace.protocol.messages.UpdateFeaturesResponse;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;

/** UpdateFeatures (key 57), versions 0-2: other feature levels, back only where nothing is lost (KIP-584, 778, 1022); the controller decides. */
public final class UpdateFeaturesHandler implements Handler<UpdateFeaturesRequest, UpdateFeaturesResponse> {
    private final BrokerLane home;
    private final ControllerAccess controller;

    /** Makes the handler of one lane. */
    public UpdateFeaturesHandler(BrokerLane home, ControllerAccess controller) {
        this.home = home;
        this.controller = controller;
    }

    @Override
    public void handle(UpdateFeaturesRequest request, Exchange<UpdateFeaturesResponse> exchange) {
        controller.answer(home, new Asked(request, exchange.version(), home.kraftVersion()), exchange);
    }

    private record Asked(UpdateFeaturesRequest request, int version, int kraftVersion)
            implements ControllerAccess.Question<UpdateFeaturesResponse> {
        @Override
        public Decision<UpdateFeaturesResponse> decide(Controller controller, ControllerContext context) {
            return controller.updateFeatures(request, version, kraftVersion);
        }

        @Override
        public UpdateFeaturesResponse refused(ErrorCode error) {
            return UpdateFeaturesResponse.builder()
                    .errorCode(error.code())
                    .errorMessage(error.message())
                    .build();
        }
    }
}
