package io.millrace.client;

import io.millrace.client.TopicDescription.PartitionDescription;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.CreatePartitionsRequest;
import io.millrace.protocol.messages.CreatePartitionsRequest.CreatePartitionsAssignment;
import io.millrace.protocol.messages.CreatePartitionsRequest.CreatePartitionsTopic;
import io.millrace.protocol.messages.CreatePartitionsResponse;
import io.millrace.protocol.messages.CreatePartitionsResponse.CreatePartitionsTopicResult;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsRequest.CreatableReplicaAssignment;
import io.millrace.protocol.messages.CreateTopicsRequest.CreatableTopic;
import io.millrace.protocol.messages.CreateTopicsRequest.CreatableTopicConfig;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.protocol.messages.CreateTopicsResponse.CreatableTopicConfigs;
import io.millrace.protocol.messages.CreateTopicsResponse.CreatableTopicResult;
import io.millrace.protocol.messages.DeleteTopicsRequest;
import io.millrace.protocol.messages.DeleteTopicsRequest.DeleteTopicState;
import io.millrace.protocol.messages.DeleteTopicsResponse;
import io.millrace.protocol.messages.DeleteTopicsResponse.DeletableTopicResult;
import io.millrace.protocol.messages.DescribeTopicPartitionsRequest;
import io.millrace.protocol.messages.DescribeTopicPartitionsResponse;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.protocol.messages.MetadataResponse.MetadataResponseTopic;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What an {@link Admin} does with topics and partitions. Maps it returns have the order of what was asked. */
public final class TopicAdmin {
    /** Partitions asked for in one answer; Kafka's servers give at most 2000 by default. */
    private static final int PARTITIONS_PER_PAGE = 2000;

    private static final int FIRST_DELETE_BY_STATE = 6;

    /** Versions 10 and 11 of Metadata have topic ids, and do not take them for questions. */
    private static final int FIRST_METADATA_BY_ID = 12;

    private static final int FIRST_METADATA_WITH_OPERATIONS = 8;

    private final Cluster cluster;

    TopicAdmin(Cluster cluster) {
        this.cluster = cluster;
    }

    /** All topics, internal ones too, by name. */
    public List<TopicListing> list() {
        List<TopicListing> found = new ArrayList<>();
        for (MetadataResponseTopic topic :
                cluster.metadata(null, cluster.deadline()).topics()) {
            String name = topic.name();
            if (name == null) continue;
            found.add(new TopicListing(
                    name,
                    topic.topicId(),
                    topic.isInternal(),
                    topic.partitions().size()));
        }
        found.sort(Comparator.comparing(TopicListing::name));
        return found;
    }

    /**
     * What the created topic came out as.
     *
     * @param id {@link Uuid#ZERO} if it was only to be validated, or the cluster has no topic ids
     * @param partitionCount -1 if the caller may not know
     * @param replicationFactor -1 if the caller may not know
     * @param configs its properties in force, by name; empty if the caller may not know, or the cluster is too old to tell
     */
    public record Created(String name, Uuid id, int partitionCount, int replicationFactor, List<ConfigEntry> configs) {
        /** Fixes the list. */
        public Created {
            configs = List.copyOf(configs);
        }
    }

    /**
     * Creates topics (KIP-4); each is created or refused on its own.
     *
     * @param validateOnly only say what would happen
     */
    public Map<String, Answer<Created>> create(Collection<NewTopic> topics, boolean validateOnly) {
        Deadline deadline = cluster.deadline();
        var request = CreateTopicsRequest.builder()
                .topics(topics.stream().map(TopicAdmin::creatable).toList())
                .timeoutMs(deadline.leftMs())
                .validateOnly(validateOnly)
                .build();
        var call = Call.of(
                request,
                CreateTopicsResponse.class,
                answer -> answer.topics().stream()
                        .map(CreatableTopicResult::errorCode)
                        .toList());
        // Version 4 is the first in which -1 stands for the cluster's defaults (KIP-464).
        var answer = cluster.ask(new Destination.Controller(), call.from(4), deadline);
        Map<String, Answer<Created>> outcomes = new LinkedHashMap<>();
        for (NewTopic topic : topics) outcomes.put(topic.name(), unanswered());
        for (var result : answer.topics()) {
            var created = new Created(
                    result.name(),
                    result.topicId(),
                    result.numPartitions(),
                    result.replicationFactor(),
                    configs(result.configs()));
            outcomes.put(result.name(), Answer.of(result.errorCode(), result.errorMessage(), created));
        }
        return outcomes;
    }

