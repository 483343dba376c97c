package io.millrace.controller;

import static io.millrace.controller.TestCluster.topic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.millrace.metadata.MetadataImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.CreatePartitionsRequest;
import io.millrace.protocol.messages.CreatePartitionsRequest.CreatePartitionsAssignment;
import io.millrace.protocol.messages.CreatePartitionsRequest.CreatePartitionsTopic;
import io.millrace.protocol.messages.CreatePartitionsResponse.CreatePartitionsTopicResult;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsRequest.CreatableReplicaAssignment;
import io.millrace.protocol.messages.CreateTopicsRequest.CreatableTopic;
import io.millrace.protocol.messages.CreateTopicsRequest.CreatableTopicConfig;
import io.millrace.protocol.messages.CreateTopicsResponse.CreatableTopicResult;
import io.millrace.protocol.messages.DeleteTopicsRequest;
import io.millrace.protocol.messages.DeleteTopicsRequest.DeleteTopicState;
import io.millrace.protocol.messages.DeleteTopicsResponse.DeletableTopicResult;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Errors and messages are those of an Apache Kafka 4.4.0 broker asked the same. */
class TopicRequestsTest {
    private final TestCluster cluster = TestCluster.ofOne();

    @Test
    void aTopicIsMadeAsAskedAndDescribed() {
        CreatableTopicResult made = cluster.create(topic("ok", 3, 1)
                .configs(List.of(config("retention.ms", "1000")))
                .build());
        assertEquals(ErrorCode.NONE.code(), made.errorCode());
        assertNull(made.errorMessage());
        assertEquals(3, made.numPartitions());
        assertEquals(1, made.replicationFactor());
        assertEquals(37 + 1, sizeOf(made.configs())); // Kafka's, and millrace.acks.forced
        assertEquals(
                "[CreatableTopicConfigs[name=retention.ms, value=1000, readOnly=false, configSource=1, isSensitive=false]]",
                String.valueOf(
                        made.configs() == null
                                ? null
                                : made.configs().stream()
                                        .filter(each -> each.name().equals("retention.ms"))
                                        .toList()));
        var partition = cluster.partition("ok", 2);
        assertEquals(List.of(1), partition.replicas());
        assertEquals(List.of(1), partition.isr());
        assertEquals(List.of(TestCluster.directory(1)), partition.directories());
        assertEquals(1, partition.leader());
        assertEquals(0, partition.leaderEpoch());
        assertEquals(0, partition.partitionEpoch());
    }

    @Test
    void defaultsComeFromTheServer() {
        TestCluster other = new TestCluster(
                new SeededRandom(1), Map.of("num.partitions", "5", "default.replication.factor", "2"), Map.of());
        other.start(1, null);
        other.start(2, null);
        CreatableTopicResult made = other.create("defaults", -1, -1);
        assertEquals(5, made.numPartitions());
        assertEquals(2, made.replicationFactor());
    }

    @Test
    void badNamesAreRefused() {
        assertCreate(
                ErrorCode.INVALID_TOPIC_EXCEPTION,
                "Topic name is invalid: the empty string is not allowed",
                topic("", 1, 1));
        assertCreate(ErrorCode.INVALID_TOPIC_EXCEPTION, "Topic name is invalid: '.' is not allowed", topic(".", 1, 1));
        assertCreate(
                ErrorCode.INVALID_TOPIC_EXCEPTION,
                "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and"
                        + " '-'",
                topic("a b", 1, 1));
        String tooLong = "x".repeat(250);
        assertCreate(
                ErrorCode.INVALID_TOPIC_EXCEPTION,
                "Topic name is invalid: the length of '" + tooLong + "' is longer than the max allowed length 249",
                topic(tooLong, 1, 1));
        assertCreate(ErrorCode.NONE, null, topic("x".repeat(249), 1, 1));
        assertCreate(
                ErrorCode.INVALID_REQUEST,
                "Creation of internal topic __cluster_metadata is prohibited.",
                topic("__cluster_metadata", 1, 1));
        assertCreate(ErrorCode.NONE, null, topic("__consumer_offsets", 1, 1));
    }

