package io.millrace.server.handlers;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ListConfigResourcesRequest;
import io.millrace.protocol.messages.ListConfigResourcesResponse;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * ListConfigResources (key 74), versions 0-1: what can be configured by name (KIP-714, KIP-1142). Version 0 is about client metrics only.
 */
public final class ListConfigResourcesHandler
        implements Handler<ListConfigResourcesRequest, ListConfigResourcesResponse> {
    private final BrokerLane home;

    /** Makes the handler of one lane. */
    public ListConfigResourcesHandler(BrokerLane home) {
        this.home = home;
    }

    @Override
    public void handle(ListConfigResourcesRequest request, Exchange<ListConfigResourcesResponse> exchange) {
        Set<ConfigResource.Type> wanted = new LinkedHashSet<>();
        if (exchange.version() == 0) wanted.add(ConfigResource.Type.CLIENT_METRICS);
        else if (request.resourceTypes().isEmpty()) wanted.addAll(List.of(ConfigResource.Type.values()));
        for (byte code : request.resourceTypes()) {
            var type = ConfigResource.Type.forCode(code);
            if (type.isEmpty()) {
                exchange.reply(ListConfigResourcesResponse.builder()
                        .errorCode(ErrorCode.UNSUPPORTED_VERSION.code())
                        .build());
                return;
            }
            wanted.add(type.get());
        }
        List<ListConfigResourcesResponse.ConfigResource> found = new ArrayList<>();
        for (ConfigResource.Type type : wanted)
            for (String name : names(type))
                found.add(ListConfigResourcesResponse.ConfigResource.builder()
                        .resourceName(name)
                        .resourceType(type.code())
                        .build());
        exchange.reply(
                ListConfigResourcesResponse.builder().configResources(found).build());
    }

    private List<String> names(ConfigResource.Type type) {
        return switch (type) {
            case TOPIC ->
                home.image().topics().inOrder().stream().map(TopicImage::name).toList();
            case BROKER, BROKER_LOGGER ->
                home.image().cluster().brokersInOrder().stream()
                        .map((BrokerImage broker) -> String.valueOf(broker.id()))
                        .toList();
            case CLIENT_METRICS, GROUP -> home.image().configs().namesOf(type);
        };
    }
}
