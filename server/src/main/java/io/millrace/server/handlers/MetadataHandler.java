package io.millrace.server.handlers;

import io.millrace.metadata.TopicImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.server.controller.TopicCreation;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Metadata (key 3), versions 0-13: brokers, topics, partitions. Topic ids from v10 (KIP-516), asked for by id from v12. A topic that
 * does not exist is created if both sides allow it, and the answer waits for that, so that the client need not come again.
 */
public final class MetadataHandler implements Handler<MetadataRequest, MetadataResponse> {
    private static final int LAST_VERSION_WITHOUT_AUTO_CREATION_FLAG = 3;

    private final BrokerLane home;
    private final ClientView view;
    private final String clusterId;
    private final TopicCreation creation;

    /** Makes the handler of one lane. */
    public MetadataHandler(BrokerLane home, ClientView view, String clusterId, TopicCreation creation) {
        this.home = home;
        this.view = view;
        this.clusterId = clusterId;
        this.creation = creation;
    }

    @Override
    public void handle(MetadataRequest request, Exchange<MetadataResponse> exchange) {
        List<MetadataRequest.MetadataRequestTopic> wantedTopics = request.topics();
        if (wantedTopics == null || (exchange.version() == 0 && wantedTopics.isEmpty())) {
            List<MetadataResponse.MetadataResponseTopic> topics = new ArrayList<>();
            for (TopicImage topic : home.image().topics().inOrder())
                topics.add(TopicViews.topic(home.image(), topic, request.includeTopicAuthorizedOperations()));
            exchange.reply(answer(request, exchange, topics));
            return;
        }
        boolean mayCreate =
                exchange.version() <= LAST_VERSION_WITHOUT_AUTO_CREATION_FLAG || request.allowAutoTopicCreation();
        List<String> missing = new ArrayList<>();
        if (mayCreate && creation.isAutomatic())
            for (var wanted : wantedTopics) {
                String name = wanted.name();
                if (name != null && home.image().topics().topic(name) == null && !missing.contains(name))
                    missing.add(name);
            }
        if (missing.isEmpty()) exchange.reply(answer(request, exchange, topics(request, wantedTopics, Map.of())));
        else
            creation.create(
                    missing,
                    home,
                    errors -> exchange.reply(
                            answer(request, exchange, topics(request, wantedTopics, new LinkedHashMap<>(errors)))));
    }

    private List<MetadataResponse.MetadataResponseTopic> topics(
            MetadataRequest request,
            List<MetadataRequest.MetadataRequestTopic> wantedTopics,
            Map<String, ErrorCode> creationErrors) {
        List<MetadataResponse.MetadataResponseTopic> topics = new ArrayList<>();
        for (var wanted : new LinkedHashSet<>(wantedTopics)) {
            String name = wanted.name();
            Uuid id = wanted.topicId();
            TopicImage topic = name != null
                    ? home.image().topics().topic(name)
                    : home.image().topics().topic(id);
            if (topic != null)
                topics.add(TopicViews.topic(home.image(), topic, request.includeTopicAuthorizedOperations()));
            else topics.add(TopicViews.refused(name, id, whyMissing(name, creationErrors)));
        }
        return topics;
    }

    private static ErrorCode whyMissing(@Nullable String name, Map<String, ErrorCode> creationErrors) {
        if (name == null) return ErrorCode.UNKNOWN_TOPIC_ID;
        ErrorCode error = creationErrors.get(name);
        if (error != null && error != ErrorCode.NONE && error != ErrorCode.TOPIC_ALREADY_EXISTS) return error;
        return TopicCreation.isValidName(name)
                ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
                : ErrorCode.INVALID_TOPIC_EXCEPTION;
    }

    private MetadataResponse answer(
            MetadataRequest request,
            Exchange<MetadataResponse> exchange,
            List<MetadataResponse.MetadataResponseTopic> topics) {
        List<MetadataResponse.MetadataResponseBroker> brokers = new ArrayList<>();
        for (ClientView.Node node : view.brokers(home.image(), exchange, false))
            brokers.add(MetadataResponse.MetadataResponseBroker.builder()
                    .nodeId(node.id())
                    .host(node.host())
                    .port(node.port())
                    .rack(node.rack())
                    .build());
        return MetadataResponse.builder()
                .brokers(brokers)
                .clusterId(clusterId)
                .controllerId(brokers.isEmpty() ? -1 : brokers.get(0).nodeId())
                .topics(topics)
                .clusterAuthorizedOperations(
                        request.includeClusterAuthorizedOperations() ? AuthorizedOperations.CLUSTER : Integer.MIN_VALUE)
                .build();
    }
}
