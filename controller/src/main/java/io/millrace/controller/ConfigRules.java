package io.millrace.controller;

import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.config.BrokerConfigs;
import io.millrace.metadata.config.ClientMetricsConfigs;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.metadata.config.GroupConfigs;
import io.millrace.metadata.config.TopicConfigs;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What properties a resource may have, by its kind. */
final class ConfigRules {
    private static final String CORDONED = "cordoned.log.dirs";

    private final MetadataImage image;
    private final EffectiveConfigs configs;

    ConfigRules(MetadataImage image, EffectiveConfigs configs) {
        this.image = image;
        this.configs = configs;
    }

    /** Why these may not be a topic's own properties; null if they may. */
    @Nullable
    Refusal topicRefusal(Map<String, String> properties) {
        return invalidConfig(
                TopicConfigs.refusal(properties, configs.brokerBoolean("remote.log.storage.system.enable")));
    }

    /** Why the resource's name cannot be one; null if it can, whether or not it is there. */
    static @Nullable Refusal nameRefusal(ConfigResource resource) {
        String name = resource.name();
        return switch (resource.type()) {
            case TOPIC -> {
                if (name.isEmpty()) yield Refusal.invalidRequest("Default topic resources are not allowed.");
                Optional<String> bad = TopicNames.refusal(name);
                yield bad.isEmpty() ? null : new Refusal(ErrorCode.INVALID_TOPIC_EXCEPTION, bad.get());
            }
            case BROKER -> {
                if (name.isEmpty() || isNumber(name)) yield null;
                yield Refusal.invalidRequest("Node id must be an integer, but it is: " + name);
            }
            case GROUP -> name.isEmpty() ? Refusal.invalidRequest("Default group resources are not allowed.") : null;
            case CLIENT_METRICS ->
                name.isEmpty() ? Refusal.invalidRequest("Default client metrics resources are not allowed.") : null;
            case BROKER_LOGGER ->
                Refusal.invalidRequest("Loggers belong to a broker and are altered there, not at the controller.");
        };
    }

    /** Why these may not be all that the resource has of its own; null if they may. */
    @Nullable
    Refusal refusal(ConfigResource resource, Map<String, String> properties) {
        return switch (resource.type()) {
            case TOPIC ->
                image.topics().topic(resource.name()) == null
                        ? new Refusal(
                                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                                "The topic '" + resource.name() + "' does not exist.")
                        : topicRefusal(properties);
            case BROKER -> brokerRefusal(resource.name(), properties);
            case GROUP -> invalidConfig(GroupConfigs.refusal(properties, configs::broker));
            case CLIENT_METRICS ->
                ClientMetricsConfigs.refusal(properties)
                        .map(each -> new Refusal(each.error(), each.message()))
                        .orElse(null);
            case BROKER_LOGGER -> nameRefusal(resource);
        };
    }

    private @Nullable Refusal brokerRefusal(String name, Map<String, String> properties) {
        if (!name.isEmpty()) {
            int id = Integer.parseInt(name);
            if (image.cluster().broker(id) == null
                    && !image.cluster().controllers().contains(id))
                return new Refusal(ErrorCode.BROKER_ID_NOT_REGISTERED, "No node with id " + id + " found.");
        }
        Optional<String> bad = BrokerConfigs.dynamicRefusal(properties, !name.isEmpty());
        if (bad.isPresent()) return Refusal.invalidRequest(bad.get());
        String cordoned = properties.get(CORDONED);
        return cordoned == null || !name.equals(configs.broker("node.id")) ? null : cordonRefusal(cordoned);
    }

    /** Only directories that this server has can be cordoned (KIP-1066), or all of them. */
    private @Nullable Refusal cordonRefusal(String cordoned) {
        List<String> wanted = Arrays.stream(cordoned.split(",", -1))
                .map(String::strip)
                .filter(path -> !path.isEmpty())
                .toList();
        if (wanted.contains("*"))
            return wanted.size() == 1
                    ? null
                    : Refusal.invalidRequest(
                            "requirement failed: When " + CORDONED + " is set to *, it must not contain other values");
        List<String> known = configs.brokerList("log.dirs");
        if (known.isEmpty()) known = configs.brokerList("log.dir");
        List<String> missing = new ArrayList<>(wanted);
        missing.removeAll(known);
        return missing.isEmpty()
                ? null
                : Refusal.invalidRequest("requirement failed: All entries in " + CORDONED
                        + " must be present in log.dirs or log.dir. Missing entries : "
                        + String.join(", ", missing));
    }

    private static @Nullable Refusal invalidConfig(Optional<String> message) {
        return message.isEmpty() ? null : new Refusal(ErrorCode.INVALID_CONFIG, message.get());
    }

    private static boolean isNumber(String name) {
        try {
            Integer.parseInt(name);
            return true;
        } catch (NumberFormatException notANumber) {
            return false;
        }
    }
}
