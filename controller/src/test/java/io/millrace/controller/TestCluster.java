package io.millrace.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.metadata.BootstrapRecords;
import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.Feature;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.MetadataProvenance;
import io.millrace.metadata.MetadataVersion;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.BrokerHeartbeatRequest;
import io.millrace.protocol.messages.BrokerHeartbeatResponse;
import io.millrace.protocol.messages.BrokerRegistrationRequest;
import io.millrace.protocol.messages.BrokerRegistrationResponse;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsRequest.CreatableTopic;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.protocol.messages.CreateTopicsResponse.CreatableTopicResult;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A controller, the log it writes, and brokers that do what is asked of them. */
final class TestCluster {
    static final String CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg";
    static final long SESSION_TIMEOUT_MS = 9_000;

    final List<VersionedRecord> log = new ArrayList<>();
    final Draws draws;
    Controller controller;
    long nowMs = 1_000;
    private int incarnations;

    TestCluster(SeededRandom random, Map<String, String> properties, Map<String, Short> levels) {
        this.draws = drawsFrom(random);
        this.controller = new Controller(settings(properties), MetadataImage.EMPTY);
        commit(controller.activate(BootstrapRecords.of(MetadataVersion.latest(), levels), context()));
    }

    /** One broker, number 1, awake. */
    static TestCluster ofOne() {
        TestCluster cluster = new TestCluster(new SeededRandom(42), Map.of(), Map.of());
        cluster.start(1, null);
        return cluster;
    }

    static Draws drawsFrom(SeededRandom random) {
        return new Draws() {
            @Override
            public long nextLong() {
                return random.nextLong();
            }

            @Override
            public int nextInt(int bound) {
                return random.nextInt(bound);
            }
        };
    }

    static ControllerSettings settings(Map<String, String> properties) {
        return settings(properties, SESSION_TIMEOUT_MS);
    }

    static ControllerSettings settings(Map<String, String> properties, long sessionMs) {
        return new ControllerSettings(100, CLUSTER_ID, sessionMs, properties);
    }

    ControllerContext context() {
        return new ControllerContext(nowMs, log.size(), draws);
    }

    MetadataImage image() {
        return controller.image();
    }

    /** Appends and replays, as the owner of a controller does. */
    <R> R commit(Decision<R> decision) {
        log.addAll(decision.records());
        controller.replay(decision.records(), new MetadataProvenance(log.size() - 1, 1));
        return decision.response();
    }

    BrokerRegistrationRequest.Builder registration(int id) {
        return registration(id, ++incarnations);
    }

    static BrokerRegistrationRequest.Builder registration(int id, int incarnation) {
        List<BrokerRegistrationRequest.Feature> features = new ArrayList<>();
        for (Feature feature : Feature.values())
            features.add(BrokerRegistrationRequest.Feature.builder()
                    .name(feature.featureName())
                    .minSupportedVersion(feature.minLevel())
                    .maxSupportedVersion(feature.maxLevel())
                    .build());
        return BrokerRegistrationRequest.builder()
                .brokerId(id)
                .clusterId(CLUSTER_ID)
                .incarnationId(new Uuid(id, incarnation))
                .logDirs(List.of(directory(id)))
                .features(features)
                .listeners(List.of(BrokerRegistrationRequest.Listener.builder()
                        .name("PLAINTEXT")
                        .host("h" + id)
                        .port(9092)
                        .build()));
    }

    static Uuid directory(int brokerId) {
        return new Uuid(1000, brokerId);
    }

    BrokerRegistrationResponse register(BrokerRegistrationRequest request) {
        return commit(controller.registerBroker(request, context()));
    }

    /** Registers a broker that stopped well before, if it was there before, and wakes it. */
    void start(int id, @Nullable String rack) {
        BrokerImage previous = image().cluster().broker(id);
        BrokerRegistrationResponse response = register(registration(id)
                .rack(rack)
                .previousBrokerEpoch(previous == null ? -1 : previous.epoch())
                .build());
        assertEquals(ErrorCode.NONE.code(), response.errorCode());
        assertEquals(false, heartbeat(id, false, false).isFenced());
    }

    BrokerHeartbeatResponse heartbeat(int id, boolean wantFence, boolean wantShutDown) {
        BrokerImage broker = image().cluster().broker(id);
        return heartbeat(BrokerHeartbeatRequest.builder()
                .brokerId(id)
                .brokerEpoch(broker == null ? -1 : broker.epoch())
                .currentMetadataOffset(log.size())
                .wantFence(wantFence)
                .wantShutDown(wantShutDown)
                .cordonedLogDirs(List.of())
                .build());
    }

    BrokerHeartbeatResponse heartbeat(BrokerHeartbeatRequest request) {
        return commit(controller.heartbeat(request, context()));
    }

    CreatableTopicResult create(CreatableTopic topic) {
        CreateTopicsResponse response = commit(controller.createTopics(
                CreateTopicsRequest.builder().topics(List.of(topic)).build(), context()));
        return response.topics().get(0);
    }

    CreatableTopicResult create(String name, int partitionCount, int replicationFactor) {
        return create(topic(name, partitionCount, replicationFactor).build());
    }

    static CreatableTopic.Builder topic(String name, int partitionCount, int replicationFactor) {
        return CreatableTopic.builder().name(name).numPartitions(partitionCount).replicationFactor((short)
                replicationFactor);
    }

    PartitionImage partition(String topic, int partition) {
        PartitionImage image = image().topics().partition(topic, partition);
        if (image == null) throw new AssertionError(topic + "-" + partition + " is not there");
        return image;
    }

    List<VersionedRecord> recordsSince(int size) {
        return List.copyOf(log.subList(size, log.size()));
    }
}
