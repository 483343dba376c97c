package io.millrace.server.handlers;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.metadata.Feature;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.UpdateFeaturesRequest;
import io.millrace.protocol.messages.UpdateFeaturesResponse;
import io.millrace.raft.VoterChange;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.quorum.QuorumDoor;
import java.util.Optional;

/**
 * UpdateFeatures (key 57), versions 0-2: other feature levels, back only where nothing is lost (KIP-584, 778, 1022). The controller
 * decides; {@code kraft.version} is the quorum's own, whose leader is asked before and after (KIP-853).
 */
public final class UpdateFeaturesHandler implements Handler<UpdateFeaturesRequest, UpdateFeaturesResponse> {
    private static final int PATIENCE_MS = 10_000;

    private final BrokerLane home;
    private final ControllerAccess controller;
    private final QuorumDoor quorum;

    /** Makes the handler of one lane. */
    public UpdateFeaturesHandler(BrokerLane home, ControllerAccess controller, QuorumDoor quorum) {
        this.home = home;
        this.controller = controller;
        this.quorum = quorum;
    }

    @Override
    public void handle(UpdateFeaturesRequest request, Exchange<UpdateFeaturesResponse> exchange) {
        var asked = new Asked(request, exchange.version(), home.kraftVersion());
        Optional<Short> raised = raised(request, home.kraftVersion());
        if (raised.isEmpty()) {
            controller.answer(home, asked, exchange);
            return;
        }
        quorum.leads(isLeading -> home.run(() -> {
            if (isLeading) decide(asked, raised.get(), exchange);
            else controller.answer(home, asked, exchange);
        }));
    }

    /** First whether it can be done at all, as all levels are changed or none. */
    private void decide(Asked asked, short level, Exchange<UpdateFeaturesResponse> exchange) {
        upgrade(
                level,
                true,
                exchange,
                () -> controller.answer(home, asked, exchange, answer -> {
                    if (answer.errorCode() == ErrorCode.NONE.code()
                            && !asked.request().validateOnly())
                        upgrade(level, false, exchange, () -> exchange.reply(answer));
                    else exchange.reply(answer);
                }));
    }

    private static Optional<Short> raised(UpdateFeaturesRequest request, int kraftVersion) {
        for (UpdateFeaturesRequest.FeatureUpdateKey update : request.featureUpdates())
            if (update.feature().equals(Feature.KRAFT_VERSION.featureName())
                    && update.maxVersionLevel() > kraftVersion
                    && update.maxVersionLevel() <= Feature.KRAFT_VERSION.maxLevel())
                return Optional.of(update.maxVersionLevel());
        return Optional.empty();
    }

    private void upgrade(
            short level, boolean validateOnly, Exchange<UpdateFeaturesResponse> exchange, Runnable whenDone) {
        quorum.change(
                new VoterChange.Upgrade(level, validateOnly),
                PATIENCE_MS,
                (error, sentence) -> home.run(() -> {
                    if (error == ErrorCode.NONE) {
                        whenDone.run();
                        return;
                    }
                    // As if the controller did not lead either; clients ask again.
                    if (error == ErrorCode.NOT_LEADER_OR_FOLLOWER)
                        exchange.replyNoController(refusal(ErrorCode.NOT_CONTROLLER, sentence));
                    else exchange.reply(refusal(error, sentence));
                }));
    }

    private record Asked(UpdateFeaturesRequest request, int version, int kraftVersion)
            implements ControllerAccess.Question<UpdateFeaturesResponse> {
        @Override
        public Decision<UpdateFeaturesResponse> decide(Controller controller, ControllerContext context) {
            return controller.updateFeatures(request, version, kraftVersion);
        }

        @Override
        public UpdateFeaturesResponse refused(ErrorCode error) {
            return refusal(error, error.message());
        }
    }

    private static UpdateFeaturesResponse refusal(ErrorCode error, String sentence) {
        return UpdateFeaturesResponse.builder()
                .errorCode(error.code())
                .errorMessage(sentence)
                .build();
    }
}
