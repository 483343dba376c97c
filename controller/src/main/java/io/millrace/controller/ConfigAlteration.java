package io.millrace.controller;

import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.metadata.config.BrokerConfigs;
import io.millrace.metadata.config.ConfigDefinition;
import io.millrace.metadata.config.ConfigType;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.metadata.config.TopicConfigs;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterConfigsRequest;
import io.millrace.protocol.messages.AlterConfigsResponse;
import io.millrace.protocol.messages.ClearElrRecord;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.protocol.messages.IncrementalAlterConfigsRequest;
import io.millrace.protocol.messages.IncrementalAlterConfigsResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** IncrementalAlterConfigs (KIP-339) and AlterConfigs: each resource succeeds or fails as a whole, and by itself. */
final class ConfigAlteration {
    private static final String MIN_ISR = "min.insync.replicas";
    private static final byte SET = 0;
    private static final byte DELETE = 1;
    private static final byte APPEND = 2;
    private static final byte SUBTRACT = 3;

    private final MetadataImage image;
    private final EffectiveConfigs configs;
    private final ConfigRules rules;

    ConfigAlteration(MetadataImage image, EffectiveConfigs configs) {
        this.image = image;
        this.configs = configs;
        this.rules = new ConfigRules(image, configs);
    }

    /** One property and what becomes of it; null removes it. */
    private record Change(String name, @Nullable String value) {}

    /** Either changes or the reason for none. */
    private record Outcome(List<Change> changes, @Nullable Refusal refusal) {
        static Outcome refused(Refusal refusal) {
            return new Outcome(List.of(), refusal);
        }
    }

    Decision<IncrementalAlterConfigsResponse> handle(IncrementalAlterConfigsRequest request) {
        List<VersionedRecord> records = new ArrayList<>();
        List<IncrementalAlterConfigsResponse.AlterConfigsResourceResponse> responses = new ArrayList<>();
        Set<String> repeated = repeated(request.resources().stream()
                .map(each -> each.resourceType() + " " + each.resourceName())
                .toList());
        for (IncrementalAlterConfigsRequest.AlterConfigsResource each : request.resources()) {
            Refusal refusal = repeated.contains(each.resourceType() + " " + each.resourceName())
                    ? Refusal.invalidRequest("Each resource must appear at most once.")
                    : incremental(each, records);
            responses.add(IncrementalAlterConfigsResponse.AlterConfigsResourceResponse.builder()
                    .errorCode(code(refusal))
                    .errorMessage(message(refusal))
                    .resourceType(each.resourceType())
                    .resourceName(each.resourceName())
                    .build());
        }
        return Decision.atomic(
                request.validateOnly() ? List.of() : records,
                IncrementalAlterConfigsResponse.builder().responses(responses).build());
    }

    Decision<AlterConfigsResponse> handle(AlterConfigsRequest request) {
        List<VersionedRecord> records = new ArrayList<>();
        List<AlterConfigsResponse.AlterConfigsResourceResponse> responses = new ArrayList<>();
        Set<String> repeated = repeated(request.resources().stream()
                .map(each -> each.resourceType() + " " + each.resourceName())
                .toList());
        for (AlterConfigsRequest.AlterConfigsResource each : request.resources()) {
            Refusal refusal = repeated.contains(each.resourceType() + " " + each.resourceName())
                    ? Refusal.invalidRequest("Each resource must appear at most once.")
                    : replaceAll(each, records);
            responses.add(AlterConfigsResponse.AlterConfigsResourceResponse.builder()
                    .errorCode(code(refusal))
                    .errorMessage(message(refusal))
                    .resourceType(each.resourceType())
                    .resourceName(each.resourceName())
                    .build());
        }
        return Decision.atomic(
                request.validateOnly() ? List.of() : records,
                AlterConfigsResponse.builder().responses(responses).build());
    }

