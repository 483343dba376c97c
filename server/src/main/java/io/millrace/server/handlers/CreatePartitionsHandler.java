package io.millrace.server.handlers;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.CreatePartitionsRequest;
import io.millrace.protocol.messages.CreatePartitionsResponse;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.controller.NewPartitionSpace;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;

/** CreatePartitions (key 37), versions 0-3: the controller decides (KIP-195). */
public final class CreatePartitionsHandler implements Handler<CreatePartitionsRequest, CreatePartitionsResponse> {
    private final BrokerLane home;
    private final ControllerAccess controller;
    private final NewPartitionSpace space;

    /** Makes the handler of one lane. */
    public CreatePartitionsHandler(BrokerLane home, ControllerAccess controller, NewPartitionSpace space) {
        this.home = home;
        this.controller = controller;
        this.space = space;
    }

    @Override
    public void handle(CreatePartitionsRequest request, Exchange<CreatePartitionsResponse> exchange) {
        Asked asked = new Asked(request);
        space.whyNoNewPartitions()
                .ifPresentOrElse(
                        why -> exchange.reply(asked.refused(ErrorCode.KAFKA_STORAGE_ERROR, why)),
                        () -> controller.answer(home, asked, exchange));
    }

    private record Asked(CreatePartitionsRequest request)
            implements ControllerAccess.Question<CreatePartitionsResponse> {
        @Override
        public Decision<CreatePartitionsResponse> decide(Controller controller, ControllerContext context) {
            return controller.createPartitions(request, context);
        }

        @Override
        public CreatePartitionsResponse refused(ErrorCode error) {
            return refused(error, error.message());
        }

        @Override
        public boolean isShownBy(MetadataImage image, CreatePartitionsResponse answer) {
            if (request.validateOnly()) return true;
            for (var result : answer.results()) {
                TopicImage topic = image.topics().topic(result.name());
                if (result.errorCode() != ErrorCode.NONE.code() || topic == null) continue;
                for (var asked : request.topics())
                    if (asked.name().equals(result.name()) && topic.partitionCount() < asked.count()) return false;
            }
            return true;
        }

        CreatePartitionsResponse refused(ErrorCode error, String message) {
            return CreatePartitionsResponse.builder()
                    .results(request.topics().stream()
                            .map(topic -> CreatePartitionsResponse.CreatePartitionsTopicResult.builder()
                                    .name(topic.name())
                                    .errorCode(error.code())
                                    .errorMessage(message)
                                    .build())
                            .toList())
                    .build();
        }
    }
}