    @Test
    void namesThatMetricsCannotTellApartAreRefusedOnceOneIsThere() {
        assertCreate(ErrorCode.NONE, null, topic("a.b", 1, 1));
        assertCreate(
                ErrorCode.INVALID_TOPIC_EXCEPTION, "Topic 'a_b' collides with existing topic: a.b", topic("a_b", 1, 1));
        assertCreate(ErrorCode.TOPIC_ALREADY_EXISTS, "Topic 'a.b' already exists.", topic("a.b", 1, 1));
        List<CreatableTopicResult> both = createAll(topic("c.d", 1, 1), topic("c_d", 1, 1));
        assertEquals(
                List.of((short) 0, (short) 0),
                both.stream().map(CreatableTopicResult::errorCode).toList());
    }

    @Test
    void badNumbersAreRefused() {
        assertCreate(
                ErrorCode.INVALID_PARTITIONS,
                "Number of partitions was set to an invalid non-positive value.",
                topic("p", 0, 1));
        assertCreate(
                ErrorCode.INVALID_REPLICATION_FACTOR,
                "Replication factor must be larger than 0, or -1 to use the default value.",
                topic("p", 1, 0));
        assertCreate(
                ErrorCode.INVALID_REPLICATION_FACTOR,
                "Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached because"
                        + " only 1 broker(s) are registered or some brokers have all their log directories cordoned.",
                topic("p", 1, 2));
        assertCreate(
                ErrorCode.POLICY_VIOLATION,
                "Excessively large number of partitions per request.",
                topic("p", 10_001, 1));
        assertCreate(
                ErrorCode.POLICY_VIOLATION,
                "Unable to perform excessively large batch operation.",
                topic("p", 10_000, 1));
        assertCreate(ErrorCode.NONE, null, topic("p", 9_999, 1));
    }

    @Test
    void manualAssignmentsAreChecked() {
        assertCreate(
                ErrorCode.INVALID_REQUEST,
                "A manual partition assignment was specified, but numPartitions was not set to -1.",
                assigned(topic("m", 1, -1), List.of(1)));
        assertCreate(
                ErrorCode.INVALID_REQUEST,
                "A manual partition assignment was specified, but replication factor was not set to -1.",
                assigned(topic("m", -1, 1), List.of(1)));
        assertCreate(
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                "The manual partition assignment includes the broker 1 more than once.",
                assigned(topic("m", -1, -1), List.of(1, 1)));
        assertCreate(
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                "The manual partition assignment includes broker 7, but no such broker is registered.",
                assigned(topic("m", -1, -1), List.of(7)));
        assertCreate(
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                "The manual partition assignment includes an empty replica list.",
                assigned(topic("m", -1, -1), List.of()));
        assertCreate(
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                "partitions should be a consecutive 0-based integer sequence",
                topic("m", -1, -1)
                        .assignments(List.of(CreatableReplicaAssignment.builder()
                                .partitionIndex(1)
                                .brokerIds(List.of(1))
                                .build())));
        assertCreate(ErrorCode.NONE, null, assigned(topic("m", -1, -1), List.of(1), List.of(1)));
    }

    @Test
    void badPropertiesAreRefused() {
        assertCreate(
                ErrorCode.INVALID_CONFIG,
                "Unknown topic config name: foo.bar",
                configured("c", config("foo.bar", "1")));
        assertCreate(
                ErrorCode.INVALID_CONFIG,
                "Invalid value abc for configuration retention.ms: Not a number of type LONG",
                configured("c", config("retention.ms", "abc")));
        assertCreate(
                ErrorCode.INVALID_CONFIG,
                "Null value not supported for topic configs: retention.ms",
                configured("c", config("retention.ms", null)));
    }

