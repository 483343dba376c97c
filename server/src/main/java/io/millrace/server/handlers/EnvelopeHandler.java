package io.millrace.server.handlers;

import io.millrace.connection.RequestIntake;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.EnvelopeRequest;
import io.millrace.protocol.messages.EnvelopeResponse;
import io.millrace.protocol.messages.ResponseHeader;
import io.millrace.server.network.ApiTable;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.quorum.QuorumDoor;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Envelope (key 58), version 0: a client's request that its broker hands on to the active controller, header and all, and the answer that
 * goes the same way back (KIP-590). That this node does not lead is said of the envelope, also if it was about to decide what is inside:
 * the client's broker then asks the next controller. As nobody is authorized here, who sent it makes no difference.
 */
public final class EnvelopeHandler implements Handler<EnvelopeRequest, EnvelopeResponse> {
    private final BrokerLane home;
    private final ApiTable apis;
    private final QuorumDoor quorum;
    private final Set<ApiKey> forwardable;

    /**
     * Makes the handler of one lane.
     *
     * @param apis who answers what is in the envelopes
     * @param forwardable what may be in one
     */
    public EnvelopeHandler(BrokerLane home, ApiTable apis, QuorumDoor quorum, Set<ApiKey> forwardable) {
        this.home = home;
        this.apis = apis;
        this.quorum = quorum;
        this.forwardable = forwardable;
    }

    @Override
    public void handle(EnvelopeRequest request, Exchange<EnvelopeResponse> exchange) {
        ByteBuffer frame = ByteBuffer.wrap(request.requestData());
        if (!(RequestIntake.of(frame, ApiKey.Listener.CONTROLLER) instanceof RequestIntake.Accepted inner)) {
            exchange.reply(refusal(ErrorCode.UNSUPPORTED_VERSION));
            return;
        }
        Handler<Request, Response> handler = apis.find(inner.apiKey(), ApiKey.Listener.CONTROLLER);
        if (handler == null || !forwardable.contains(inner.apiKey())) {
            exchange.reply(refusal(ErrorCode.INVALID_REQUEST));
            return;
        }
        Request enclosed =
                inner.apiKey().readRequest(new ProtocolReader(frame.position(inner.bodyAt())), inner.version());
        quorum.leads(isLeading -> home.run(() -> {
            if (isLeading) handler.handle(enclosed, new Enclosed(inner, exchange));
            else exchange.reply(refusal(ErrorCode.NOT_CONTROLLER));
        }));
    }

    private static EnvelopeResponse refusal(ErrorCode error) {
        return EnvelopeResponse.builder()
                .responseData(null)
                .errorCode(error.code())
                .build();
    }

    /** A request within an envelope; its answer goes into one. */
    private record Enclosed(RequestIntake.Accepted inner, Exchange<EnvelopeResponse> outer)
            implements Exchange<Response> {
        @Override
        public ApiKey apiKey() {
            return inner.apiKey();
        }

        @Override
        public int version() {
            return inner.version();
        }

        @Override
        public String clientId() {
            String id = inner.clientId();
            return id == null ? "" : id;
        }

        @Override
        public InetSocketAddress clientAddress() {
            return outer.clientAddress();
        }

        @Override
        public InetSocketAddress localAddress() {
            return outer.localAddress();
        }

        @Override
        public String listenerName() {
            return outer.listenerName();
        }

        @Override
        public String principal() {
            return outer.principal();
        }

        @Override
        public @Nullable String clientSoftware() {
            return outer.clientSoftware();
        }

        @Override
        public void clientSoftware(String nameAndVersion) {}

        @Override
        public void reply(Response response, Runnable whenDone) {
            int headerVersion = inner.apiKey().responseHeaderVersion(inner.version());
            ByteBuffer header = ProtocolWriter.toBuffer(new ResponseHeader(inner.correlationId()), headerVersion);
            ByteBuffer body = ProtocolWriter.toBuffer(response, inner.version());
            byte[] both = new byte[header.remaining() + body.remaining()];
            int headerBytes = header.remaining();
            header.get(both, 0, headerBytes);
            body.get(both, headerBytes, body.remaining());
            outer.reply(EnvelopeResponse.builder().responseData(both).build(), whenDone);
        }

        @Override
        public void replyNoController(Response answer) {
            outer.reply(refusal(ErrorCode.NOT_CONTROLLER));
        }

        @Override
        public void replyNothing() {
            throw new IllegalStateException(inner.apiKey() + " in an envelope is to be answered");
        }

        @Override
        public void closeConnection(ErrorCode why, String reason) {
            outer.closeConnection(why, reason);
        }

        @Override
        public void whenAbandoned(Runnable cleanUp) {
            outer.whenAbandoned(cleanUp);
        }
    }
}
