package io.millrace.server;

import static io.millrace.server.HostedNode.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.DeleteTopicsRequest;
import io.millrace.protocol.messages.DeleteTopicsResponse;
import io.millrace.protocol.messages.DescribeQuorumRequest;
import io.millrace.protocol.messages.DescribeQuorumResponse;
import io.millrace.protocol.messages.InitProducerIdRequest;
import io.millrace.protocol.messages.InitProducerIdResponse;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.protocol.messages.UnregisterBrokerRequest;
import io.millrace.protocol.messages.UnregisterBrokerResponse;
import io.millrace.server.fixture.Batches;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A controller and brokers without one, each a whole node on real lanes, sockets and files. */
class BrokersOnHostTest {
    private static final long MOST_SECONDS = 30;

    @TempDir
    Path directory;

    private final List<HostedNode> nodes = new ArrayList<>();
    private int controllerPort;

    @AfterEach
    void end() throws IOException {
        for (HostedNode node : nodes) node.close();
    }

    private HostedNode controller(int sessionMs) throws Exception {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            controllerPort = free.getLocalPort();
        }
        return controller(sessionMs, home("controller"));
    }

    private HostedNode controller(int sessionMs, Path home) throws Exception {
        HostedNode node = HostedNode.start(
                home,
                1,
                "process.roles",
                "controller",
                "node.id",
                "1",
                "listeners",
                "CONTROLLER://127.0.0.1:" + controllerPort,
                "controller.quorum.voters",
                "1@127.0.0.1:" + controllerPort,
                "controller.quorum.election.timeout.ms",
                "300",
                "controller.quorum.fetch.timeout.ms",
                "600",
                "broker.session.timeout.ms",
                String.valueOf(sessionMs));
        nodes.add(node);
        return node;
    }

    /** One is told who votes, the other only where somebody is. */
    private HostedNode broker(int id, Path home) throws Exception {
        HostedNode node = HostedNode.start(
                home,
                2,
                "process.roles",
                "broker",
                "node.id",
                String.valueOf(id),
                "listeners",
                "PLAINTEXT://127.0.0.1:0",
                id == 10 ? "controller.quorum.voters" : "controller.quorum.bootstrap.servers",
                (id == 10 ? "1@" : "") + "127.0.0.1:" + controllerPort,
                "controller.quorum.fetch.timeout.ms",
                "600",
                "broker.heartbeat.interval.ms",
                "200",
                "broker.session.timeout.ms",
                "1500");
        nodes.add(node);
        return node;
    }

    private Path home(String name) throws IOException {
        return Files.createDirectories(directory.resolve(name));
    }

    /** What a killed process leaves: the files as they are. Its locks live as long as this process. */
    private Path asKilled(String name) throws IOException {
        Path from = directory.resolve(name);
        Path target = directory.resolve(name + "-again");
        try (var files = Files.walk(from)) {
            for (Path file : files.toList()) Files.copy(file, target.resolve(from.relativize(file)));
        }
        return target;
    }

    /** Leaders by topic, and who is awake under "". */
    private static Map<String, List<Integer>> seenBy(HostedNode node) throws Exception {
        MetadataResponse metadata =
                node.ask(MetadataRequest.builder().topics(null).build(), MetadataResponse.class);
        Map<String, List<Integer>> seen = new TreeMap<>();
        seen.put(
                "",
                metadata.brokers().stream()
                        .map(MetadataResponse.MetadataResponseBroker::nodeId)
                        .sorted()
                        .toList());
        for (var topic : metadata.topics())
            seen.put(
                    String.valueOf(topic.name()),
                    topic.partitions().stream()
                            .map(MetadataResponse.MetadataResponsePartition::leaderId)
                            .toList());
        return seen;
    }

    private static void awaitSeen(HostedNode node, Map<String, List<Integer>> wanted) throws Exception {
        await("what is wanted, " + wanted, () -> seenBy(node), wanted::equals);
    }

    private static ErrorCode create(HostedNode at, String topic, int brokerId, boolean validateOnly) throws Exception {
        return create(at, topic, List.of(brokerId), validateOnly);
    }

    private static ErrorCode create(HostedNode at, String topic, List<Integer> replicas, boolean validateOnly)
            throws Exception {
        return at.create(topic, replicas, validateOnly, 20_000);
    }

    private static long producerId(HostedNode at) throws Exception {
        InitProducerIdResponse response = at.ask(
                InitProducerIdRequest.builder()
                        .transactionalId(null)
                        .transactionTimeoutMs(1_000)
                        .build(),
                InitProducerIdResponse.class);
        assertEquals(ErrorCode.NONE.code(), response.errorCode());
        return response.producerId();
    }

    @Test
    void topicsAreMadeAtAnyBrokerAndAKilledOneIsFencedAndReturns() throws Exception {
        controller(600_000);
        HostedNode first = broker(10, home("ten"));
        HostedNode second = broker(11, home("eleven"));

        // The answer comes behind the image: the broker that was asked shows the topic at once.
        assertEquals(ErrorCode.NONE, create(second, "a", 10, false));
        assertEquals(List.of(10), seenBy(second).get("a"));
        assertEquals(ErrorCode.NONE, create(first, "b", 11, false));
        assertEquals(List.of(11), seenBy(first).get("b"));
        assertEquals(ErrorCode.TOPIC_ALREADY_EXISTS, create(first, "b", 11, false));
        Map<String, List<Integer>> whole = Map.of("", List.of(10, 11), "a", List.of(10), "b", List.of(11));
        awaitSeen(first, whole);
        awaitSeen(second, whole);
        assertNotEquals(producerId(first), producerId(second));
        assertEquals(List.of(10, 11), observersToldBy(second));

        second.close();
        nodes.remove(second);
        awaitSeen(first, Map.of("", List.of(10), "a", List.of(10), "b", List.of(-1)));
        HostedNode again = broker(11, asKilled("eleven"));
        awaitSeen(first, whole);
        awaitSeen(again, whole);
        assertEquals(ErrorCode.NONE.code(), delete(again, "a"));
        assertEquals(Map.of("", List.of(10, 11), "b", List.of(11)), seenBy(again));
    }

    private static short delete(HostedNode at, String topic) throws Exception {
        var request = DeleteTopicsRequest.builder()
                .topics(List.of(DeleteTopicsRequest.DeleteTopicState.builder()
                        .name(topic)
                        .build()))
                .timeoutMs(20_000);
        return at.ask(request.build(), DeleteTopicsResponse.class)
                .responses()
                .getFirst()
                .errorCode();
    }

    private static List<Integer> observersToldBy(HostedNode node) throws Exception {
        return quorumToldBy(node).observers().stream()
                .map(DescribeQuorumResponse.ReplicaState::replicaId)
                .toList();
    }

    private static DescribeQuorumResponse.PartitionData quorumToldBy(HostedNode node) throws Exception {
        var partition = DescribeQuorumRequest.PartitionData.builder().partitionIndex(0);
        var request = DescribeQuorumRequest.builder()
                .topics(List.of(DescribeQuorumRequest.TopicData.builder()
                        .topicName("__cluster_metadata")
                        .partitions(List.of(partition.build()))
                        .build()));
        return node.ask(request.build(), DescribeQuorumResponse.class)
                .topics()
                .getFirst()
                .partitions()
                .getFirst();
    }

    @Test
    void aBrokerThatStopsInOrderIsGoneBeforeItsSessionIsAndAForgottenOneRegistersAgain() throws Exception {
        HostedNode controller = controller(60_000);
        HostedNode first = broker(10, home("ten"));
        HostedNode second = broker(11, home("eleven"));
        assertEquals(ErrorCode.NONE, create(first, "a", 10, false));

        UnregisterBrokerResponse forgotten =
                controller.ask(UnregisterBrokerRequest.builder().brokerId(11).build(), UnregisterBrokerResponse.class);
        assertEquals(ErrorCode.NONE.code(), forgotten.errorCode());
        await(
                "that broker 11 may have replicas again",
                () -> create(first, "b", 11, true),
                error -> error == ErrorCode.NONE);

        first.stop();
        nodes.remove(first);
        Map<String, List<Integer>> left = Map.of("", List.of(11), "a", List.of(-1));
        awaitSeen(second, left);

        // Its directory was stopped in order; it is welcome at once, and what it led it leads.
        HostedNode again = broker(10, directory.resolve("ten"));
        Map<String, List<Integer>> whole = Map.of("", List.of(10, 11), "a", List.of(10));
        awaitSeen(again, whole);
        awaitSeen(second, whole);
    }

    @Test
    void whatIsAcknowledgedIsOnBothBrokersAndOutlivesWhicheverLeads() throws Exception {
        controller(60_000);
        HostedNode first = broker(10, home("ten"));
        HostedNode second = broker(11, home("eleven"));
        assertEquals(ErrorCode.NONE, create(first, "both", List.of(10, 11), false));
        assertEquals(List.of(10), seenBy(first).get("both"));
        assertEquals(ErrorCode.NONE, produce(first, "both"));
        assertEquals(OptionalLong.empty(), endAt(second, "both"));

        first.stop();
        nodes.remove(first);
        await("that broker 11 leads with the record", () -> endAt(second, "both"), OptionalLong.of(1)::equals);

        HostedNode again = broker(10, directory.resolve("ten"));
        await("that broker 10 is in sync", () -> HostedBrokers.inSync(second, "both"), List.of(10, 11)::equals);
        assertEquals(ErrorCode.NONE, produce(second, "both"));
        second.stop();
        nodes.remove(second);
        await("that broker 10 leads with both records", () -> endAt(again, "both"), OptionalLong.of(2)::equals);
    }

    /** What a consumer is told; empty if this broker does not lead, or does not know yet. */
    private static OptionalLong endAt(HostedNode at, String topic) throws Exception {
        var partition = ListOffsetsRequest.ListOffsetsPartition.builder()
                .partitionIndex(0)
                .timestamp(-1);
        var request = ListOffsetsRequest.builder()
                .replicaId(-1)
                .topics(List.of(ListOffsetsRequest.ListOffsetsTopic.builder()
                        .name(topic)
                        .partitions(List.of(partition.build()))
                        .build()));
        ListOffsetsResponse.ListOffsetsPartitionResponse answer = at.ask(request.build(), ListOffsetsResponse.class)
                .topics()
                .getFirst()
                .partitions()
                .getFirst();
        return answer.errorCode() == ErrorCode.NONE.code() ? OptionalLong.of(answer.offset()) : OptionalLong.empty();
    }

    private static ErrorCode produce(HostedNode at, String topic) throws Exception {
        MetadataResponse metadata =
                at.ask(MetadataRequest.builder().topics(null).build(), MetadataResponse.class);
        Uuid id = metadata.topics().stream()
                .filter(seen -> topic.equals(seen.name()))
                .findFirst()
                .orElseThrow()
                .topicId();
        var partition = ProduceRequest.PartitionProduceData.builder()
                .index(0)
                .records(new RecordsPayload.Buffer(Batches.of("x")));
        var request = ProduceRequest.builder()
                .transactionalId(null)
                .acks((short) -1)
                .timeoutMs(10_000)
                .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                        .topicId(id)
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

    @Test
    void threeNodesThatAreBothElectServeAndGoOnWithoutTheirLeader() throws Exception {
        List<Integer> ports = freePorts();
        List<CompletableFuture<HostedNode>> starting = new ArrayList<>();
        for (int id = 1; id <= 3; id++) starting.add(both(id, ports, home("both-" + id)));
        for (var start : starting) nodes.add(start.get(MOST_SECONDS, TimeUnit.SECONDS));
        HostedNode first = nodes.getFirst();
        for (HostedNode node : nodes)
            assertEquals(ErrorCode.NONE, create(node, "t" + nodes.indexOf(node), nodes.indexOf(node) + 1, false));
        Map<String, List<Integer>> whole =
                Map.of("", List.of(1, 2, 3), "t0", List.of(1), "t1", List.of(2), "t2", List.of(3));
        for (HostedNode node : nodes) awaitSeen(node, whole);

        int leaderId = quorumToldBy(first).leaderId();
        HostedNode leader = nodes.remove(leaderId - 1);
        leader.close();
        HostedNode left = nodes.getFirst();
        await(
                "a topic made under the next leader",
                () -> create(left, "later", leaderId % 3 + 1, false),
                error -> error == ErrorCode.NONE || error == ErrorCode.TOPIC_ALREADY_EXISTS);
        await(
                "the fencing of the one that was killed",
                () -> seenBy(left),
                seen -> !List.of(1, 2, 3).equals(seen.get("")));
        nodes.add(both(leaderId, ports, asKilled("both-" + leaderId)).get(MOST_SECONDS, TimeUnit.SECONDS));
        for (HostedNode node : nodes)
            await("all three", () -> seenBy(node), seen -> List.of(1, 2, 3).equals(seen.get("")));
    }

    @Test
    void aNodeThatIsBothJoinsTheVotersByItself() throws Exception {
        List<Integer> ports = freePorts();
        HostedNode first = joining(1, ports, false);
        HostedNode second = joining(2, ports, true);
        await(
                "both among the voters",
                () -> quorumToldBy(second).currentVoters().stream()
                        .map(DescribeQuorumResponse.ReplicaState::replicaId)
                        .sorted()
                        .toList(),
                List.of(1, 2)::equals);
        assertEquals(ErrorCode.NONE, create(second, "t", List.of(2, 1), false));
        for (HostedNode node : List.of(first, second)) awaitSeen(node, Map.of("", List.of(1, 2), "t", List.of(2)));
    }

    /** One of a dynamic quorum: the first makes it, and others join. */
    private HostedNode joining(int id, List<Integer> ports, boolean joins) throws Exception {
        HostedNode node = startBoth(
                id,
                ports,
                home("joining-" + id),
                1_500,
                "controller.quorum.bootstrap.servers",
                "127.0.0.1:" + ports.get(0) + ",127.0.0.1:" + ports.get(1),
                "controller.quorum.auto.join.enable",
                String.valueOf(joins));
        nodes.add(node);
        return node;
    }

    @Test
    void aWholeClusterThatIsStoppedWaitsForNobodysLeave() throws Exception {
        List<Integer> ports = freePorts();
        List<CompletableFuture<HostedNode>> starting = new ArrayList<>();
        for (int id = 1; id <= 3; id++) starting.add(both(id, ports, home("both-" + id), 60_000));
        for (var start : starting) nodes.add(start.get(MOST_SECONDS, TimeUnit.SECONDS));
        HostedNode first = nodes.removeFirst();
        assertEquals(ErrorCode.NONE, create(first, "t", 1, false));
        // Two of three can let the first go: it is fenced in the others' eyes before its session could end.
        first.stop();
        for (HostedNode node : nodes) awaitSeen(node, Map.of("", List.of(2, 3), "t", List.of(-1)));
        List<CompletableFuture<Void>> stopping = new ArrayList<>();
        for (HostedNode node : nodes)
            stopping.add(CompletableFuture.runAsync(
                    () -> {
                        try {
                            node.stop();
                        } catch (Exception thrown) {
                            throw new AssertionError(thrown);
                        }
                    },
                    task -> Thread.ofVirtual().start(task)));
        // With the session's 60 s, or the 30 s that a leave may take, this would be too late.
        for (var stop : stopping) stop.get(MOST_SECONDS / 2, TimeUnit.SECONDS);
        nodes.clear();
    }

    @Test
    void aBrokerOfAnotherClusterEndsAtOnceAndSaysWhy() throws Exception {
        controller(60_000);
        Path home = home("stranger");
        ExecutionException failed = assertThrows(
                ExecutionException.class,
                () -> HostedNode.startOf(
                        "BBBBBBBBQACAAAAAAAAAAQ",
                        home,
                        1,
                        disk -> disk,
                        "process.roles",
                        "broker",
                        "node.id",
                        "10",
                        "listeners",
                        "PLAINTEXT://127.0.0.1:0",
                        "controller.quorum.bootstrap.servers",
                        "127.0.0.1:" + controllerPort));
        String why = String.valueOf(failed.getMessage());
        assertTrue(why.contains("BBBBBBBBQACAAAAAAAAAAQ") && why.contains("127.0.0.1:" + controllerPort), why);
    }

    private static List<Integer> freePorts() throws IOException {
        List<ServerSocket> taken = new ArrayList<>();
        for (int id = 1; id <= 3; id++) taken.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
        List<Integer> ports = taken.stream().map(ServerSocket::getLocalPort).toList();
        for (ServerSocket socket : taken) socket.close();
        return ports;
    }

    private CompletableFuture<HostedNode> both(int id, List<Integer> ports, Path home) {
        return both(id, ports, home, 600_000);
    }

    /** A broker and controller that reaches the quorum as these properties say. */
    private static HostedNode startBoth(int id, List<Integer> ports, Path home, int sessionMs, String... quorum)
            throws Exception {
        List<String> properties = new ArrayList<>(List.of(
                "node.id",
                String.valueOf(id),
                "listeners",
                "PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:" + ports.get(id - 1),
                "controller.quorum.election.timeout.ms",
                "300",
                "controller.quorum.fetch.timeout.ms",
                "600",
                "controller.quorum.election.backoff.max.ms",
                "300",
                "broker.heartbeat.interval.ms",
                "200",
                "broker.session.timeout.ms",
                String.valueOf(sessionMs)));
        properties.addAll(List.of(quorum));
        return HostedNode.start(home, 1, properties.toArray(String[]::new));
    }

    /** It is ready once there is a quorum, for which it needs others. */
    private CompletableFuture<HostedNode> both(int id, List<Integer> ports, Path home, int sessionMs) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return startBoth(
                                id,
                                ports,
                                home,
                                sessionMs,
                                "controller.quorum.voters",
                                "1@127.0.0.1:" + ports.get(0) + ",2@127.0.0.1:" + ports.get(1) + ",3@127.0.0.1:"
                                        + ports.get(2));
                    } catch (Exception thrown) {
                        throw new AssertionError(thrown);
                    }
                },
                task -> Thread.ofVirtual().start(task));
    }

    @Test
    void questionsWaitForAControllerThatStartsAnew() throws Exception {
        HostedNode controller = controller(60_000);
        HostedNode broker = broker(11, home("eleven"));
        assertEquals(ErrorCode.NONE, create(broker, "a", 11, false));
        controller.stop();
        nodes.remove(controller);
        assertEquals(ErrorCode.REQUEST_TIMED_OUT, broker.create("late", List.of(11), false, 1));
        // Asked while nobody leads; answered once somebody does.
        var asked = CompletableFuture.supplyAsync(() -> {
            try {
                return create(broker, "b", 11, false);
            } catch (Exception thrown) {
                throw new AssertionError(thrown);
            }
        });
        controller(60_000, directory.resolve("controller"));
        assertEquals(ErrorCode.NONE, asked.get(MOST_SECONDS, TimeUnit.SECONDS));
        assertTrue(seenBy(broker).containsKey("b"));
    }
}