    private static List<ConfigEntry> configs(@Nullable List<CreatableTopicConfigs> told) {
        if (told == null) return List.of();
        return told.stream()
                .map(it -> new ConfigEntry(
                        it.name(),
                        it.value(),
                        ConfigEntry.Source.forCode(it.configSource()),
                        it.readOnly(),
                        it.isSensitive()))
                .sorted(Comparator.comparing(ConfigEntry::name))
                .toList();
    }

    private static CreatableTopic creatable(NewTopic topic) {
        List<CreatableReplicaAssignment> assignments = new ArrayList<>();
        for (List<Integer> brokerIds : topic.assignments())
            assignments.add(new CreatableReplicaAssignment(assignments.size(), brokerIds));
        return new CreatableTopic(
                topic.name(),
                topic.partitionCount(),
                (short) topic.replicationFactor(),
                assignments,
                topic.configs().entrySet().stream()
                        .map(config -> new CreatableTopicConfig(config.getKey(), config.getValue()))
                        .toList());
    }

    /** Deletes topics; each is deleted or refused on its own. */
    public Map<String, Answer<String>> delete(Collection<String> names) {
        Deadline deadline = cluster.deadline();
        var call = new Call<>(
                ApiKey.DELETE_TOPICS,
                ApiKey.DELETE_TOPICS.oldestVersion(),
                ApiKey.DELETE_TOPICS.latestVersion(),
                version -> deletion(version, names, deadline),
                DeleteTopicsResponse.class,
                answer -> answer.responses().stream()
                        .map(DeletableTopicResult::errorCode)
                        .toList());
        var answer = cluster.ask(new Destination.Controller(), call, deadline);
        Map<String, Answer<String>> outcomes = new LinkedHashMap<>();
        for (String name : names) outcomes.put(name, unanswered());
        for (var result : answer.responses()) {
            String name = result.name();
            if (name == null) continue;
            String message = missing(result.errorCode(), name);
            outcomes.put(name, Answer.of(result.errorCode(), message == null ? result.errorMessage() : message, name));
        }
        return outcomes;
    }

    /** From version 6 on a topic can be named by its id too (KIP-516). */
    private static DeleteTopicsRequest deletion(int version, Collection<String> names, Deadline deadline) {
        var request = DeleteTopicsRequest.builder().timeoutMs(deadline.leftMs());
        if (version < FIRST_DELETE_BY_STATE)
            return request.topicNames(List.copyOf(names)).build();
        return request.topics(names.stream()
                        .map(name -> DeleteTopicState.builder().name(name).build())
                        .toList())
                .build();
    }

    /**
     * Deletes topics by their ids (KIP-516), so that one made again under the same name is safe.
     *
     * @return by id: the name of the topic that was deleted; UNKNOWN_TOPIC_ID where there is none
     */
    public Map<Uuid, Answer<String>> deleteById(Collection<Uuid> ids) {
        if (ids.isEmpty()) return Map.of();
        Deadline deadline = cluster.deadline();
        var request = DeleteTopicsRequest.builder()
                .timeoutMs(deadline.leftMs())
                .topics(ids.stream().map(id -> new DeleteTopicState(null, id)).toList())
                .build();
        var call = Call.of(
                        request,
                        DeleteTopicsResponse.class,
                        answer -> answer.responses().stream()
                                .map(DeletableTopicResult::errorCode)
                                .toList())
                .from(FIRST_DELETE_BY_STATE);
        var answer = cluster.ask(new Destination.Controller(), call, deadline);
        Map<Uuid, Answer<String>> outcomes = new LinkedHashMap<>();
        for (Uuid id : ids) outcomes.put(id, unanswered());
        for (var result : answer.responses()) {
            String name = result.name();
            outcomes.put(
                    result.topicId(), Answer.of(result.errorCode(), result.errorMessage(), name == null ? "" : name));
        }
        return outcomes;
    }

    /**
     * Gives topics more partitions (KIP-195).
     *
     * @param partitionCounts how many each topic shall have in all
     * @param assignments for topics whose new partitions are placed by hand: broker ids of each, in order
     */
    public Map<String, Answer<String>> createPartitions(
            Map<String, Integer> partitionCounts, Map<String, List<List<Integer>>> assignments) {
        return createPartitions(partitionCounts, assignments, false);
    }

