package io.millrace.simulator.scenario;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Makes a topic and learns its id. A topic whose making was acknowledged is there ever after, with the same id. */
final class TopicMaker implements Actor {
    private static final int TIMEOUT_MS = 5_000;

    private final String topic;
    private final int partitions;
    private final SortedMap<String, String> properties;
    private final int replicas;
    private final Caller caller;
    private @Nullable Uuid acknowledgedId;
    private @Nullable Uuid topicId;

    TopicMaker(String topic, int partitions, Caller caller) {
        this(topic, partitions, 1, caller);
    }

    TopicMaker(String topic, int partitions, int replicas, Caller caller) {
        this(topic, partitions, replicas, Map.of(), caller);
    }

    /** @param properties of the topic */
    TopicMaker(String topic, int partitions, int replicas, Map<String, String> properties, Caller caller) {
        this.properties = new TreeMap<>(properties);
        this.topic = topic;
        this.partitions = partitions;
        this.replicas = replicas;
        this.caller = caller;
    }

    @Override
    public void begin() {
        CreateTopicsRequest request = CreateTopicsRequest.builder()
                .topics(List.of(CreateTopicsRequest.CreatableTopic.builder()
                        .name(topic)
                        .numPartitions(partitions)
                        .replicationFactor((short) replicas)
                        .configs(properties.entrySet().stream()
                                .map(each -> CreateTopicsRequest.CreatableTopicConfig.builder()
                                        .name(each.getKey())
                                        .value(each.getValue())
                                        .build())
                                .toList())
                        .build()))
                .timeoutMs(TIMEOUT_MS)
                .build();
        caller.ask(
                request,
                CreateTopicsResponse.class,
                answer -> {
                    var made = answer.topics().getFirst();
                    ErrorCode error = ErrorCode.forCode(made.errorCode());
                    if (error == ErrorCode.NONE) acknowledgedId = made.topicId();
                    if (error == ErrorCode.NONE || error == ErrorCode.TOPIC_ALREADY_EXISTS) lookUp();
                    else if (error.isRetriable() || mayComeYet(error)) caller.afterPause(this::begin);
                    else throw new AssertionError("CreateTopics: " + error + ", " + made.errorMessage());
                },
                () -> caller.afterPause(this::begin));
    }

    /** Too few brokers may be awake yet, perhaps none. */
    private static boolean mayComeYet(ErrorCode error) {
        return error == ErrorCode.INVALID_REPLICATION_FACTOR;
    }

    /** Looks the topic up, again and again while it is not served yet. */
    void lookUp() {
        topicId = null;
        MetadataRequest request = MetadataRequest.builder()
                .topics(List.of(MetadataRequest.MetadataRequestTopic.builder()
                        .name(topic)
                        .build()))
                .allowAutoTopicCreation(false)
                .build();
        caller.ask(
                request,
                MetadataResponse.class,
                answer -> {
                    var found = answer.topics().getFirst();
                    ErrorCode error = ErrorCode.forCode(found.errorCode());
                    if (error == ErrorCode.NONE) found(found.topicId());
                    else if (error.isRetriable()) caller.afterPause(this::lookUp);
                    else throw new AssertionError("Metadata: " + error);
                },
                () -> caller.afterPause(this::lookUp));
    }

    private void found(Uuid id) {
        if (acknowledgedId != null && !acknowledgedId.equals(id))
            throw new AssertionError("topic " + topic + " was made as " + acknowledgedId + " and is now " + id);
        acknowledgedId = id;
        topicId = id;
    }

    @Override
    public boolean isDone() {
        return topicId != null;
    }

    Uuid topicId() {
        if (topicId == null) throw new IllegalStateException("the topic is not there yet");
        return topicId;
    }
}
