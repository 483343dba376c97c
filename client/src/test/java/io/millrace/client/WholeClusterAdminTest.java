package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AlterConfigsRequest;
import io.millrace.protocol.messages.AlterConfigsResponse;
import io.millrace.protocol.messages.DeleteTopicsRequest;
import io.millrace.protocol.messages.DeleteTopicsResponse;
import io.millrace.protocol.messages.DescribeClusterRequest;
import io.millrace.protocol.messages.DescribeClusterResponse;
import io.millrace.protocol.messages.DescribeClusterResponse.DescribeClusterBroker;
import io.millrace.protocol.messages.FindCoordinatorResponse;
import io.millrace.protocol.messages.LeaveGroupRequest;
import io.millrace.protocol.messages.LeaveGroupResponse;
import io.millrace.protocol.messages.ListConfigResourcesRequest;
import io.millrace.protocol.messages.ListConfigResourcesResponse;
import io.millrace.protocol.messages.OffsetDeleteResponse;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Nodes, topics by id, configurations and groups: what is sent, and how the answers are told. */
class WholeClusterAdminTest {
    private static Admin admin(ScriptedNode node) {
        return Admin.of(List.of(node.address()), new AdminOptions("test", 20_000, 20_000));
    }

    private static DescribeClusterBroker broker(int id, boolean isFenced) {
        return DescribeClusterBroker.builder()
                .brokerId(id)
                .host("h")
                .port(9092)
                .rack("r" + id)
                .isFenced(isFenced)
                .build();
    }

    @Test
    void nodesAreToldByIdAndFencedOnesAreAskedForWhereThatCanBeSaid() throws IOException {
        for (int highest : new int[] {1, 2}) {
            try (ScriptedNode node = new ScriptedNode()) {
                node.speaks(
                        ApiKey.DESCRIBE_CLUSTER,
                        0,
                        highest,
                        (request, version) -> DescribeClusterResponse.builder()
                                .clusterId("c")
                                .controllerId(2)
                                .brokers(List.of(broker(2, false), broker(1, version >= 2)))
                                .build());
                try (Admin admin = admin(node)) {
                    var described = admin.cluster().describe();
                    assertEquals("c", described.clusterId());
                    assertEquals(
                            List.of(
                                    new ClusterDescription.Node(1, new HostAndPort("h", 9092), "r1", highest == 2),
                                    new ClusterDescription.Node(2, new HostAndPort("h", 9092), "r2", false)),
                            described.nodes());
                }
                var sent = (DescribeClusterRequest)
                        node.received(ApiKey.DESCRIBE_CLUSTER).getFirst().request();
                assertEquals(highest == 2, sent.includeFencedBrokers());
            }
        }
    }

    @Test
    void anOldClusterTellsItsNodesByMetadata() throws IOException {
        try (ScriptedNode node = new ScriptedNode()) {
            node.answers(
                    ApiKey.METADATA,
                    request -> ScriptedNode.cluster(0, node).clusterId("old").build());
            try (Admin admin = admin(node)) {
                assertEquals(
                        new ClusterDescription(
                                "old", 0, List.of(new ClusterDescription.Node(0, node.address(), null, false))),
                        admin.cluster().describe());
            }
        }
    }

    @Test
    void aNodeSaysWhatItSpeaks() throws IOException {
        try (ScriptedNode node = new ScriptedNode()) {
            node.knowsOf(0, node);
            try (Admin admin = admin(node)) {
                assertEquals(
                        List.of(
                                new NodeVersions.Api(3, "METADATA", 0, ApiKey.METADATA.latestVersion()),
                                new NodeVersions.Api(18, "API_VERSIONS", 0, ApiKey.API_VERSIONS.latestVersion())),
                        admin.cluster().versions(0).apis());
            }
        }
    }

    @Test
    void aTopicIsDeletedByItsIdOnly() throws IOException {
        Uuid gone = new Uuid(7, 7);
        try (ScriptedNode node = new ScriptedNode()) {
            node.knowsOf(0, node).answers(ApiKey.DELETE_TOPICS, request -> {
                var asked = ((DeleteTopicsRequest) request).topics();
                assertEquals(null, asked.getFirst().name());
                return DeleteTopicsResponse.builder()
                        .responses(List.of(
                                new DeleteTopicsResponse.DeletableTopicResult("t", Uuid.ONE, (short) 0, null),
                                new DeleteTopicsResponse.DeletableTopicResult(
                                        null, gone, ErrorCode.UNKNOWN_TOPIC_ID.code(), null)))
                        .build();
            });
            try (Admin admin = admin(node)) {
                var outcomes = admin.topics().deleteById(List.of(Uuid.ONE, gone));
                assertEquals(new Answer.Granted<>("t"), outcomes.get(Uuid.ONE));
                assertEquals(Answer.refused(ErrorCode.UNKNOWN_TOPIC_ID.code(), null), outcomes.get(gone));
            }
        }
    }

