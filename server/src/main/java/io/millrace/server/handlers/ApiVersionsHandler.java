package io.millrace.server.handlers;

import io.millrace.metadata.Feature;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ApiVersionsRequest;
import io.millrace.protocol.messages.ApiVersionsResponse;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.network.ApiTable;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * ApiVersions (key 18), versions 0-5: what this server speaks. Client software from v3 (KIP-511), features from v3 (KIP-584), the check
 * for misrouted connections from v5 (KIP-1242). Versions above are answered as v0 before they come here.
 */
public final class ApiVersionsHandler implements Handler<ApiVersionsRequest, ApiVersionsResponse> {
    private static final Pattern SOFTWARE = Pattern.compile("[a-zA-Z0-9](?:[a-zA-Z0-9\\-.]*[a-zA-Z0-9])?");
    private static final int FIRST_VERSION_WITH_SOFTWARE = 3;
    /** Before it, a supported range could not say that it begins at 0 (KAFKA-17011). */
    private static final int FIRST_VERSION_WITH_RANGES_FROM_ZERO = 4;

    private final BrokerLane home;
    private final ApiTable apis;
    private final ServerConfig config;
    private final String clusterId;

    /**
     * Makes the handler of one lane.
     *
     * @param apis what is served; read at each request, so it may be filled later
     */
    public ApiVersionsHandler(BrokerLane home, ApiTable apis, ServerConfig config, String clusterId) {
        this.home = home;
        this.apis = apis;
        this.config = config;
        this.clusterId = clusterId;
    }

    @Override
    public void handle(ApiVersionsRequest request, Exchange<ApiVersionsResponse> exchange) {
        if (exchange.version() >= FIRST_VERSION_WITH_SOFTWARE) {
            if (!isSoftware(request.clientSoftwareName()) || !isSoftware(request.clientSoftwareVersion())) {
                exchange.reply(answer(ErrorCode.INVALID_REQUEST, exchange));
                return;
            }
            exchange.clientSoftware(request.clientSoftwareName() + " " + request.clientSoftwareVersion());
        }
        boolean isMisrouted =
                (request.clusterId() != null && !request.clusterId().equals(clusterId))
                        || (request.nodeId() >= 0 && request.nodeId() != config.nodeId());
        exchange.reply(answer(isMisrouted ? ErrorCode.REBOOTSTRAP_REQUIRED : ErrorCode.NONE, exchange));
    }

    private static boolean isSoftware(String text) {
        return text.length() <= 256 && SOFTWARE.matcher(text).matches();
    }

    private ApiVersionsResponse answer(ErrorCode error, Exchange<?> exchange) {
        int version = exchange.version();
        ApiKey.Listener listener = config.isControllerListener(exchange.listenerName())
                ? ApiKey.Listener.CONTROLLER
                : ApiKey.Listener.BROKER;
        if (error != ErrorCode.NONE)
            return ApiVersionsResponse.builder().errorCode(error.code()).build();
        List<ApiVersionsResponse.ApiVersion> versions = new ArrayList<>();
        for (ApiKey api : apis.served(listener)) {
            versions.add(ApiVersionsResponse.ApiVersion.builder()
                    .apiKey(api.code())
                    // librdkafka up to 2.10 takes a broker without Produce v0 for one it cannot talk to (KAFKA-18659).
                    .minVersion(api == ApiKey.PRODUCE ? 0 : api.oldestVersion())
                    .maxVersion(api.latestStableVersion())
                    .build());
        }
        List<ApiVersionsResponse.SupportedFeatureKey> supported = new ArrayList<>();
        for (Feature feature : Feature.values())
            if (version >= FIRST_VERSION_WITH_RANGES_FROM_ZERO || feature.minLevel() > 0)
                supported.add(ApiVersionsResponse.SupportedFeatureKey.builder()
                        .name(feature.featureName())
                        .minVersion(feature.minLevel())
                        .maxVersion(feature.maxLevel())
                        .build());
        List<ApiVersionsResponse.FinalizedFeatureKey> finalized = new ArrayList<>();
        home.image().features().levels().forEach((name, level) -> finalized.add(finalized(name, level)));
        // The quorum keeps it in its own control records, and tells it to clients among the others (KIP-853).
        if (home.kraftVersion() > 0) finalized.add(finalized(Feature.KRAFT_VERSION.featureName(), home.kraftVersion()));
        return ApiVersionsResponse.builder()
                .apiKeys(versions)
                .supportedFeatures(supported)
                .finalizedFeatures(finalized)
                .finalizedFeaturesEpoch(home.image().provenance().lastOffset())
                .build();
    }

    private static ApiVersionsResponse.FinalizedFeatureKey finalized(String name, short level) {
        return ApiVersionsResponse.FinalizedFeatureKey.builder()
                .name(name)
                .maxVersionLevel(level)
                .minVersionLevel(level)
                .build();
    }
}