    private @Nullable Refusal incremental(
            IncrementalAlterConfigsRequest.AlterConfigsResource request, List<VersionedRecord> records) {
        ConfigResource.Type type =
                ConfigResource.Type.forCode(request.resourceType()).orElse(null);
        if (type == null) return Refusal.invalidRequest("Unknown resource type " + request.resourceType());
        ConfigResource resource = new ConfigResource(type, request.resourceName());
        List<String> names = new ArrayList<>();
        List<String> withoutValue = new ArrayList<>();
        for (IncrementalAlterConfigsRequest.AlterableConfig each : request.configs()) {
            names.add(each.name());
            if (each.configOperation() != DELETE && each.value() == null) withoutValue.add(each.name());
        }
        Refusal refusal = formRefusal(resource, names, withoutValue);
        if (refusal != null) return refusal;
        SortedMap<String, String> present = image.configs().of(resource);
        List<Change> changes = new ArrayList<>();
        for (IncrementalAlterConfigsRequest.AlterableConfig each : request.configs()) {
            Outcome outcome = applied(resource, present, each);
            if (outcome.refusal() != null) return outcome.refusal();
            changes.addAll(outcome.changes());
        }
        return commit(resource, present, changes, records);
    }

    private @Nullable Refusal replaceAll(
            AlterConfigsRequest.AlterConfigsResource request, List<VersionedRecord> records) {
        ConfigResource.Type type =
                ConfigResource.Type.forCode(request.resourceType()).orElse(null);
        if (type == null) return Refusal.invalidRequest("Unknown resource type " + request.resourceType());
        ConfigResource resource = new ConfigResource(type, request.resourceName());
        Map<String, @Nullable String> wanted = new LinkedHashMap<>();
        List<String> names = new ArrayList<>();
        List<String> withoutValue = new ArrayList<>();
        for (AlterConfigsRequest.AlterableConfig each : request.configs()) {
            names.add(each.name());
            if (each.value() == null) withoutValue.add(each.name());
            wanted.put(each.name(), each.value());
        }
        Refusal refusal = formRefusal(resource, names, withoutValue);
        if (refusal != null) return refusal;
        SortedMap<String, String> present = image.configs().of(resource);
        List<Change> changes = new ArrayList<>();
        wanted.forEach((name, value) -> {
            if (type == ConfigResource.Type.BROKER || !Objects.equals(present.get(name), value))
                changes.add(new Change(name, value));
        });
        for (String name : present.keySet())
            if (!wanted.containsKey(name) && !isKeptForElr(resource, name)) changes.add(new Change(name, null));
        return commit(resource, present, changes, records);
    }

    /** With eligible leader replicas the cluster must keep its minimum of in-sync replicas; leaving it out of a list is no request to drop it. */
    private boolean isKeptForElr(ConfigResource resource, String name) {
        return resource.equals(ConfigResource.BROKER_DEFAULT)
                && name.equals(MIN_ISR)
                && image.features().isElrEnabled();
    }

    private static @Nullable Refusal formRefusal(
            ConfigResource resource, List<String> names, List<String> withoutValue) {
        if (!repeated(names).isEmpty()) return Refusal.invalidRequest("Error due to duplicate config keys");
        if (!withoutValue.isEmpty())
            return Refusal.invalidRequest("Null value not supported for : " + String.join(",", withoutValue));
        return ConfigRules.nameRefusal(resource);
    }

    private Outcome applied(
            ConfigResource resource,
            SortedMap<String, String> present,
            IncrementalAlterConfigsRequest.AlterableConfig operation) {
        String name = operation.name();
        String current = present.get(name);
        String value = operation.value();
        String newValue;
        switch (operation.configOperation()) {
            case SET -> newValue = value;
            case DELETE -> newValue = null;
            case APPEND, SUBTRACT -> {
                boolean append = operation.configOperation() == APPEND;
                if (!isList(resource, name))
                    return Outcome.refused(new Refusal(
                            ErrorCode.INVALID_CONFIG,
                            "Can't " + (append ? "APPEND" : "SUBTRACT") + " to key " + name
                                    + " because its type is not LIST."));
                List<String> entries = entries(current == null ? defaultOf(resource, name) : current);
                for (String entry : entries(value)) {
                    if (!append) entries.remove(entry);
                    else if (!entries.contains(entry)) entries.add(entry);
                }
                newValue = String.join(",", entries);
            }
            default -> {
                return Outcome.refused(Refusal.invalidRequest(
                        "Unknown operation " + operation.configOperation() + " on config " + name));
            }
        }
        boolean isChange = resource.type() == ConfigResource.Type.BROKER || !Objects.equals(current, newValue);
        return new Outcome(isChange ? List.of(new Change(name, newValue)) : List.of(), null);
    }

