package io.millrace.server.handlers;

import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.config.DescribedConfig;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.DescribeConfigsRequest;
import io.millrace.protocol.messages.DescribeConfigsResponse;
import io.millrace.server.controller.TopicCreation;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** DescribeConfigs (key 32), versions 1-4: values in force, and where they come from (KIP-226). */
public final class DescribeConfigsHandler implements Handler<DescribeConfigsRequest, DescribeConfigsResponse> {
    private final BrokerLane home;
    private final int nodeId;

    /** Makes the handler of one lane. */
    public DescribeConfigsHandler(BrokerLane home, int nodeId) {
        this.home = home;
        this.nodeId = nodeId;
    }

    @Override
    public void handle(DescribeConfigsRequest request, Exchange<DescribeConfigsResponse> exchange) {
        List<DescribeConfigsResponse.DescribeConfigsResult> results = new ArrayList<>();
        for (var resource : request.resources()) results.add(describe(resource, request));
        exchange.reply(DescribeConfigsResponse.builder().results(results).build());
    }

    private DescribeConfigsResponse.DescribeConfigsResult describe(
            DescribeConfigsRequest.DescribeConfigsResource resource, DescribeConfigsRequest request) {
        Optional<ConfigResource.Type> type = ConfigResource.Type.forCode(resource.resourceType());
        if (type.isEmpty())
            return refused(resource, ErrorCode.INVALID_REQUEST, "there is no resource type " + resource.resourceType());
        List<String> keys = resource.configurationKeys();
        Set<String> wanted = keys == null || keys.isEmpty() ? null : new LinkedHashSet<>(keys);
        EffectiveConfigs configs = home.configs();
        return switch (type.get()) {
            case TOPIC -> topic(resource, wanted, request);
            case BROKER -> broker(resource, wanted, request);
            case GROUP ->
                resource.resourceName().isEmpty()
                        ? refused(resource, ErrorCode.INVALID_REQUEST, "the group's name is empty")
                        : found(
                                resource,
                                configs.describeGroup(
                                        home.image().configs().of(ConfigResource.group(resource.resourceName())),
                                        wanted),
                                request);
            case CLIENT_METRICS ->
                resource.resourceName().isEmpty()
                        ? refused(resource, ErrorCode.INVALID_REQUEST, "the subscription's name is empty")
                        : found(
                                resource,
                                EffectiveConfigs.describeClientMetrics(
                                        home.image()
                                                .configs()
                                                .of(new ConfigResource(
                                                        ConfigResource.Type.CLIENT_METRICS, resource.resourceName())),
                                        wanted),
                                request);
            case BROKER_LOGGER ->
                refused(resource, ErrorCode.INVALID_REQUEST, "this server's log has one level, set when it starts");
        };
    }

    private DescribeConfigsResponse.DescribeConfigsResult topic(
            DescribeConfigsRequest.DescribeConfigsResource resource,
            @Nullable Set<String> wanted,
            DescribeConfigsRequest request) {
        String name = resource.resourceName();
        if (!TopicCreation.isValidName(name))
            return refused(resource, ErrorCode.INVALID_TOPIC_EXCEPTION, "'" + name + "' is not a topic's name");
        if (home.image().topics().topic(name) == null)
            return refused(
                    resource, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.message());
        return found(
                resource,
                home.configs().describeTopic(home.image().configs().of(ConfigResource.topic(name)), wanted),
                request);
    }

    private DescribeConfigsResponse.DescribeConfigsResult broker(
            DescribeConfigsRequest.DescribeConfigsResource resource,
            @Nullable Set<String> wanted,
            DescribeConfigsRequest request) {
        String name = resource.resourceName();
        if (name.isEmpty()) return found(resource, home.configs().describeClusterDefault(wanted), request);
        if (!name.equals(String.valueOf(nodeId)))
            return refused(
                    resource,
                    ErrorCode.INVALID_REQUEST,
                    "the configuration of broker '" + name + "' is asked of broker " + nodeId);
        return found(resource, home.configs().describeBroker(wanted), request);
    }

    private static DescribeConfigsResponse.DescribeConfigsResult refused(
            DescribeConfigsRequest.DescribeConfigsResource resource, ErrorCode error, String message) {
        return DescribeConfigsResponse.DescribeConfigsResult.builder()
                .errorCode(error.code())
                .errorMessage(message)
                .resourceType(resource.resourceType())
                .resourceName(resource.resourceName())
                .build();
    }

    private static DescribeConfigsResponse.DescribeConfigsResult found(
            DescribeConfigsRequest.DescribeConfigsResource resource,
            List<DescribedConfig> described,
            DescribeConfigsRequest request) {
        List<DescribeConfigsResponse.DescribeConfigsResourceResult> configs = new ArrayList<>(described.size());
        for (DescribedConfig config : described) configs.add(entry(config, request));
        return DescribeConfigsResponse.DescribeConfigsResult.builder()
                .errorMessage(null)
                .resourceType(resource.resourceType())
                .resourceName(resource.resourceName())
                .configs(configs)
                .build();
    }

    private static DescribeConfigsResponse.DescribeConfigsResourceResult entry(
            DescribedConfig config, DescribeConfigsRequest request) {
        List<DescribeConfigsResponse.DescribeConfigsSynonym> synonyms = new ArrayList<>();
        if (request.includeSynonyms())
            for (DescribedConfig.Synonym synonym : config.synonyms())
                synonyms.add(DescribeConfigsResponse.DescribeConfigsSynonym.builder()
                        .name(synonym.name())
                        .value(synonym.value())
                        .source(synonym.source().code())
                        .build());
        return DescribeConfigsResponse.DescribeConfigsResourceResult.builder()
                .name(config.name())
                .value(config.value())
                .readOnly(config.isReadOnly())
                .configSource(config.source().code())
                .isSensitive(config.isSensitive())
                .synonyms(synonyms)
                .configType(config.type().code())
                .documentation(request.includeDocumentation() ? config.documentation() : null)
                .build();
    }
}
