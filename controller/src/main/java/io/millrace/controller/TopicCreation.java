package io.millrace.controller;

import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.metadata.config.DescribedConfig;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsRequest.CreatableReplicaAssignment;
import io.millrace.protocol.messages.CreateTopicsRequest.CreatableTopic;
import io.millrace.protocol.messages.CreateTopicsRequest.CreatableTopicConfig;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.protocol.messages.CreateTopicsResponse.CreatableTopicConfigs;
import io.millrace.protocol.messages.CreateTopicsResponse.CreatableTopicResult;
import io.millrace.protocol.messages.TopicRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** CreateTopics: every topic succeeds or fails by itself; the records of those that succeed are one atomic batch. */
final class TopicCreation {
    private static final int MAX_PARTITIONS_PER_REQUEST = 10_000;

    private final MetadataImage image;
    private final EffectiveConfigs configs;
    private final ConfigRules rules;
    private final Draws draws;
    private final TopicNames.Collisions collisions = new TopicNames.Collisions();

    TopicCreation(MetadataImage image, EffectiveConfigs configs, Draws draws) {
        this.image = image;
        this.configs = configs;
        this.rules = new ConfigRules(image, configs);
        this.draws = draws;
    }

    /** A topic that can be made: its records and the answer. */
    private record Made(List<VersionedRecord> records, CreatableTopicResult result) {}

    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1;
        private final transient Refusal refusal;

        Refused(Refusal refusal) {
            super(refusal.message(), null, false, false);
            this.refusal = refusal;
        }

