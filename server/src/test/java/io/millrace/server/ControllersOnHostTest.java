package io.millrace.server;

import static io.millrace.server.HostedNode.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.ApiVersionsRequest;
import io.millrace.protocol.messages.ApiVersionsResponse;
import io.millrace.protocol.messages.BrokerHeartbeatRequest;
import io.millrace.protocol.messages.BrokerHeartbeatResponse;
import io.millrace.protocol.messages.BrokerRegistrationRequest;
import io.millrace.protocol.messages.BrokerRegistrationResponse;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.protocol.messages.DescribeClusterRequest;
import io.millrace.protocol.messages.DescribeClusterResponse;
import io.millrace.protocol.messages.DescribeQuorumRequest;
import io.millrace.protocol.messages.DescribeQuorumResponse;
import io.millrace.protocol.messages.EnvelopeRequest;
import io.millrace.protocol.messages.EnvelopeResponse;
import io.millrace.protocol.messages.RemoveRaftVoterRequest;
import io.millrace.protocol.messages.RemoveRaftVoterResponse;
import io.millrace.protocol.messages.RequestHeader;
import io.millrace.protocol.messages.ResponseHeader;
import io.millrace.protocol.messages.UpdateFeaturesRequest;
import io.millrace.protocol.messages.UpdateFeaturesResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three controllers of one quorum, each a whole node on real lanes, sockets and files. */
class ControllersOnHostTest {
    private static final String CLUSTER = "AAAAAAAAQACAAAAAAAAAAQ";

    @TempDir
    Path directory;

    private final List<Integer> ports = new ArrayList<>();
    private final List<HostedNode> nodes = new ArrayList<>();

    @BeforeEach
    void begin() throws Exception {
        List<ServerSocket> taken = new ArrayList<>();
        for (int id = 1; id <= 3; id++) taken.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
        for (ServerSocket socket : taken) {
            ports.add(socket.getLocalPort());
            socket.close();
        }
        for (int id = 1; id <= 3; id++) nodes.add(start(id));
    }

    @AfterEach
    void end() throws IOException {
        for (HostedNode node : nodes) node.close();
    }

    private HostedNode start(int id) throws Exception {
        return start(id, Files.createDirectories(directory.resolve("controller-" + id)));
    }

    /** What a killed process leaves: the files as they are. Its locks live as long as this process. */
    private Path asKilled(int id) throws IOException {
        Path from = directory.resolve("controller-" + id);
        Path target = directory.resolve("again-" + id);
        try (var files = Files.walk(from)) {
            for (Path file : files.toList()) Files.copy(file, target.resolve(from.relativize(file)));
        }
        return target;
    }

    private HostedNode start(int id, Path home) throws Exception {
        return HostedNode.start(
                home,
                1,
                "process.roles",
                "controller",
                "node.id",
                String.valueOf(id),
                "listeners",
                "CONTROLLER://127.0.0.1:" + ports.get(id - 1),
                "controller.quorum.voters",
                "1@127.0.0.1:" + ports.get(0) + ",2@127.0.0.1:" + ports.get(1) + ",3@127.0.0.1:" + ports.get(2),
                "controller.quorum.election.timeout.ms",
                "300",
                "controller.quorum.fetch.timeout.ms",
                "600",
                "controller.quorum.election.backoff.max.ms",
                "300",
                "broker.session.timeout.ms",
                "1000");
    }

    private static DescribeQuorumResponse describe(HostedNode node) throws Exception {
        var partition = DescribeQuorumRequest.PartitionData.builder().partitionIndex(0);
        var request = DescribeQuorumRequest.builder()
                .topics(List.of(DescribeQuorumRequest.TopicData.builder()
                        .topicName("__cluster_metadata")
                        .partitions(List.of(partition.build()))
                        .build()));
        return node.ask(request.build(), DescribeQuorumResponse.class);
    }

    private HostedNode leader() throws Exception {
        return await("a leader", this::findLeader, Optional::isPresent).orElseThrow();
    }

    private Optional<HostedNode> findLeader() throws Exception {
        for (HostedNode node : nodes) if (describe(node).errorCode() == 0) return Optional.of(node);
        return Optional.empty();
    }

    private static BrokerRegistrationRequest registration(long incarnation) {
        List<BrokerRegistrationRequest.Feature> features = new ArrayList<>();
        for (var feature : io.millrace.metadata.Feature.values())
            features.add(BrokerRegistrationRequest.Feature.builder()
                    .name(feature.featureName())
                    .minSupportedVersion(feature.minLevel())
                    .maxSupportedVersion(feature.maxLevel())
                    .build());
        return BrokerRegistrationRequest.builder()
                .brokerId(10)
                .clusterId(CLUSTER)
                .incarnationId(new Uuid(9, incarnation))
                .listeners(List.of(BrokerRegistrationRequest.Listener.builder()
                        .name("PLAINTEXT")
                        .host("127.0.0.1")
                        .port(9092)
                        .build()))
                .features(features)
                .previousBrokerEpoch(-1)
                .logDirs(List.of(new Uuid(8, 8)))
                .build();
    }

