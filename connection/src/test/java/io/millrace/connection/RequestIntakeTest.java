package io.millrace.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.messages.RequestHeader;
import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** What happens to each was watched on Apache Kafka 4.4.0. */
class RequestIntakeTest {
    private static ByteBuffer header(int apiKey, int version, int headerVersion) {
        RequestHeader header = RequestHeader.builder()
                .requestApiKey((short) apiKey)
                .requestApiVersion((short) version)
                .correlationId(42)
                .clientId("client")
                .build();
        return ProtocolWriter.toBuffer(header, headerVersion);
    }

    private static RequestIntake onBroker(ByteBuffer frame) {
        return RequestIntake.of(frame, ApiKey.Listener.BROKER);
    }

    private static String refusal(ByteBuffer frame) {
        return assertInstanceOf(RequestIntake.Refused.class, onBroker(frame))
                .reason()
                .sentence();
    }

    @Test
    void everySupportedVersionOfEveryApiHasItsHeaderRead() {
        for (ApiKey apiKey : ApiKey.values()) {
            ApiKey.Listener listener = apiKey.listeners().iterator().next();
            for (int version = apiKey.oldestVersion(); version <= apiKey.latestVersion(); version++) {
                if (!apiKey.isSupported(version)) continue;
                ByteBuffer header = header(apiKey.code(), version, apiKey.requestHeaderVersion(version));
                ByteBuffer frame = ByteBuffer.allocate(header.remaining() + 3);
                frame.put(header.duplicate()).rewind();
                assertEquals(
                        new RequestIntake.Accepted(apiKey, (short) version, 42, "client", header.remaining()),
                        RequestIntake.of(frame, listener));
            }
        }
    }

    @Test
    void apiVersionsOfAVersionUnknownHereIsNegotiatedDown() {
        assertEquals(new RequestIntake.NegotiateDown(42), onBroker(header(18, 99, 2)));
        assertEquals(new RequestIntake.NegotiateDown(42), onBroker(header(18, -1, 1)));
    }

    @Test
    void anyOtherVersionUnknownHereIsRefused() {
        assertEquals(
                "sent a request METADATA of version 99, which is not supported; versions 0 to 13 are",
                refusal(header(3, 99, 2)));
        assertEquals("sent a request with the unknown API key 999", refusal(header(999, 0, 1)));
        assertEquals(
                "sent a request VOTE, which is not served by a listener of kind BROKER", refusal(header(52, 0, 2)));
    }

    @Test
    void aHeaderThatIsCutOffIsRefused() {
        ByteBuffer whole = header(3, 12, 2);
        for (int size = 0; size < whole.remaining(); size++) refusal(whole.slice(0, size));
        assertInstanceOf(RequestIntake.Accepted.class, onBroker(whole));
    }

    @Test
    void randomBytesAreRefusedOrReadAndNeverThrow() {
        Property.check(2000, random -> {
            ByteBuffer frame = ByteBuffer.wrap(random.bytes(random.nextInt(60)));
            if (frame.remaining() > 4 && random.nextBoolean()) {
                frame.putShort(0, (short) random.nextInt(80)).putShort(2, (short) random.nextInt(15));
            }
            onBroker(frame);
        });
    }
}
