package io.millrace.server.controller;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.server.groups.LaneGroups;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.InternalTopics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Topics that come to be because somebody used them: a client's by its name, a coordinator's by its configuration. */
public final class TopicCreation {
    private static final int MAX_NAME_CHARS = 249;

    private final ControllerAccess controller;
    private final EffectiveConfigs configs;
    private final NewPartitionSpace space;
    private final boolean fitsOffsetsTopic;

    /**
     * Makes topics by way of a controller, with a node's static properties.
     *
     * @param fitsOffsetsTopic whether {@code __consumer_offsets} is made with fewer replicas where there are fewer brokers
     */
    public TopicCreation(
            ControllerAccess controller, EffectiveConfigs configs, NewPartitionSpace space, boolean fitsOffsetsTopic) {
        this.controller = controller;
        this.configs = configs;
        this.space = space;
        this.fitsOffsetsTopic = fitsOffsetsTopic;
    }

    /** {@code auto.create.topics.enable}. */
    public boolean isAutomatic() {
        return configs.brokerBoolean("auto.create.topics.enable");
    }

    /** Whether a topic may be called so: 1 to 249 of letters, digits, '.', '_' and '-', but neither "." nor "..". */
    public static boolean isValidName(String name) {
        if (name.isEmpty() || name.length() > MAX_NAME_CHARS || name.equals(".") || name.equals("..")) return false;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean isLegal = (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || c == '.'
                    || c == '_'
                    || c == '-';
            if (!isLegal) return false;
        }
        return true;
    }

    /** Makes topics that clients asked for, with the defaults for partitions and replicas; internal ones as theirs says. */
    public void create(List<String> names, BrokerLane home, Consumer<Map<String, ErrorCode>> then) {
        List<CreateTopicsRequest.CreatableTopic> topics = new ArrayList<>();
        Map<String, ErrorCode> errors = new LinkedHashMap<>();
        for (String name : names) {
            // A coordinator's own topic takes of the reserve what its records would.
            boolean hasSpace =
                    InternalTopics.contains(name) || space.whyNoNewPartitions().isEmpty();
            if (isValidName(name) && hasSpace) topics.add(topic(name, home.image()));
            else if (!hasSpace) errors.put(name, ErrorCode.LEADER_NOT_AVAILABLE);
            else errors.put(name, ErrorCode.INVALID_TOPIC_EXCEPTION);
        }
        if (topics.isEmpty()) {
            then.accept(errors);
            return;
        }
        CreateTopicsRequest request =
                CreateTopicsRequest.builder().topics(topics).timeoutMs(30_000).build();
        controller.ask(home, new Creation(request), response -> {
            for (var result : response.topics()) errors.put(result.name(), ErrorCode.forCode(result.errorCode()));
            then.accept(errors);
        });
    }

    /** Makes a coordinator's topic. */
    public void createInternal(String name, BrokerLane home, Consumer<ErrorCode> then) {
        create(List.of(name), home, errors -> then.accept(errors.getOrDefault(name, ErrorCode.NONE)));
    }

    /** How many replicas the offsets' partitions can have now (ADR 51); the controller raises it when brokers join. */
    private short offsetsFactor(MetadataImage image) {
        int wanted = configs.brokerInt("offsets.topic.replication.factor");
        if (!fitsOffsetsTopic) return (short) wanted;
        int brokers = 0;
        for (BrokerImage broker : image.cluster().brokersInOrder())
            if (broker.isActive() && !broker.isCordoned()) brokers++;
        return (short) Math.max(1, Math.min(wanted, brokers));
    }

    private CreateTopicsRequest.CreatableTopic topic(String name, MetadataImage image) {
        CreateTopicsRequest.CreatableTopic.Builder topic =
                CreateTopicsRequest.CreatableTopic.builder().name(name);
        if (!name.equals(LaneGroups.TOPIC))
            return topic.numPartitions(-1).replicationFactor((short) -1).build();
        return topic.numPartitions(configs.brokerInt("offsets.topic.num.partitions"))
                .replicationFactor(offsetsFactor(image))
                .configs(List.of(
                        config("cleanup.policy", "compact"),
                        config("compression.type", "producer"),
                        config("segment.bytes", configs.brokerText("offsets.topic.segment.bytes"))))
                .build();
    }

    private static CreateTopicsRequest.CreatableTopicConfig config(String name, String value) {
        return CreateTopicsRequest.CreatableTopicConfig.builder()
                .name(name)
                .value(value)
                .build();
    }

    /** Whether an image has the topics that were made, or were there. */
    public static boolean isShownBy(MetadataImage image, CreateTopicsResponse answer) {
        for (var topic : answer.topics()) {
            boolean isThere = topic.errorCode() == ErrorCode.NONE.code()
                    || topic.errorCode() == ErrorCode.TOPIC_ALREADY_EXISTS.code();
            if (isThere && image.topics().topic(topic.name()) == null) return false;
        }
        return true;
    }

    private record Creation(CreateTopicsRequest request) implements ControllerAccess.Question<CreateTopicsResponse> {
        @Override
        public boolean isShownBy(MetadataImage image, CreateTopicsResponse answer) {
            return TopicCreation.isShownBy(image, answer);
        }

        @Override
        public Decision<CreateTopicsResponse> decide(Controller controller, ControllerContext context) {
            return controller.createTopics(request, context);
        }

        @Override
        public CreateTopicsResponse refused(ErrorCode error) {
            return CreateTopicsResponse.builder()
                    .topics(request.topics().stream()
                            .map(topic -> CreateTopicsResponse.CreatableTopicResult.builder()
                                    .name(topic.name())
                                    .errorCode(error.code())
                                    .errorMessage(error.message())
                                    .build())
                            .toList())
                    .build();
        }
    }
}
