package io.millrace.server.handlers;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.DeleteTopicsRequest;
import io.millrace.protocol.messages.DeleteTopicsResponse;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;

/** DeleteTopics (key 20), versions 1-6: by name, and by id from v6 (KIP-516); the controller decides. */
public final class DeleteTopicsHandler implements Handler<DeleteTopicsRequest, DeleteTopicsResponse> {
    private final BrokerLane home;
    private final ControllerAccess controller;

    /** Makes the handler of one lane. */
    public DeleteTopicsHandler(BrokerLane home, ControllerAccess controller) {
        this.home = home;
        this.controller = controller;
    }

    @Override
    public void handle(DeleteTopicsRequest request, Exchange<DeleteTopicsResponse> exchange) {
        controller.answer(home, new Asked(request), exchange);
    }

    private record Asked(DeleteTopicsRequest request) implements ControllerAccess.Question<DeleteTopicsResponse> {
        @Override
        public Decision<DeleteTopicsResponse> decide(Controller controller, ControllerContext context) {
            return controller.deleteTopics(request);
        }

        @Override
        public boolean isShownBy(MetadataImage image, DeleteTopicsResponse answer) {
            for (var topic : answer.responses()) {
                if (topic.errorCode() != ErrorCode.NONE.code()) continue;
                String name = topic.name();
                TopicImage left = name == null ? null : image.topics().topic(name);
                // Of older versions only the name is answered; a topic that was made anew meanwhile has another id.
                boolean isSame = left != null
                        && (topic.topicId().equals(Uuid.ZERO) || topic.topicId().equals(left.id()));
                if (isSame || image.topics().topic(topic.topicId()) != null) return false;
            }
            return true;
        }

        @Override
        public DeleteTopicsResponse refused(ErrorCode error) {
            return DeleteTopicsResponse.builder()
                    .responses(java.util.stream.Stream.concat(
                                    request.topics().stream(),
                                    request.topicNames().stream()
                                            .map(name -> DeleteTopicsRequest.DeleteTopicState.builder()
                                                    .name(name)
                                                    .build()))
                            .map(topic -> DeleteTopicsResponse.DeletableTopicResult.builder()
                                    .name(topic.name())
                                    .topicId(topic.topicId())
                                    .errorCode(error.code())
                                    .errorMessage(error.message())
                                    .build())
                            .toList())
                    .build();
        }
    }
}