    private BrokerRegistrationResponse register(long incarnation) throws Exception {
        return await(
                "the broker's registration",
                () -> leader().ask(registration(incarnation), BrokerRegistrationResponse.class),
                response -> response.errorCode() == 0);
    }

    private static CreateTopicsRequest create(String topic) {
        return CreateTopicsRequest.builder()
                .topics(List.of(CreateTopicsRequest.CreatableTopic.builder()
                        .name(topic)
                        .numPartitions(1)
                        .replicationFactor((short) 1)
                        .build()))
                .timeoutMs(5_000)
                .build();
    }

    private static CreateTopicsRequest lookWhetherToCreate() {
        return CreateTopicsRequest.builder()
                .topics(create("u").topics())
                .timeoutMs(5_000)
                .validateOnly(true)
                .build();
    }

    private static boolean isWhole(DescribeClusterResponse cluster) {
        return cluster.brokers().size() == 3 && cluster.controllerId() > 0;
    }

    @Test
    void theyElectALeaderThatBrokersTurnToAndAnotherWhenItIsKilled() throws Exception {
        BrokerRegistrationResponse registered = register(1);
        await("that all but one turn brokers away", () -> refusals(registered.brokerEpoch()), count -> count == 2);
        DescribeClusterResponse cluster = await(
                "all registrations of controllers",
                () -> leader().ask(
                                DescribeClusterRequest.builder()
                                        .endpointType((byte) 2)
                                        .build(),
                                DescribeClusterResponse.class),
                ControllersOnHostTest::isWhole);
        HostedNode leader = nodes.get(cluster.controllerId() - 1);

        leader.close();
        nodes.remove(leader);
        HostedNode next = leader();
        BrokerHeartbeatResponse known = await(
                "the new leader's knowledge of the broker",
                () -> next.ask(heartbeat(registered.brokerEpoch()), BrokerHeartbeatResponse.class),
                response -> response.errorCode() == 0 && !response.isFenced());
        assertTrue(known.isCaughtUp(), known::toString);

        HostedNode again = start(cluster.controllerId(), asKilled(cluster.controllerId()));
        nodes.add(again);
        await("the restarted one's catching up", () -> describe(leader()), response -> {
            var partition = response.topics().isEmpty()
                    ? null
                    : response.topics().getFirst().partitions().getFirst();
            return partition != null
                    && partition.currentVoters().stream()
                            .allMatch(voter -> voter.logEndOffset() >= partition.highWatermark());
        });
    }

    /** Who leads may change while they are asked. */
    private long refusals(long brokerEpoch) throws Exception {
        long refusals = 0;
        for (HostedNode node : nodes)
            if (node.ask(heartbeat(brokerEpoch), BrokerHeartbeatResponse.class).errorCode()
                    == ErrorCode.NOT_CONTROLLER.code()) refusals++;
        return refusals;
    }

    private static BrokerHeartbeatRequest heartbeat(long epoch) {
        return BrokerHeartbeatRequest.builder()
                .brokerId(10)
                .brokerEpoch(epoch)
                .currentMetadataOffset(1_000_000)
                .build();
    }

    @Test
    void aBrokerThatFallsSilentIsFencedAndItsTopicsAreMadeThroughEnvelopes() throws Exception {
        long epoch = register(1).brokerEpoch();
        HostedNode leader = leader();
        await(
                "waking",
                () -> leader.ask(heartbeat(epoch), BrokerHeartbeatResponse.class),
                response -> response.errorCode() == 0 && !response.isFenced());

        EnvelopeResponse envelope = leader.ask(
                EnvelopeRequest.builder()
                        .requestData(enclosed(ApiKey.CREATE_TOPICS, create("t")))
                        .requestPrincipal(new byte[0])
                        .clientHostAddress(new byte[] {127, 0, 0, 1})
                        .build(),
                EnvelopeResponse.class);
        assertEquals(0, envelope.errorCode());
        byte @Nullable [] data = envelope.responseData();
        var reader = new ProtocolReader(ByteBuffer.wrap(Objects.requireNonNull(data)));
        short version = ApiKey.CREATE_TOPICS.latestStableVersion();
        ResponseHeader header = ResponseHeader.read(reader, ApiKey.CREATE_TOPICS.responseHeaderVersion(version));
        assertEquals(77, header.correlationId());
        var created = ((CreateTopicsResponse) ApiKey.CREATE_TOPICS.readResponse(reader, version)).topics();
        assertEquals(ErrorCode.NONE.code(), created.getFirst().errorCode(), created::toString);

        EnvelopeResponse refused = leader.ask(
                EnvelopeRequest.builder()
                        .requestData(enclosed(ApiKey.BROKER_HEARTBEAT, heartbeat(epoch)))
                        .clientHostAddress(new byte[] {127, 0, 0, 1})
                        .build(),
                EnvelopeResponse.class);
        assertEquals(ErrorCode.INVALID_REQUEST.code(), refused.errorCode());

        // Nobody heartbeats any more: topics have nowhere to go once its session is over.
        await(
                "the broker's fencing",
                () -> leader.ask(lookWhetherToCreate(), CreateTopicsResponse.class),
                response -> response.topics().getFirst().errorCode() == ErrorCode.INVALID_REPLICATION_FACTOR.code());
    }