    @Test
    void aNameThatComesTwiceIsRefusedOnceAndTheOthersAreMade() {
        List<CreatableTopicResult> results = createAll(topic("dup", 1, 1), topic("dup", 1, 1), topic("dup2", 1, 1));
        assertEquals(
                List.of("dup2", "dup"),
                results.stream().map(CreatableTopicResult::name).toList());
        assertEquals(ErrorCode.NONE.code(), results.get(0).errorCode());
        assertEquals(ErrorCode.INVALID_REQUEST.code(), results.get(1).errorCode());
        assertEquals("Duplicate topic name.", results.get(1).errorMessage());
    }

    @Test
    void validatingOnlyMakesNothing() {
        MetadataImage before = cluster.image();
        var decision = cluster.controller.createTopics(
                CreateTopicsRequest.builder()
                        .topics(List.of(topic("vo", 2, 1).build()))
                        .validateOnly(true)
                        .build(),
                cluster.context());
        assertEquals(List.of(), decision.records());
        CreatableTopicResult result = decision.response().topics().get(0);
        assertEquals(ErrorCode.NONE.code(), result.errorCode());
        assertNotEquals(Uuid.ZERO, result.topicId());
        assertEquals(2, result.numPartitions());
        assertEquals(before, cluster.image());
    }

    @Test
    void nothingCanBeMadeWhileAllBrokersAreFenced() {
        cluster.heartbeat(1, true, false);
        assertCreate(
                ErrorCode.INVALID_REPLICATION_FACTOR,
                "Unable to replicate the partition 1 time(s): All brokers are currently fenced.",
                topic("t", 1, 1));
        assertCreate(
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                "All brokers specified in the manual partition assignment for partition 0 are fenced or in controlled"
                        + " shutdown.",
                assigned(topic("t", -1, -1), List.of(1)));
    }

    @Test
    void partitionsAreAddedAsAsked() {
        cluster.create("ok", 3, 1);
        assertParts(ErrorCode.NONE, null, parts("ok", 4));
        assertParts(ErrorCode.INVALID_PARTITIONS, "Topic already has 4 partition(s).", parts("ok", 4));
        assertParts(
                ErrorCode.INVALID_PARTITIONS,
                "The topic ok currently has 4 partition(s); 2 would not be an increase.",
                parts("ok", 2));
        assertParts(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, null, parts("nope", 2));
        assertParts(
                ErrorCode.POLICY_VIOLATION,
                "Excessively large number of additional partitions per request.",
                parts("ok", 20_000));
        assertParts(
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                "Attempted to add 3 additional partition(s), but only 1 assignment(s) were specified.",
                parts("ok", 7, List.of(1)));
        assertParts(
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                "The manual partition assignment includes broker 9, but no such broker is registered.",
                parts("ok", 5, List.of(9)));
        assertParts(ErrorCode.NONE, null, parts("ok", 5, List.of(1)));
        assertEquals(1, cluster.partition("ok", 4).leader());
    }

    @Test
    void topicsAreDeletedByNameAndById() {
        cluster.create("a", 1, 1);
        Uuid id = cluster.create("b", 1, 1).topicId();
        assertEquals("a NONE null", delete(state("a", Uuid.ZERO)));
        assertEquals("b NONE null", delete(state(null, id)));
        assertEquals(0, cluster.image().topics().size());
        assertEquals(
                "a UNKNOWN_TOPIC_OR_PARTITION This server does not host this topic-partition.",
                delete(state("a", Uuid.ZERO)));
        assertEquals("null UNKNOWN_TOPIC_ID This server does not host this topic ID.", delete(state(null, id)));
        assertEquals("null INVALID_REQUEST Neither topic name nor id were specified.", delete(state(null, Uuid.ZERO)));
        assertEquals("a INVALID_REQUEST You may not specify both topic name and topic id.", delete(state("a", id)));
        assertEquals(
                "x UNKNOWN_TOPIC_OR_PARTITION This server does not host this topic-partition.; a INVALID_REQUEST Duplicate"
                        + " topic name.",
                delete(state("a", Uuid.ZERO), state("x", Uuid.ZERO), state("a", Uuid.ZERO)));
    }

