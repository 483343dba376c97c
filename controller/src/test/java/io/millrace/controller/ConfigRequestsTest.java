package io.millrace.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.metadata.ConfigResource;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterConfigsRequest;
import io.millrace.protocol.messages.ClearElrRecord;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.protocol.messages.IncrementalAlterConfigsRequest;
import io.millrace.protocol.messages.IncrementalAlterConfigsRequest.AlterableConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Errors, messages and records are those of an Apache Kafka 4.4.0 broker asked the same. */
class ConfigRequestsTest {
    private static final int TOPIC = 2;
    private static final int BROKER = 4;
    private static final int METRICS = 16;
    private static final int GROUP = 32;
    private static final byte SET = 0;
    private static final byte DELETE = 1;
    private static final byte APPEND = 2;
    private static final byte SUBTRACT = 3;

    private final TestCluster cluster = TestCluster.ofOne();

    ConfigRequestsTest() {
        cluster.create("ok", 1, 1);
    }

    @Test
    void aTopicsPropertiesAreSetAndTakenAway() {
        assertEquals("NONE null", alter(TOPIC, "ok", op("retention.ms", SET, "77")));
        assertEquals(Map.of("retention.ms", "77"), own(TOPIC, "ok"));
        assertEquals("NONE null", alter(TOPIC, "ok", op("retention.ms", DELETE, null), op("foo", DELETE, null)));
        assertEquals(Map.of(), own(TOPIC, "ok"));
    }

    @Test
    void listsGrowFromTheirDefaultAndShrink() {
        assertEquals("NONE null", alter(TOPIC, "ok", op("cleanup.policy", APPEND, "compact")));
        assertEquals("delete,compact", own(TOPIC, "ok").get("cleanup.policy"));
        int size = cluster.log.size();
        assertEquals("NONE null", alter(TOPIC, "ok", op("cleanup.policy", APPEND, "compact")));
        assertEquals(size, cluster.log.size());
        assertEquals("NONE null", alter(TOPIC, "ok", op("cleanup.policy", SUBTRACT, "delete")));
        assertEquals("compact", own(TOPIC, "ok").get("cleanup.policy"));
        assertEquals("NONE null", alter(TOPIC, "ok", op("cleanup.policy", SUBTRACT, "compact")));
        assertEquals("", own(TOPIC, "ok").get("cleanup.policy"));
        assertEquals("NONE null", alter(TOPIC, "ok", op("leader.replication.throttled.replicas", APPEND, "0:1")));
        assertEquals("NONE null", alter(BROKER, "", op("log.cleanup.policy", APPEND, "compact")));
        assertEquals("delete,compact", own(BROKER, "").get("log.cleanup.policy"));
    }

    @Test
    void whatIsWrongIsRefused() {
        assertEquals(
                "INVALID_CONFIG Can't APPEND to key retention.ms because its type is not LIST.",
                alter(TOPIC, "ok", op("retention.ms", APPEND, "7")));
        assertEquals(
                "INVALID_CONFIG Can't APPEND to key metrics because its type is not LIST.",
                alter(METRICS, "m", op("metrics", APPEND, "7")));
        assertEquals("INVALID_CONFIG Unknown topic config name: foo", alter(TOPIC, "ok", op("foo", SET, "1")));
        assertEquals(
                "INVALID_CONFIG Invalid value x for configuration retention.ms: Not a number of type LONG",
                alter(TOPIC, "ok", op("retention.ms", SET, "x")));
        assertEquals(
                "INVALID_REQUEST Null value not supported for : retention.ms",
                alter(TOPIC, "ok", op("retention.ms", SET, null)));
        assertEquals(
                "INVALID_REQUEST Error due to duplicate config keys",
                alter(TOPIC, "ok", op("segment.ms", SET, "1000"), op("segment.ms", DELETE, null)));
        assertEquals(
                "UNKNOWN_TOPIC_OR_PARTITION The topic 'nope' does not exist.",
                alter(TOPIC, "nope", op("segment.ms", SET, "1000")));
        assertEquals(
                "INVALID_REQUEST Default topic resources are not allowed.",
                alter(TOPIC, "", op("segment.ms", SET, "1000")));
        assertEquals(
                "INVALID_TOPIC_EXCEPTION Topic name is invalid: 'a b' contains one or more characters other than ASCII"
                        + " alphanumerics, '.', '_' and '-'",
                alter(TOPIC, "a b", op("segment.ms", SET, "1000")));
        assertEquals("INVALID_REQUEST Unknown resource type 9", alter(9, "x", op("a", SET, "b")));
        assertEquals(Map.of(), own(TOPIC, "ok"));
    }