    /** The broker then asks the next controller; within the envelope the error would be the client's. */
    @Test
    void aControllerThatResignsBeforeItHasDecidedSaysSoOfTheEnvelope() throws Exception {
        long epoch = register(1).brokerEpoch();
        HostedNode leader = leader();
        await(
                "waking",
                () -> leader.ask(heartbeat(epoch), BrokerHeartbeatResponse.class),
                response -> response.errorCode() == 0 && !response.isFenced());
        for (HostedNode node : List.copyOf(nodes))
            if (node != leader) {
                node.close();
                nodes.remove(node);
            }
        EnvelopeResponse envelope = leader.ask(
                EnvelopeRequest.builder()
                        .requestData(enclosed(ApiKey.CREATE_TOPICS, create("t")))
                        .requestPrincipal(new byte[0])
                        .clientHostAddress(new byte[] {127, 0, 0, 1})
                        .build(),
                EnvelopeResponse.class);
        assertEquals(ErrorCode.NOT_CONTROLLER.code(), envelope.errorCode(), envelope::toString);
    }

    @Test
    void staticVotersGoIntoTheLogWithKraftVersionAndTheLeaderCanBeRemovedThen() throws Exception {
        var upgrade = UpdateFeaturesRequest.builder()
                .timeoutMs(5_000)
                .featureUpdates(List.of(UpdateFeaturesRequest.FeatureUpdateKey.builder()
                        .feature("kraft.version")
                        .maxVersionLevel((short) 1)
                        .upgradeType((byte) 1)
                        .build()))
                .build();
        await(
                "kraft.version 1",
                () -> leader().ask(upgrade, UpdateFeaturesResponse.class),
                response -> response.errorCode() == 0);
        HostedNode leader = leader();
        var before = voters(leader);
        assertEquals(3, before.size());
        assertTrue(before.stream().noneMatch(voter -> voter.replicaDirectoryId().equals(Uuid.ZERO)), before::toString);
        var versions = ApiVersionsRequest.builder()
                .clientSoftwareName("test")
                .clientSoftwareVersion("1")
                .build();
        await(
                "that clients are told of it",
                () -> leader.ask(versions, ApiVersionsResponse.class),
                told -> told.finalizedFeatures().stream()
                        .anyMatch(it -> it.name().equals("kraft.version") && it.maxVersionLevel() == 1));

        int id = nodes.indexOf(leader) + 1;
        var remove = RemoveRaftVoterRequest.builder()
                .clusterId(null)
                .voterId(id)
                .voterDirectoryId(before.get(id - 1).replicaDirectoryId())
                .build();
        RemoveRaftVoterResponse removed = leader.ask(remove, RemoveRaftVoterResponse.class);
        assertEquals(ErrorCode.NONE.code(), removed.errorCode(), removed::toString);
        var after = await("another leader", () -> voters(leader()), found -> found.size() == 2);
        assertTrue(after.stream().noneMatch(voter -> voter.replicaId() == id), after::toString);
    }

    private static List<DescribeQuorumResponse.ReplicaState> voters(HostedNode node) throws Exception {
        DescribeQuorumResponse described = describe(node);
        return described.errorCode() != 0
                ? List.of()
                : described.topics().getFirst().partitions().getFirst().currentVoters();
    }

    private static byte[] enclosed(ApiKey apiKey, io.millrace.protocol.Request request) {
        short version = apiKey.latestStableVersion();
        var header = RequestHeader.builder()
                .requestApiKey(apiKey.code())
                .requestApiVersion(version)
                .correlationId(77)
                .clientId("c")
                .build();
        ByteBuffer head = ProtocolWriter.toBuffer(header, apiKey.requestHeaderVersion(version));
        ByteBuffer body = ProtocolWriter.toBuffer(request, version);
        return ByteBuffer.allocate(head.remaining() + body.remaining())
                .put(head)
                .put(body)
                .array();
    }

    @Test
    void aControllerOffersWhatControllersServeAndNothingForConsumers() throws Exception {
        var request = ApiVersionsRequest.builder()
                .clientSoftwareName("test")
                .clientSoftwareVersion("1")
                .build();
        List<Short> offered = nodes.getFirst().ask(request, ApiVersionsResponse.class).apiKeys().stream()
                .map(ApiVersionsResponse.ApiVersion::apiKey)
                .toList();
        for (ApiKey apiKey : List.of(
                ApiKey.VOTE,
                ApiKey.FETCH,
                ApiKey.FETCH_SNAPSHOT,
                ApiKey.BROKER_REGISTRATION,
                ApiKey.BROKER_HEARTBEAT,
                ApiKey.ALTER_PARTITION,
                ApiKey.ENVELOPE)) assertTrue(offered.contains(apiKey.code()), apiKey + " in " + offered);
        assertTrue(!offered.contains(ApiKey.PRODUCE.code()), offered::toString);
    }
}