    /**
     * As {@link #createPartitions(Map, Map)}.
     *
     * @param validateOnly only say what would happen
     */
    public Map<String, Answer<String>> createPartitions(
            Map<String, Integer> partitionCounts, Map<String, List<List<Integer>>> assignments, boolean validateOnly) {
        Deadline deadline = cluster.deadline();
        List<CreatePartitionsTopic> topics = new ArrayList<>();
        partitionCounts.forEach(
                (name, count) -> topics.add(new CreatePartitionsTopic(name, count, placed(assignments.get(name)))));
        var request = CreatePartitionsRequest.builder()
                .topics(topics)
                .timeoutMs(deadline.leftMs())
                .validateOnly(validateOnly)
                .build();
        var call = Call.of(
                request,
                CreatePartitionsResponse.class,
                answer -> answer.results().stream()
                        .map(CreatePartitionsTopicResult::errorCode)
                        .toList());
        var answer = cluster.ask(new Destination.Controller(), call, deadline);
        Map<String, Answer<String>> outcomes = new LinkedHashMap<>();
        for (String name : partitionCounts.keySet()) outcomes.put(name, unanswered());
        for (var result : answer.results())
            outcomes.put(result.name(), Answer.of(result.errorCode(), result.errorMessage(), result.name()));
        return outcomes;
    }

    private static @Nullable List<CreatePartitionsAssignment> placed(@Nullable List<List<Integer>> brokerIds) {
        if (brokerIds == null) return null;
        return brokerIds.stream().map(CreatePartitionsAssignment::new).toList();
    }

    /** Where the partitions of topics are. A topic there is not is refused with UNKNOWN_TOPIC_OR_PARTITION. */
    public Map<String, Answer<TopicDescription>> describe(Collection<String> names) {
        if (names.isEmpty()) return Map.of();
        Deadline deadline = cluster.deadline();
        Map<String, Answer<TopicDescription>> outcomes = new LinkedHashMap<>();
        for (String name : names) outcomes.put(name, unanswered());
        if (cluster.speaks(ApiKey.DESCRIBE_TOPIC_PARTITIONS, new Destination.AnyNode(), deadline))
            describeByPages(names, deadline, outcomes);
        else describeByMetadata(names, deadline, outcomes);
        return outcomes;
    }

    /** Nodes since Kafka 3.8 answer page by page, with eligible leaders (KIP-966). */
    private void describeByPages(
            Collection<String> names, Deadline deadline, Map<String, Answer<TopicDescription>> outcomes) {
        List<DescribeTopicPartitionsRequest.TopicRequest> asked = names.stream()
                .sorted()
                .map(DescribeTopicPartitionsRequest.TopicRequest::new)
                .toList();
        DescribeTopicPartitionsRequest.Cursor cursor = null;
        Map<String, DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic> topics = new TreeMap<>();
        Map<String, List<PartitionDescription>> partitions = new TreeMap<>();
        do {
            var request = DescribeTopicPartitionsRequest.builder()
                    .topics(asked)
                    .responsePartitionLimit(PARTITIONS_PER_PAGE)
                    .cursor(cursor)
                    .build();
            var call = Call.of(request, DescribeTopicPartitionsResponse.class, answer -> List.of());
            var answer = cluster.ask(new Destination.AnyNode(), call, deadline);
            for (var topic : answer.topics()) {
                String name = topic.name();
                if (name == null) continue;
                topics.put(name, topic);
                for (var it : topic.partitions()) {
                    partitions
                            .computeIfAbsent(name, key -> new ArrayList<>())
                            .add(new PartitionDescription(
                                    it.partitionIndex(),
                                    it.leaderId(),
                                    it.leaderEpoch(),
                                    it.replicaNodes(),
                                    it.isrNodes(),
                                    orEmpty(it.eligibleLeaderReplicas()),
                                    orEmpty(it.lastKnownElr()),
                                    it.offlineReplicas()));
                }
            }
            cursor = next(cursor, answer.nextCursor());
        } while (cursor != null);
        topics.forEach((name, topic) -> {
            List<PartitionDescription> found = partitions.getOrDefault(name, List.of());
            outcomes.put(
                    name,
                    Answer.of(
                            topic.errorCode(),
                            missing(topic.errorCode(), name),
                            new TopicDescription(name, topic.topicId(), topic.isInternal(), byNumber(found))));
        });
    }

    /** A node that does not move its cursor on would keep us for ever. */
    private static DescribeTopicPartitionsRequest.@Nullable Cursor next(
            DescribeTopicPartitionsRequest.@Nullable Cursor before,
            DescribeTopicPartitionsResponse.@Nullable Cursor after) {
        if (after == null) return null;
        var next = new DescribeTopicPartitionsRequest.Cursor(after.topicName(), after.partitionIndex());
        if (next.equals(before))
            throw new ClientFailure.Refused(
                    ErrorCode.UNKNOWN_SERVER_ERROR, "the node does not get past " + next + " when describing topics");
        return next;
    }