        Refused(ErrorCode error, String message) {
            this(new Refusal(error, message));
        }
    }

    Decision<CreateTopicsResponse> handle(CreateTopicsRequest request) {
        Map<String, CreatableTopic> wanted = new LinkedHashMap<>();
        Set<String> duplicates = new TreeSet<>();
        for (CreatableTopic topic : request.topics())
            if (wanted.put(topic.name(), topic) != null) duplicates.add(topic.name());
        wanted.keySet().removeAll(duplicates);
        List<CreatableTopicResult> results = new ArrayList<>();
        List<VersionedRecord> records = new ArrayList<>();
        boolean tooMany = partitionsWanted(wanted.values()) > MAX_PARTITIONS_PER_REQUEST;
        if (wanted.keySet().stream().anyMatch(TopicNames::canCollide))
            image.topics().byName().forEach((name, topic) -> collisions.add(name));
        for (CreatableTopic topic : wanted.values()) {
            try {
                if (tooMany)
                    throw new Refused(
                            ErrorCode.POLICY_VIOLATION, "Excessively large number of partitions per request.");
                Made made = make(topic);
                records.addAll(made.records());
                results.add(made.result());
            } catch (Refused refused) {
                results.add(failed(topic.name(), refused.refusal));
            }
        }
        for (String name : duplicates) results.add(failed(name, Refusal.invalidRequest("Duplicate topic name.")));
        if (records.size() > Decision.MAX_RECORDS_PER_USER_OPERATION) return tooLarge(results);
        return Decision.atomic(request.validateOnly() ? List.of() : records, response(results));
    }

    private long partitionsWanted(Iterable<CreatableTopic> topics) {
        long count = 0;
        for (CreatableTopic topic : topics) {
            if (!topic.assignments().isEmpty()) count += topic.assignments().size();
            else count += topic.numPartitions() > 0 ? topic.numPartitions() : configs.brokerInt("num.partitions");
        }
        return count;
    }

    private static Decision<CreateTopicsResponse> tooLarge(List<CreatableTopicResult> results) {
        Refusal refusal =
                new Refusal(ErrorCode.POLICY_VIOLATION, "Unable to perform excessively large batch operation.");
        List<CreatableTopicResult> refused = new ArrayList<>();
        for (CreatableTopicResult result : results)
            refused.add(result.errorCode() == ErrorCode.NONE.code() ? failed(result.name(), refusal) : result);
        return Decision.answer(response(refused));
    }

    private static CreateTopicsResponse response(List<CreatableTopicResult> results) {
        return CreateTopicsResponse.builder().topics(results).build();
    }

    private static CreatableTopicResult failed(String name, Refusal refusal) {
        return CreatableTopicResult.builder()
                .name(name)
                .errorCode(refusal.error().code())
                .errorMessage(refusal.message())
                .configs(List.of())
                .build();
    }

    private Made make(CreatableTopic topic) throws Refused {
        checkName(topic.name());
        Map<String, String> overrides = checkedOverrides(topic);
        List<List<Integer>> assignment = topic.assignments().isEmpty() ? placed(topic) : checkedAssignment(topic);
        Uuid id = draws.nextUuid();
        while (image.topics().topic(id) != null) id = draws.nextUuid();
        List<VersionedRecord> records = new ArrayList<>();
        records.add(VersionedRecord.v0(
                TopicRecord.builder().name(topic.name()).topicId(id).build()));
        overrides.forEach((name, value) -> records.add(VersionedRecord.v0(ConfigRecord.builder()
                .resourceType(ConfigResource.Type.TOPIC.code())
                .resourceName(topic.name())
                .name(name)
                .value(value)
                .build())));
        for (int i = 0; i < assignment.size(); i++) {
            int partitionId = i;
            Optional<VersionedRecord> partition = NewPartition.record(id, partitionId, assignment.get(i), image);
            records.add(partition.orElseThrow(() -> new Refused(
                    ManualAssignment.refusal("All brokers specified in the manual partition assignment for partition "
                            + partitionId + " are fenced or in controlled shutdown."))));
        }
        return new Made(records, made(topic.name(), id, assignment, overrides));
    }

    private void checkName(String name) throws Refused {
        if (name.equals(TopicNames.CLUSTER_METADATA))
            throw new Refused(Refusal.invalidRequest("Creation of internal topic " + name + " is prohibited."));
        Optional<String> refusal = TopicNames.refusal(name);
        if (refusal.isPresent()) throw new Refused(ErrorCode.INVALID_TOPIC_EXCEPTION, refusal.get());
        if (image.topics().topic(name) != null)
            throw new Refused(ErrorCode.TOPIC_ALREADY_EXISTS, "Topic '" + name + "' already exists.");
        Optional<String> other = collisions.with(name);
        if (other.isPresent())
            throw new Refused(
                    ErrorCode.INVALID_TOPIC_EXCEPTION,
                    "Topic '" + name + "' collides with existing topic: " + other.get());
    }

    private Map<String, String> checkedOverrides(CreatableTopic topic) throws Refused {
        Map<String, String> overrides = new LinkedHashMap<>();
        Set<String> withoutValue = new TreeSet<>();
        for (CreatableTopicConfig config : topic.configs()) {
            String value = config.value();
            if (value == null) withoutValue.add(config.name());
            else overrides.put(config.name(), value);
        }
        if (!withoutValue.isEmpty())
            throw new Refused(
                    ErrorCode.INVALID_CONFIG,
                    "Null value not supported for topic configs: " + String.join(",", withoutValue));
        Refusal refusal = rules.topicRefusal(overrides);
        if (refusal != null) throw new Refused(refusal);
        return overrides;
    }

    private List<List<Integer>> checkedAssignment(CreatableTopic topic) throws Refused {
        if (topic.replicationFactor() != -1)
            throw new Refused(Refusal.invalidRequest(
                    "A manual partition assignment was specified, but replication factor was not set to -1."));
        if (topic.numPartitions() != -1)
            throw new Refused(Refusal.invalidRequest(
                    "A manual partition assignment was specified, but numPartitions was not set to -1."));
        Map<Integer, List<Integer>> byPartition = new HashMap<>();
        int replicationFactor = -1;
        for (CreatableReplicaAssignment each : topic.assignments()) {
            if (byPartition.containsKey(each.partitionIndex()))
                throw new Refused(ManualAssignment.refusal(
                        "Found multiple manual partition assignments for partition " + each.partitionIndex()));
            Refusal refusal = ManualAssignment.refusal(each.brokerIds(), replicationFactor, image.cluster());
            if (refusal != null) throw new Refused(refusal);
            replicationFactor = each.brokerIds().size();
            byPartition.put(each.partitionIndex(), each.brokerIds());
        }
        List<List<Integer>> assignment = new ArrayList<>();
        for (int i = 0; i < byPartition.size(); i++) {
            List<Integer> replicas = byPartition.get(i);
            if (replicas == null)
                throw new Refused(
                        ManualAssignment.refusal("partitions should be a consecutive 0-based integer sequence"));
            assignment.add(replicas);
        }
        return assignment;
    }

    private List<List<Integer>> placed(CreatableTopic topic) throws Refused {
        if (topic.replicationFactor() < -1 || topic.replicationFactor() == 0)
            throw new Refused(
                    ErrorCode.INVALID_REPLICATION_FACTOR,
                    "Replication factor must be larger than 0, or -1 to use the default value.");
        if (topic.numPartitions() < -1 || topic.numPartitions() == 0)
            throw new Refused(
                    ErrorCode.INVALID_PARTITIONS, "Number of partitions was set to an invalid non-positive value.");
        int partitionCount = topic.numPartitions() == -1 ? configs.brokerInt("num.partitions") : topic.numPartitions();
        int replicationFactor = topic.replicationFactor() == -1
                ? configs.brokerInt("default.replication.factor")
                : topic.replicationFactor();
        Placement placement = Placement.among(image.cluster(), draws);
        String refusal = placement.refusal(replicationFactor);
        if (refusal != null)
            throw new Refused(
                    ErrorCode.INVALID_REPLICATION_FACTOR,
                    "Unable to replicate the partition " + replicationFactor + " time(s): " + refusal);
        List<List<Integer>> assignment = new ArrayList<>(partitionCount);
        for (int i = 0; i < partitionCount; i++) assignment.add(placement.next(replicationFactor));
        return assignment;
    }

    private CreatableTopicResult made(
            String name, Uuid id, List<List<Integer>> assignment, Map<String, String> overrides) {
        List<CreatableTopicConfigs> described = new ArrayList<>();
        for (DescribedConfig config : configs.describeNewTopic(overrides))
            described.add(CreatableTopicConfigs.builder()
                    .name(config.name())
                    .value(config.value())
                    .readOnly(config.isReadOnly())
                    .configSource(config.source().code())
                    .isSensitive(config.isSensitive())
                    .build());
        return CreatableTopicResult.builder()
                .name(name)
                .topicId(id)
                .errorMessage(null)
                .numPartitions(assignment.size())
                .replicationFactor((short) assignment.get(0).size())
                .configs(described)
                .build();
    }

    /** The names in a request that come more than once; shared by the requests that list topics. */
    static Set<String> duplicates(Iterable<? extends @Nullable String> names) {
        Set<String> seen = new HashSet<>();
        Set<String> duplicates = new TreeSet<>();
        for (String name : names) if (name != null && !seen.add(name)) duplicates.add(name);
        return duplicates;
    }
}