    @Test
    void brokersTakeWhatIsDynamic() {
        assertEquals("NONE null", alter(BROKER, "1", op("log.cleaner.threads", SET, "2")));
        assertEquals(
                "INVALID_REQUEST Cannot update these configs dynamically: [broker.id]",
                alter(BROKER, "1", op("broker.id", SET, "2")));
        assertEquals(
                "INVALID_REQUEST Node id must be an integer, but it is: abc",
                alter(BROKER, "abc", op("log.cleaner.threads", SET, "2")));
        assertEquals("NONE null", alter(BROKER, "1", op("foo.bar", SET, "2")));
        assertEquals("NONE null", alter(BROKER, "", op("leader.replication.throttled.rate", SET, "100")));
        assertEquals(
                "INVALID_REQUEST Invalid value 0 for configuration min.insync.replicas: Value must be at least 1",
                alter(BROKER, "", op("min.insync.replicas", SET, "0")));
    }

    @Test
    void theMinimumOfInSyncReplicasIsGuardedWhileElrIsOn() {
        assertEquals(
                "INVALID_CONFIG Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
                alter(BROKER, "1", op("min.insync.replicas", SET, "1")));
        assertEquals(
                "INVALID_CONFIG Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
                alter(BROKER, "", op("min.insync.replicas", DELETE, null)));
        int size = cluster.log.size();
        assertEquals("NONE null", alter(BROKER, "", op("min.insync.replicas", SET, "1")));
        assertEquals("NONE null", alter(TOPIC, "ok", op("min.insync.replicas", SET, "1")));
        assertEquals(
                List.of(
                        config(BROKER, "", "min.insync.replicas", "1"),
                        cleared(""),
                        config(TOPIC, "ok", "min.insync.replicas", "1"),
                        cleared("ok")),
                cluster.recordsSince(size));
    }

    @Test
    void groupsStayWithinTheServersLimits() {
        assertEquals("NONE null", alter(GROUP, "g", op("consumer.session.timeout.ms", SET, "50000")));
        assertEquals("INVALID_CONFIG Unknown group config name: foo", alter(GROUP, "g", op("foo", SET, "1")));
        assertEquals(
                "INVALID_CONFIG consumer.session.timeout.ms must be in the range 45000 to 60000 inclusive.",
                alter(GROUP, "g", op("consumer.session.timeout.ms", SET, "1000")));
        assertEquals(
                "INVALID_REQUEST Default group resources are not allowed.",
                alter(GROUP, "", op("consumer.session.timeout.ms", SET, "50000")));
        assertEquals(
                "INVALID_CONFIG Can't APPEND to key streams.rack.aware.assignment.tags because its type is not LIST.",
                alter(GROUP, "g", op("streams.rack.aware.assignment.tags", APPEND, "x")));
    }

    @Test
    void subscriptionsAreChecked() {
        assertEquals(
                "INVALID_REQUEST Unknown client metrics configuration: foo", alter(METRICS, "m", op("foo", SET, "1")));
        assertEquals("NONE null", alter(METRICS, "m", op("interval.ms", SET, "1000"), op("metrics", SET, "a.,b")));
    }

    @Test
    void validatingOnlySetsNothing() {
        var decision = cluster.controller.incrementalAlterConfigs(IncrementalAlterConfigsRequest.builder()
                .resources(List.of(resource(TOPIC, "ok", op("retention.ms", SET, "77"))))
                .validateOnly(true)
                .build());
        assertEquals(List.of(), decision.records());
        assertEquals(
                ErrorCode.NONE.code(), decision.response().responses().get(0).errorCode());
    }

