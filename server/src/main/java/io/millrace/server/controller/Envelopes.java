package io.millrace.server.controller;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.DefaultPrincipalData;
import io.millrace.protocol.messages.EnvelopeRequest;
import io.millrace.protocol.messages.EnvelopeResponse;
import io.millrace.protocol.messages.RequestHeader;
import io.millrace.protocol.messages.ResponseHeader;
import java.nio.ByteBuffer;

/**
 * A client's request within an Envelope (key 58), as its broker hands it on, and the answer out of one (KIP-590). Inside is a frame
 * without its length: the header and the body, in the version that the client spoke.
 *
 * <p>The principal is a version (i16) and a {@link DefaultPrincipalData} of that version, as Kafka's default builder writes it.
 */
final class Envelopes {
    private static final short PRINCIPAL_VERSION = 0;

    private Envelopes() {}

    /** What came out of an envelope. */
    sealed interface Opened {
        /** The answer to what was inside. */
        record Answer(Response response) implements Opened {}

        /** There is none. */
        record Refused(ErrorCode error) implements Opened {}
    }

    /** Puts a request into an envelope. */
    static EnvelopeRequest write(Request request, Caller caller, int correlationId) {
        ApiKey apiKey = request.apiKey();
        short version = (short) caller.version();
        var header = RequestHeader.builder()
                .requestApiKey(apiKey.code())
                .requestApiVersion(version)
                .correlationId(correlationId)
                .clientId(caller.clientId())
                .build();
        return EnvelopeRequest.builder()
                .requestData(joined(
                        ProtocolWriter.toBuffer(header, apiKey.requestHeaderVersion(version)),
                        ProtocolWriter.toBuffer(request, version)))
                .requestPrincipal(principal(caller.principal()))
                .clientHostAddress(caller.address().getAddress())
                .build();
    }

    private static byte[] principal(String principal) {
        int colon = principal.indexOf(':');
        var data = DefaultPrincipalData.builder()
                .type(principal.substring(0, Math.max(0, colon)))
                .name(principal.substring(colon + 1))
                .tokenAuthenticated(false)
                .build();
        return joined(
                ByteBuffer.allocate(Short.BYTES).putShort(PRINCIPAL_VERSION).flip(),
                ProtocolWriter.toBuffer(data, PRINCIPAL_VERSION));
    }

    private static byte[] joined(ByteBuffer head, ByteBuffer body) {
        return ByteBuffer.allocate(head.remaining() + body.remaining())
                .put(head)
                .put(body)
                .array();
    }

    /** Takes the answer out of an envelope. What makes no sense is UNKNOWN_SERVER_ERROR. */
    static Opened open(EnvelopeResponse envelope, ApiKey apiKey, int version, int correlationId) {
        if (envelope.errorCode() != ErrorCode.NONE.code())
            return new Opened.Refused(ErrorCode.forCode(envelope.errorCode()));
        byte[] data = envelope.responseData();
        if (data == null) return new Opened.Refused(ErrorCode.UNKNOWN_SERVER_ERROR);
        try {
            var reader = new ProtocolReader(ByteBuffer.wrap(data));
            ResponseHeader header = ResponseHeader.read(reader, apiKey.responseHeaderVersion((short) version));
            if (header.correlationId() != correlationId) return new Opened.Refused(ErrorCode.UNKNOWN_SERVER_ERROR);
            return new Opened.Answer(apiKey.readResponse(reader, (short) version));
        } catch (MalformedMessage malformed) {
            return new Opened.Refused(ErrorCode.UNKNOWN_SERVER_ERROR);
        }
    }
}