    @Test
    void configurationsAreListedByKindAndReplacedAsAWhole() throws IOException {
        try (ScriptedNode node = new ScriptedNode()) {
            node.answers(
                            ApiKey.LIST_CONFIG_RESOURCES,
                            request -> ListConfigResourcesResponse.builder()
                                    .configResources(List.of(
                                            new ListConfigResourcesResponse.ConfigResource("b", (byte) 32),
                                            new ListConfigResourcesResponse.ConfigResource("a", (byte) 32)))
                                    .build())
                    .answers(
                            ApiKey.ALTER_CONFIGS,
                            request -> AlterConfigsResponse.builder()
                                    .responses(List.of(new AlterConfigsResponse.AlterConfigsResourceResponse(
                                            ErrorCode.INVALID_CONFIG.code(), "no", (byte) 2, "t")))
                                    .build());
            try (Admin admin = admin(node)) {
                assertEquals(List.of("a", "b"), admin.configs().resources(ConfigAdmin.Kind.GROUP));
                assertEquals(
                        Map.of("t", new Answer.Refused<>(ErrorCode.INVALID_CONFIG, "no (INVALID_CONFIG)")),
                        admin.configs()
                                .replace(ConfigAdmin.Kind.TOPIC, Map.of("t", Map.of("retention.ms", "1")), true));
            }
            var listed = (ListConfigResourcesRequest)
                    node.received(ApiKey.LIST_CONFIG_RESOURCES).getFirst().request();
            assertEquals(List.of((byte) 32), listed.resourceTypes());
            var replaced = (AlterConfigsRequest)
                    node.received(ApiKey.ALTER_CONFIGS).getFirst().request();
            assertEquals(true, replaced.validateOnly());
            assertEquals(
                    List.of(new AlterConfigsRequest.AlterableConfig("retention.ms", "1")),
                    replaced.resources().getFirst().configs());
        }
    }

    private static ScriptedNode coordinator() throws IOException {
        ScriptedNode node = new ScriptedNode();
        return node.answers(
                ApiKey.FIND_COORDINATOR,
                request -> FindCoordinatorResponse.builder()
                        .coordinators(List.of(FindCoordinatorResponse.Coordinator.builder()
                                .key("g")
                                .host(node.address().host())
                                .port(node.address().port())
                                .build()))
                        .build());
    }

    @Test
    void committedOffsetsAreForgottenOneByOne() throws IOException {
        TopicPartition read = new TopicPartition("t", 1);
        TopicPartition forgotten = new TopicPartition("t", 0);
        try (ScriptedNode node = coordinator()) {
            node.answers(
                    ApiKey.OFFSET_DELETE,
                    request -> OffsetDeleteResponse.builder()
                            .topics(List.of(new OffsetDeleteResponse.OffsetDeleteResponseTopic(
                                    "t",
                                    List.of(
                                            new OffsetDeleteResponse.OffsetDeleteResponsePartition(0, (short) 0),
                                            new OffsetDeleteResponse.OffsetDeleteResponsePartition(
                                                    1, ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC.code())))))
                            .build());
            try (Admin admin = admin(node)) {
                assertEquals(
                        Map.of(
                                forgotten,
                                new Answer.Granted<>(forgotten),
                                read,
                                Answer.refused(ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC.code(), null)),
                        admin.groups().deleteOffsets("g", List.of(read, forgotten)));
            }
        }
        try (ScriptedNode node = coordinator()) {
            node.answers(
                    ApiKey.OFFSET_DELETE,
                    request -> OffsetDeleteResponse.builder()
                            .errorCode(ErrorCode.GROUP_ID_NOT_FOUND.code())
                            .build());
            try (Admin admin = admin(node)) {
                assertThrows(ClientFailure.Refused.class, () -> admin.groups().deleteOffsets("g", List.of(read)));
            }
        }
    }

    @Test
    void membersAreRemovedWithTheReasonWhereThatCanBeSaid() throws IOException {
        for (int highest : new int[] {4, 5}) {
            try (ScriptedNode node = coordinator()) {
                node.speaks(
                        ApiKey.LEAVE_GROUP,
                        3,
                        highest,
                        (request, version) -> LeaveGroupResponse.builder()
                                .members(List.of(
                                        new LeaveGroupResponse.MemberResponse("m", null, (short) 0),
                                        new LeaveGroupResponse.MemberResponse(
                                                "n", null, ErrorCode.UNKNOWN_MEMBER_ID.code())))
                                .build());
                try (Admin admin = admin(node)) {
                    assertEquals(
                            Map.of(
                                    "m",
                                    new Answer.Granted<>("m"),
                                    "n",
                                    Answer.refused(ErrorCode.UNKNOWN_MEMBER_ID.code(), null)),
                            admin.groups().removeMembers("g", List.of("m", "n"), "tired"));
                }
                var sent = (LeaveGroupRequest)
                        node.received(ApiKey.LEAVE_GROUP).getFirst().request();
                assertEquals(
                        highest == 5 ? "tired" : null, sent.members().getFirst().reason());
            }
        }
    }
}