    @Test
    void deletingCanBeSwitchedOff() {
        TestCluster other = new TestCluster(new SeededRandom(1), Map.of("delete.topic.enable", "false"), Map.of());
        other.start(1, null);
        other.create("a", 1, 1);
        var response = other.commit(other.controller.deleteTopics(DeleteTopicsRequest.builder()
                .topics(List.of(state("a", Uuid.ZERO)))
                .build()));
        assertEquals(
                ErrorCode.TOPIC_DELETION_DISABLED.code(),
                response.responses().get(0).errorCode());
        assertEquals(1, other.image().topics().size());
    }

    private void assertCreate(ErrorCode error, @Nullable String message, CreatableTopic.Builder topic) {
        CreatableTopicResult result = cluster.create(topic.build());
        assertEquals(error + " " + message, ErrorCode.forCode(result.errorCode()) + " " + result.errorMessage());
        if (error != ErrorCode.NONE) {
            assertEquals(Uuid.ZERO, result.topicId());
            assertEquals(-1, result.numPartitions());
            assertEquals(-1, result.replicationFactor());
            assertEquals(0, sizeOf(result.configs()));
        }
    }

    private static int sizeOf(@Nullable List<?> list) {
        return list == null ? -1 : list.size();
    }

    private List<CreatableTopicResult> createAll(CreatableTopic.Builder... topics) {
        List<CreatableTopic> all = new ArrayList<>();
        for (CreatableTopic.Builder topic : topics) all.add(topic.build());
        return cluster.commit(cluster.controller.createTopics(
                        CreateTopicsRequest.builder().topics(all).build(), cluster.context()))
                .topics();
    }

    private static CreatableTopicConfig config(String name, @Nullable String value) {
        return CreatableTopicConfig.builder().name(name).value(value).build();
    }

    private static CreatableTopic.Builder configured(String name, CreatableTopicConfig... configs) {
        return topic(name, 1, 1).configs(List.of(configs));
    }

    @SafeVarargs
    private static CreatableTopic.Builder assigned(CreatableTopic.Builder topic, List<Integer>... replicas) {
        List<CreatableReplicaAssignment> assignments = new ArrayList<>();
        for (int i = 0; i < replicas.length; i++)
            assignments.add(CreatableReplicaAssignment.builder()
                    .partitionIndex(i)
                    .brokerIds(replicas[i])
                    .build());
        return topic.assignments(assignments);
    }

    @SafeVarargs
    private static CreatePartitionsTopic parts(String name, int count, List<Integer>... replicas) {
        List<CreatePartitionsAssignment> assignments = new ArrayList<>();
        for (List<Integer> each : replicas)
            assignments.add(CreatePartitionsAssignment.builder().brokerIds(each).build());
        return CreatePartitionsTopic.builder()
                .name(name)
                .count(count)
                .assignments(assignments.isEmpty() ? null : assignments)
                .build();
    }

    private void assertParts(ErrorCode error, @Nullable String message, CreatePartitionsTopic topic) {
        CreatePartitionsTopicResult result = cluster.commit(cluster.controller.createPartitions(
                        CreatePartitionsRequest.builder().topics(List.of(topic)).build(), cluster.context()))
                .results()
                .get(0);
        assertEquals(error + " " + message, ErrorCode.forCode(result.errorCode()) + " " + result.errorMessage());
    }

    private static DeleteTopicState state(@Nullable String name, Uuid id) {
        return DeleteTopicState.builder().name(name).topicId(id).build();
    }

    private String delete(DeleteTopicState... states) {
        List<String> lines = new ArrayList<>();
        for (DeletableTopicResult result : cluster.commit(cluster.controller.deleteTopics(
                        DeleteTopicsRequest.builder().topics(List.of(states)).build()))
                .responses())
            lines.add(result.name() + " " + ErrorCode.forCode(result.errorCode()) + " " + result.errorMessage());
        return String.join("; ", lines);
    }
}
