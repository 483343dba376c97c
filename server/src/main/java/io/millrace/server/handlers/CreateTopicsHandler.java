package io.millrace.server.handlers;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.metadata.MetadataImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.controller.NewPartitionSpace;
import io.millrace.server.controller.TopicCreation;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;

/** CreateTopics (key 19), versions 2-7: the controller decides; the answer carries the topic's configuration from v5 (KIP-525) and its id from v7. */
public final class CreateTopicsHandler implements Handler<CreateTopicsRequest, CreateTopicsResponse> {
    private final BrokerLane home;
    private final ControllerAccess controller;
    private final NewPartitionSpace space;

    /** Makes the handler of one lane. */
    public CreateTopicsHandler(BrokerLane home, ControllerAccess controller, NewPartitionSpace space) {
        this.home = home;
        this.controller = controller;
        this.space = space;
    }

    @Override
    public void handle(CreateTopicsRequest request, Exchange<CreateTopicsResponse> exchange) {
        Asked asked = new Asked(request);
        space.whyNoNewPartitions()
                .ifPresentOrElse(
                        why -> exchange.reply(asked.refused(ErrorCode.KAFKA_STORAGE_ERROR, why)),
                        () -> controller.answer(home, asked, exchange));
    }

    private record Asked(CreateTopicsRequest request) implements ControllerAccess.Question<CreateTopicsResponse> {
        @Override
        public Decision<CreateTopicsResponse> decide(Controller controller, ControllerContext context) {
            return controller.createTopics(request, context);
        }

        @Override
        public CreateTopicsResponse refused(ErrorCode error) {
            return refused(error, error.message());
        }

        @Override
        public boolean isShownBy(MetadataImage image, CreateTopicsResponse answer) {
            return request.validateOnly() || TopicCreation.isShownBy(image, answer);
        }

        CreateTopicsResponse refused(ErrorCode error, String message) {
            return CreateTopicsResponse.builder()
                    .topics(request.topics().stream()
                            .map(topic -> CreateTopicsResponse.CreatableTopicResult.builder()
                                    .name(topic.name())
                                    .errorCode(error.code())
                                    .errorMessage(message)
                                    .build())
                            .toList())
                    .build();
        }
    }
}