    private void describeByMetadata(
            Collection<String> names, Deadline deadline, Map<String, Answer<TopicDescription>> outcomes) {
        for (var topic : cluster.metadata(List.copyOf(names), deadline).topics()) {
            String name = topic.name();
            if (name == null) continue;
            outcomes.put(name, Answer.of(topic.errorCode(), missing(topic.errorCode(), name), described(name, topic)));
        }
    }

    private static TopicDescription described(String name, MetadataResponseTopic topic) {
        List<PartitionDescription> partitions = new ArrayList<>();
        for (var it : topic.partitions())
            partitions.add(new PartitionDescription(
                    it.partitionIndex(),
                    it.leaderId(),
                    it.leaderEpoch(),
                    it.replicaNodes(),
                    it.isrNodes(),
                    List.of(),
                    List.of(),
                    it.offlineReplicas()));
        return new TopicDescription(name, topic.topicId(), topic.isInternal(), byNumber(partitions));
    }

    /**
     * Where the partitions of topics are, by the topics' ids (KIP-516). Metadata tells it, which knows of no eligible leaders.
     *
     * @return by id; UNKNOWN_TOPIC_ID where there is none
     * @throws ClientFailure.NotSupported if the cluster cannot be asked by ids (before Kafka 3.1)
     */
    public Map<Uuid, Answer<TopicDescription>> describeById(Collection<Uuid> ids) {
        if (ids.isEmpty()) return Map.of();
        var request = MetadataRequest.builder()
                .topics(ids.stream()
                        .map(id -> MetadataRequest.MetadataRequestTopic.builder()
                                .topicId(id)
                                .name(null)
                                .build())
                        .toList())
                .allowAutoTopicCreation(false)
                .build();
        var call = Call.of(request, MetadataResponse.class, answer -> List.of(answer.errorCode()))
                .from(FIRST_METADATA_BY_ID);
        Map<Uuid, Answer<TopicDescription>> outcomes = new LinkedHashMap<>();
        for (Uuid id : ids) outcomes.put(id, unanswered());
        for (var topic :
                cluster.ask(new Destination.AnyNode(), call, cluster.deadline()).topics()) {
            String name = topic.name();
            outcomes.put(
                    topic.topicId(), Answer.of(topic.errorCode(), null, described(name == null ? "" : name, topic)));
        }
        return outcomes;
    }

    /**
     * What this client may do with topics (KIP-430).
     *
     * @return by name; everything a topic knows, where the cluster has no authorizer
     */
    public Map<String, Answer<Set<Acl.Operation>>> operations(Collection<String> names) {
        if (names.isEmpty()) return Map.of();
        var request = MetadataRequest.builder()
                .topics(names.stream()
                        .map(name -> MetadataRequest.MetadataRequestTopic.builder()
                                .name(name)
                                .build())
                        .toList())
                .allowAutoTopicCreation(false)
                .includeTopicAuthorizedOperations(true)
                .build();
        var call = Call.of(request, MetadataResponse.class, answer -> List.of(answer.errorCode()))
                .from(FIRST_METADATA_WITH_OPERATIONS);
        Map<String, Answer<Set<Acl.Operation>>> outcomes = new LinkedHashMap<>();
        for (String name : names) outcomes.put(name, unanswered());
        for (var topic :
                cluster.ask(new Destination.AnyNode(), call, cluster.deadline()).topics()) {
            String name = topic.name();
            if (name == null) continue;
            outcomes.put(
                    name,
                    Answer.of(
                            topic.errorCode(),
                            missing(topic.errorCode(), name),
                            Acl.Operation.setOf(topic.topicAuthorizedOperations())));
        }
        return outcomes;
    }

    private static @Nullable String missing(short errorCode, String name) {
        return errorCode == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code() ? "there is no topic " + name : null;
    }

    private static List<PartitionDescription> byNumber(List<PartitionDescription> partitions) {
        return partitions.stream()
                .sorted(Comparator.comparingInt(PartitionDescription::partition))
                .toList();
    }

    private static List<Integer> orEmpty(@Nullable List<Integer> ids) {
        return ids == null ? List.of() : ids;
    }

    static <T> Answer<T> unanswered() {
        return Answer.refused(ErrorCode.UNKNOWN_SERVER_ERROR.code(), "the node's answer leaves it out");
    }
}
