package io.millrace.connection;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.messages.RequestHeader;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a request's header turned out to say. Every version of the header begins with 0 apiKey i16, 2 apiVersion i16, 4
 * correlationId i32; which version follows is decided by the first two (KIP-482).
 * Guarded by {@code FrameBenchmark}.
 */
public sealed interface RequestIntake {
    /**
     * A request that is supported here.
     *
     * @param bodyAt where the body begins, in bytes from the start of the frame
     */
    record Accepted(
            ApiKey apiKey,
            short version,
            int correlationId,
            @Nullable String clientId,
            int bodyAt) implements RequestIntake {}

    /**
     * ApiVersions in a version that is not supported: to be answered in version 0 with UNSUPPORTED_VERSION, so that a
     * newer client can ask again (KIP-511). Its body is not looked at.
     */
    record NegotiateDown(int correlationId) implements RequestIntake {}

    /** Anything else: the connection is closed, as its peer cannot be answered in a form it understands. */
    record Refused(CloseReason reason) implements RequestIntake {}

    /** Bytes of a header that every version has. */
    int COMMON_BYTES = 8;

    /**
     * Reads the header of a frame.
     *
     * @param frame the frame from position to limit; left alone
     * @param listener the kind of listener it came to; APIs of other kinds are refused
     */
    static RequestIntake of(ByteBuffer frame, ApiKey.Listener listener) {
        if (frame.remaining() < COMMON_BYTES) {
            return refused("sent a request of " + frame.remaining() + " bytes, too short for a header");
        }
        int start = frame.position();
        short code = frame.getShort(start);
        short version = frame.getShort(start + 2);
        int correlationId = frame.getInt(start + 4);
        @Nullable ApiKey apiKey = ApiKey.forCode(code).orElse(null);
        if (apiKey == null) return refused("sent a request with the unknown API key " + code);
        boolean supported = apiKey.isSupported(version);
        boolean negotiatesDown = apiKey == ApiKey.API_VERSIONS && !supported;
        if (!apiKey.listeners().contains(listener)) {
            return refused("sent a request " + apiKey + ", which is not served by a listener of kind " + listener);
        }
        if (!supported && !negotiatesDown) {
            return refused("sent a request " + apiKey + " of version " + version + ", which is not supported; versions "
                    + apiKey.oldestVersion() + " to " + apiKey.latestVersion() + " are");
        }
        ProtocolReader reader = new ProtocolReader(frame);
        RequestHeader header;
        try {
            header = RequestHeader.read(reader, apiKey.requestHeaderVersion(version));
        } catch (MalformedMessage e) {
            return new Refused(new CloseReason(
                    CloseReason.Kind.REQUEST_REFUSED,
                    "sent a request " + apiKey + " of version " + version + " with a malformed header: "
                            + e.getMessage(),
                    e));
        }
        if (negotiatesDown) return new NegotiateDown(correlationId);
        return new Accepted(apiKey, version, correlationId, header.clientId(), reader.position());
    }

    private static Refused refused(String sentence) {
        return new Refused(new CloseReason(CloseReason.Kind.REQUEST_REFUSED, sentence));
    }
}
