package io.millrace.server.controller;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.millrace.connection.RequestIntake;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.messages.DeleteTopicsRequest;
import io.millrace.protocol.messages.DeleteTopicsResponse;
import io.millrace.protocol.messages.EnvelopeRequest;
import io.millrace.protocol.messages.EnvelopeResponse;
import io.millrace.protocol.messages.ResponseHeader;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class EnvelopesTest {
    private static final ApiKey API = ApiKey.DELETE_TOPICS;

    /** A version in which topics are named in another field than in later ones. */
    private static final short VERSION = 4;

    @Test
    void theRequestWithinIsInTheVersionThatTheClientSpoke() throws Exception {
        var request = DeleteTopicsRequest.builder()
                .topicNames(List.of("t"))
                .timeoutMs(5)
                .build();
        byte[] address = {10, 0, 0, 7};
        var caller = new Caller("User:ANONYMOUS", InetAddress.getByAddress(address), "c", VERSION);

        EnvelopeRequest envelope = Envelopes.write(request, caller, 77);

        assertArrayEquals(address, envelope.clientHostAddress());
        // Version 0, then type and name as compact strings, no token, no tagged fields.
        assertEquals(
                "0000" + "05" + "55736572" + "0a" + "414e4f4e594d4f5553" + "00" + "00",
                HexFormat.of().formatHex(envelope.requestPrincipal()));
        ByteBuffer frame = ByteBuffer.wrap(envelope.requestData());
        var accepted =
                assertInstanceOf(RequestIntake.Accepted.class, RequestIntake.of(frame, ApiKey.Listener.CONTROLLER));
        assertEquals(API, accepted.apiKey());
        assertEquals(VERSION, accepted.version());
        assertEquals(77, accepted.correlationId());
        assertEquals("c", accepted.clientId());
        assertEquals(request, API.readRequest(new ProtocolReader(frame.position(accepted.bodyAt())), VERSION));
    }

    private static byte[] answer(int correlationId) {
        var response = DeleteTopicsResponse.builder()
                .responses(List.of(DeleteTopicsResponse.DeletableTopicResult.builder()
                        .name("t")
                        .build()))
                .build();
        ByteBuffer header =
                ProtocolWriter.toBuffer(new ResponseHeader(correlationId), API.responseHeaderVersion(VERSION));
        ByteBuffer body = ProtocolWriter.toBuffer(response, VERSION);
        return ByteBuffer.allocate(header.remaining() + body.remaining())
                .put(header)
                .put(body)
                .array();
    }

    private static Envelopes.Opened open(byte[] data) {
        return Envelopes.open(EnvelopeResponse.builder().responseData(data).build(), API, VERSION, 77);
    }

    @Test
    void theAnswerComesOutAgainAndWhatMakesNoSenseIsAnError() {
        var answer = assertInstanceOf(Envelopes.Opened.Answer.class, open(answer(77)));
        var response = assertInstanceOf(DeleteTopicsResponse.class, answer.response());
        assertEquals("t", response.responses().getFirst().name());

        var unknown = new Envelopes.Opened.Refused(ErrorCode.UNKNOWN_SERVER_ERROR);
        assertEquals(unknown, open(answer(78)));
        byte[] whole = answer(77);
        for (int length = 0; length < whole.length; length++) assertEquals(unknown, open(Arrays.copyOf(whole, length)));
        assertEquals(
                unknown,
                Envelopes.open(EnvelopeResponse.builder().responseData(null).build(), API, VERSION, 77));
        assertEquals(
                new Envelopes.Opened.Refused(ErrorCode.NOT_CONTROLLER),
                Envelopes.open(
                        EnvelopeResponse.builder()
                                .responseData(null)
                                .errorCode(ErrorCode.NOT_CONTROLLER.code())
                                .build(),
                        API,
                        VERSION,
                        77));
    }
}