    /** Kafka's controller knows the types of topic and broker properties only; the lists of the others cannot be added to. */
    private static boolean isList(ConfigResource resource, String name) {
        ConfigDefinition definition = switch (resource.type()) {
            case TOPIC -> TopicConfigs.find(name).orElse(null);
            case BROKER -> BrokerConfigs.find(name).orElse(null);
            case BROKER_LOGGER, CLIENT_METRICS, GROUP -> null;
        };
        return definition != null && definition.type() == ConfigType.LIST;
    }

    private @Nullable String defaultOf(ConfigResource resource, String name) {
        EffectiveConfigs withoutDynamic = configs.withDynamic(Map.of(), Map.of());
        return resource.type() == ConfigResource.Type.TOPIC
                ? withoutDynamic.topic(Map.of(), name)
                : withoutDynamic.broker(name);
    }

    private static List<String> entries(@Nullable String list) {
        List<String> entries = new ArrayList<>();
        if (list == null) return entries;
        for (String entry : list.split(",", -1)) if (!entry.isEmpty()) entries.add(entry.trim());
        return entries;
    }

    private @Nullable Refusal commit(
            ConfigResource resource,
            SortedMap<String, String> present,
            List<Change> changes,
            List<VersionedRecord> records) {
        SortedMap<String, String> after = new TreeMap<>(present);
        for (Change change : changes) {
            String value = change.value();
            if (value == null) after.remove(change.name());
            else after.put(change.name(), value);
        }
        Refusal refusal = elrRefusal(resource, changes);
        if (refusal == null) refusal = rules.refusal(resource, after);
        if (refusal != null) return refusal;
        List<VersionedRecord> own = new ArrayList<>();
        for (Change change : changes) own.addAll(recordsOf(resource, change));
        if (records.size() + own.size() > Decision.MAX_RECORDS_PER_USER_OPERATION)
            return new Refusal(ErrorCode.POLICY_VIOLATION, "Unable to perform excessively large batch operation.");
        records.addAll(own);
        return null;
    }

    /** Who is eligible to lead depends on the minimum of in-sync replicas, so with ELR every node must see the same one. */
    private @Nullable Refusal elrRefusal(ConfigResource resource, List<Change> changes) {
        if (resource.type() != ConfigResource.Type.BROKER || !image.features().isElrEnabled()) return null;
        for (Change change : changes) {
            if (!change.name().equals(MIN_ISR)) continue;
            if (!resource.name().isEmpty())
                return new Refusal(
                        ErrorCode.INVALID_CONFIG,
                        "Broker-level min.insync.replicas cannot be altered while ELR is enabled.");
            if (change.value() == null)
                return new Refusal(
                        ErrorCode.INVALID_CONFIG,
                        "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.");
        }
        return null;
    }

    private List<VersionedRecord> recordsOf(ConfigResource resource, Change change) {
        VersionedRecord config = VersionedRecord.v0(ConfigRecord.builder()
                .resourceType(resource.type().code())
                .resourceName(resource.name())
                .name(change.name())
                .value(change.value())
                .build());
        boolean clearsElr = change.name().equals(MIN_ISR)
                && image.features().isElrEnabled()
                && (resource.type() == ConfigResource.Type.TOPIC || resource.equals(ConfigResource.BROKER_DEFAULT));
        if (!clearsElr) return List.of(config);
        return List.of(
                config,
                VersionedRecord.v0(
                        ClearElrRecord.builder().topicName(resource.name()).build()));
    }

    private static Set<String> repeated(List<String> names) {
        Set<String> seen = new HashSet<>();
        Set<String> repeated = new HashSet<>();
        for (String name : names) if (!seen.add(name)) repeated.add(name);
        return repeated;
    }

    private static short code(@Nullable Refusal refusal) {
        return refusal == null ? ErrorCode.NONE.code() : refusal.error().code();
    }

    private static @Nullable String message(@Nullable Refusal refusal) {
        return refusal == null ? null : refusal.message();
    }
}
