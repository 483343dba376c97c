package io.millrace.server.handlers;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.metadata.BrokerImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AllocateProducerIdsRequest;
import io.millrace.protocol.messages.AllocateProducerIdsResponse;
import io.millrace.protocol.messages.InitProducerIdRequest;
import io.millrace.protocol.messages.InitProducerIdResponse;
import io.millrace.server.controller.ControllerAccess;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayDeque;

/**
 * InitProducerId (key 22), versions 0-5: a producer id for an idempotent producer (KIP-98). Ids come from the controller in blocks, one block at a
 * time on each lane. Transactional producers are refused until there is a transaction coordinator.
 */
public final class InitProducerIdHandler implements Handler<InitProducerIdRequest, InitProducerIdResponse> {
    private static final int MOST_WAITING = 10_000;

    private final BrokerLane home;
    private final ControllerAccess controller;
    private final int nodeId;
    private final ArrayDeque<Exchange<InitProducerIdResponse>> waiting = new ArrayDeque<>();
    private long nextId;
    private long endOfBlock;
    private boolean isAsking;

    /** Makes the handler of one lane. */
    public InitProducerIdHandler(BrokerLane home, ControllerAccess controller, int nodeId) {
        this.home = home;
        this.controller = controller;
        this.nodeId = nodeId;
    }

    @Override
    public void handle(InitProducerIdRequest request, Exchange<InitProducerIdResponse> exchange) {
        String transactionalId = request.transactionalId();
        if (transactionalId != null) {
            boolean isEmpty = transactionalId.isEmpty();
            exchange.reply(
                    refusal(isEmpty ? ErrorCode.INVALID_REQUEST : ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED));
            return;
        }
        if (nextId < endOfBlock) {
            exchange.reply(given(nextId++));
            return;
        }
        if (waiting.size() >= MOST_WAITING) {
            exchange.reply(refusal(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS));
            return;
        }
        waiting.add(exchange);
        if (!isAsking) askForBlock();
    }

    private void askForBlock() {
        isAsking = true;
        BrokerImage self = home.image().cluster().broker(nodeId);
        AllocateProducerIdsRequest request = AllocateProducerIdsRequest.builder()
                .brokerId(nodeId)
                .brokerEpoch(self == null ? -1 : self.epoch())
                .build();
        controller.ask(home, new Asked(request), this::took);
    }

    private void took(AllocateProducerIdsResponse block) {
        isAsking = false;
        ErrorCode error = ErrorCode.forCode(block.errorCode());
        if (error == ErrorCode.NONE) {
            nextId = block.producerIdStart();
            endOfBlock = nextId + block.producerIdLen();
        }
        while (!waiting.isEmpty()) {
            if (error != ErrorCode.NONE) waiting.remove().reply(refusal(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS));
            else if (nextId < endOfBlock) waiting.remove().reply(given(nextId++));
            else {
                askForBlock();
                return;
            }
        }
    }

    private static InitProducerIdResponse given(long producerId) {
        return InitProducerIdResponse.builder()
                .producerId(producerId)
                .producerEpoch((short) 0)
                .build();
    }

    private static InitProducerIdResponse refusal(ErrorCode error) {
        return InitProducerIdResponse.builder()
                .errorCode(error.code())
                .producerId(-1)
                .producerEpoch((short) -1)
                .build();
    }

    private record Asked(AllocateProducerIdsRequest request)
            implements ControllerAccess.Question<AllocateProducerIdsResponse> {
        @Override
        public Decision<AllocateProducerIdsResponse> decide(Controller controller, ControllerContext context) {
            return controller.allocateProducerIds(request);
        }

        @Override
        public AllocateProducerIdsResponse refused(ErrorCode error) {
            return AllocateProducerIdsResponse.builder().errorCode(error.code()).build();
        }
    }
}
