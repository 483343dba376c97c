package io.millrace.connection;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ApiVersionsResponse;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** The versions a server knows, as it said in its ApiVersions response, and the choice among them (KIP-35, KIP-511). */
public final class VersionChoice {
    /** Where an ApiVersions response in any version has its error: behind the correlation id. */
    private static final int ERROR_AT = Integer.BYTES;

    private record Range(short oldest, short latest) {}

    private final Map<ApiKey, Range> known = new EnumMap<>(ApiKey.class);
    private Optional<ApiVersionsResponse> response = Optional.empty();

    /** Nothing is known yet. */
    public VersionChoice() {}

    /** Takes the server's answer in, in place of an earlier one. */
    public void learn(ApiVersionsResponse answer) {
        known.clear();
        response = Optional.of(answer);
        for (ApiVersionsResponse.ApiVersion each : answer.apiKeys()) {
            ApiKey.forCode(each.apiKey())
                    .ifPresent(apiKey -> known.put(apiKey, new Range(each.minVersion(), each.maxVersion())));
        }
    }

    /** What the server said, with its features; empty before {@link #learn}. */
    public Optional<ApiVersionsResponse> response() {
        return response;
    }

    /**
     * The highest version both sides know.
     *
     * @param maxVersion no higher than this
     * @return -1 if there is none
     */
    public short highestCommon(ApiKey apiKey, short maxVersion) {
        Range range = known.get(apiKey);
        if (range == null) return -1;
        int highest = Math.min(maxVersion, range.latest());
        return highest < Math.max(apiKey.oldestVersion(), range.oldest()) ? -1 : (short) highest;
    }

    /** Whether the frame of an ApiVersions response says UNSUPPORTED_VERSION, which is always said in version 0. */
    public static boolean isRefusal(ByteBuffer frame) {
        return frame.remaining() >= ERROR_AT + Short.BYTES
                && frame.getShort(frame.position() + ERROR_AT) == ErrorCode.UNSUPPORTED_VERSION.code();
    }

    /**
     * The version of ApiVersions to ask again with after a refusal: the server's latest, or 0 if it did not say or said
     * the one it refused.
     */
    public static short apiVersionsAfterRefusal(ApiVersionsResponse refusal, short refusedVersion) {
        for (ApiVersionsResponse.ApiVersion each : refusal.apiKeys()) {
            if (each.apiKey() == ApiKey.API_VERSIONS.code()
                    && each.maxVersion() >= 0
                    && each.maxVersion() < refusedVersion) {
                return each.maxVersion();
            }
        }
        return 0;
    }
}
