package io.millrace.server;

import static io.millrace.server.HostedNode.await;

import io.millrace.metadata.ConfigResource;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest;
import io.millrace.protocol.messages.AlterPartitionReassignmentsResponse;
import io.millrace.protocol.messages.IncrementalAlterConfigsRequest;
import io.millrace.protocol.messages.IncrementalAlterConfigsResponse;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.server.fixture.Batches;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A controller and brokers, each a whole node, and what tests ask of them. Topics have one partition. */
final class HostedBrokers implements AutoCloseable {
    private final Path directory;
    private final List<HostedNode> nodes = new ArrayList<>();
    private final int controllerPort;

    HostedBrokers(Path directory) throws Exception {
        this.directory = directory;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            controllerPort = free.getLocalPort();
        }
        nodes.add(HostedNode.start(
                Files.createDirectories(directory.resolve("controller")),
                1,
                "process.roles",
                "controller",
                "node.id",
                "1",
                "listeners",
                "CONTROLLER://127.0.0.1:" + controllerPort,
                "controller.quorum.voters",
                "1@127.0.0.1:" + controllerPort));
    }

    /** The log directory of a broker of that name. */
    Path logDir(int id, String name) throws IOException {
        return Files.createDirectories(directory.resolve("broker-" + id).resolve(name));
    }

    HostedNode broker(int id, String... properties) throws Exception {
        List<String> all = new ArrayList<>(List.of(
                "process.roles",
                "broker",
                "node.id",
                String.valueOf(id),
                "listeners",
                "PLAINTEXT://127.0.0.1:0",
                "controller.quorum.bootstrap.servers",
                "127.0.0.1:" + controllerPort));
        all.addAll(List.of(properties));
        HostedNode node = HostedNode.start(logDir(id, "a"), 2, all.toArray(String[]::new));
        nodes.add(node);
        return node;
    }

    void stop(HostedNode node) throws Exception {
        nodes.remove(node);
        node.stop();
    }

    private static void require(short code, String what) {
        if (code != ErrorCode.NONE.code()) throw new AssertionError(what + ": " + ErrorCode.forCode(code));
    }

    static void create(HostedNode at, String topic, List<Integer> replicas) throws Exception {
        require(at.create(topic, replicas, false, 20_000).code(), topic);
        await(
                "that the replicas of " + topic + " are in sync",
                () -> inSync(at, topic),
                replicas.stream().sorted().toList()::equals);
    }

    static MetadataResponse.MetadataResponseTopic topic(HostedNode at, String topic) throws Exception {
        return at.ask(MetadataRequest.builder().topics(null).build(), MetadataResponse.class).topics().stream()
                .filter(seen -> topic.equals(seen.name()))
                .findFirst()
                .orElseThrow();
    }

    /** Nobody, if the topic is not known there yet. */
    static List<Integer> inSync(HostedNode at, String topic) throws Exception {
        return at.ask(MetadataRequest.builder().topics(null).build(), MetadataResponse.class).topics().stream()
                .filter(seen -> topic.equals(seen.name()))
                .flatMap(seen -> seen.partitions().getFirst().isrNodes().stream())
                .sorted()
                .toList();
    }

    static void alter(HostedNode at, ConfigResource.Type type, String resource, Map<String, String> values)
            throws Exception {
        var configs = values.entrySet().stream()
                .map(each -> IncrementalAlterConfigsRequest.AlterableConfig.builder()
                        .name(each.getKey())
                        .configOperation((byte) 0)
                        .value(each.getValue())
                        .build())
                .toList();
        var request = IncrementalAlterConfigsRequest.builder()
                .resources(List.of(IncrementalAlterConfigsRequest.AlterConfigsResource.builder()
                        .resourceType(type.code())
                        .resourceName(resource)
                        .configs(configs)
                        .build()));
        require(
                at.ask(request.build(), IncrementalAlterConfigsResponse.class)
                        .responses()
                        .getFirst()
                        .errorCode(),
                resource);
    }

    static void reassign(HostedNode at, String topic, List<Integer> replicas) throws Exception {
        var partition = AlterPartitionReassignmentsRequest.ReassignablePartition.builder()
                .partitionIndex(0)
                .replicas(replicas);
        var request = AlterPartitionReassignmentsRequest.builder()
                .timeoutMs(20_000)
                .topics(List.of(AlterPartitionReassignmentsRequest.ReassignableTopic.builder()
                        .name(topic)
                        .partitions(List.of(partition.build()))
                        .build()));
        AlterPartitionReassignmentsResponse response =
                at.ask(request.build(), AlterPartitionReassignmentsResponse.class);
        require(response.errorCode(), topic);
        require(response.responses().getFirst().partitions().getFirst().errorCode(), topic);
    }

    /** With acks=all. */
    static ErrorCode produce(HostedNode at, String topic, String value) throws Exception {
        var partition = ProduceRequest.PartitionProduceData.builder()
                .index(0)
                .records(new RecordsPayload.Buffer(Batches.of(value)));
        var request = ProduceRequest.builder()
                .transactionalId(null)
                .acks((short) -1)
                .timeoutMs(15_000)
                .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                        .topicId(topic(at, topic).topicId())
                        .partitionData(List.of(partition.build()))
                        .build()));
        return at.ask(
                request.build(),
                ProduceResponse.class,
                response -> ErrorCode.forCode(response.responses()
                        .getFirst()
                        .partitionResponses()
                        .getFirst()
                        .errorCode()));
    }

    @Override
    public void close() throws IOException {
        for (HostedNode node : nodes) node.close();
    }
}