    @Test
    void oneResourcesMistakeIsNotAnothers() {
        var response =
                cluster.commit(cluster.controller.incrementalAlterConfigs(IncrementalAlterConfigsRequest.builder()
                        .resources(List.of(
                                resource(TOPIC, "ok", op("retention.ms", SET, "77")),
                                resource(TOPIC, "nope", op("retention.ms", SET, "77"))))
                        .build()));
        assertEquals(ErrorCode.NONE.code(), response.responses().get(0).errorCode());
        assertEquals(
                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code(),
                response.responses().get(1).errorCode());
        assertEquals("77", own(TOPIC, "ok").get("retention.ms"));
    }

    @Test
    void theOldRequestReplacesAllThatIsSet() {
        alter(TOPIC, "ok", op("retention.ms", SET, "77"), op("segment.ms", SET, "1000"));
        assertEquals("NONE null", replace(TOPIC, "ok", "retention.ms", "88"));
        assertEquals(Map.of("retention.ms", "88"), own(TOPIC, "ok"));
        assertEquals("INVALID_CONFIG Unknown topic config name: foo", replace(TOPIC, "ok", "foo", "88"));
        assertEquals(
                "INVALID_REQUEST Null value not supported for : retention.ms",
                replace(TOPIC, "ok", "retention.ms", null));
        assertEquals(
                "UNKNOWN_TOPIC_OR_PARTITION The topic 'nope' does not exist.",
                replace(TOPIC, "nope", "retention.ms", "88"));
        assertEquals(
                "INVALID_REQUEST Cannot update these configs dynamically: [broker.id]",
                replace(BROKER, "1", "broker.id", "1"));
        assertEquals("NONE null", replace(BROKER, "", "log.retention.ms", "5000"));
        assertEquals(Map.of("min.insync.replicas", "1", "log.retention.ms", "5000"), own(BROKER, ""));
    }

    private Map<String, String> own(int type, String name) {
        return cluster.image()
                .configs()
                .of(new ConfigResource(ConfigResource.Type.forCode(type).orElseThrow(), name));
    }

    private static AlterableConfig op(String name, byte operation, @Nullable String value) {
        return AlterableConfig.builder()
                .name(name)
                .configOperation(operation)
                .value(value)
                .build();
    }

    private static IncrementalAlterConfigsRequest.AlterConfigsResource resource(
            int type, String name, AlterableConfig... operations) {
        return IncrementalAlterConfigsRequest.AlterConfigsResource.builder()
                .resourceType((byte) type)
                .resourceName(name)
                .configs(List.of(operations))
                .build();
    }

    private String alter(int type, String name, AlterableConfig... operations) {
        var result = cluster.commit(cluster.controller.incrementalAlterConfigs(IncrementalAlterConfigsRequest.builder()
                        .resources(List.of(resource(type, name, operations)))
                        .build()))
                .responses()
                .get(0);
        return ErrorCode.forCode(result.errorCode()) + " " + result.errorMessage();
    }

    private String replace(int type, String resource, String name, @Nullable String value) {
        List<AlterConfigsRequest.AlterableConfig> configs = new ArrayList<>();
        configs.add(AlterConfigsRequest.AlterableConfig.builder()
                .name(name)
                .value(value)
                .build());
        var result = cluster.commit(cluster.controller.alterConfigs(AlterConfigsRequest.builder()
                        .resources(List.of(AlterConfigsRequest.AlterConfigsResource.builder()
                                .resourceType((byte) type)
                                .resourceName(resource)
                                .configs(configs)
                                .build()))
                        .build()))
                .responses()
                .get(0);
        return ErrorCode.forCode(result.errorCode()) + " " + result.errorMessage();
    }

    private static VersionedRecord config(int type, String resource, String name, String value) {
        return VersionedRecord.v0(ConfigRecord.builder()
                .resourceType((byte) type)
                .resourceName(resource)
                .name(name)
                .value(value)
                .build());
    }

    private static VersionedRecord cleared(String topic) {
        return VersionedRecord.v0(ClearElrRecord.builder().topicName(topic).build());
    }
}
