package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.messages.ApiVersionsResponse;
import io.millrace.protocol.messages.DescribeTopicPartitionsRequest;
import io.millrace.protocol.messages.ListGroupsRequest;
import io.millrace.protocol.messages.ListGroupsResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class NodeConnectionTest {
    private static final int LONG_MS = 20_000;

    private static ListGroupsResponse noGroups() {
        return ListGroupsResponse.builder().build();
    }

    private static ListGroupsRequest anyGroups() {
        return ListGroupsRequest.builder().build();
    }

    private static NodeConnection open(HostAndPort address) throws IOException {
        return NodeConnection.open(address, "test", Deadline.in(LONG_MS));
    }

    @Test
    void aRequestGoesInTheNewestVersionThatBothSidesAndTheCallerKnow() throws IOException {
        try (ScriptedNode node = new ScriptedNode().speaks(ApiKey.LIST_GROUPS, 0, 3, (request, version) -> noGroups());
                NodeConnection connection = open(node.address())) {
            assertInstanceOf(
                    ListGroupsResponse.class,
                    connection.ask(ApiKey.LIST_GROUPS, 0, 5, version -> anyGroups(), Deadline.in(LONG_MS)));
            connection.ask(ApiKey.LIST_GROUPS, 0, 2, version -> anyGroups(), Deadline.in(LONG_MS));
            assertEquals(3, node.received(ApiKey.LIST_GROUPS).get(0).version());
            assertEquals(2, node.received(ApiKey.LIST_GROUPS).get(1).version());
        }
    }

    @Test
    void aRequestTheNodeDoesNotKnowIsNotSent() throws IOException {
        try (ScriptedNode node = new ScriptedNode().speaks(ApiKey.LIST_GROUPS, 0, 3, (request, version) -> noGroups());
                NodeConnection connection = open(node.address())) {
            var unknown = assertThrows(
                    ClientFailure.NotSupported.class,
                    () -> connection.ask(
                            ApiKey.DESCRIBE_TOPIC_PARTITIONS,
                            0,
                            0,
                            version -> DescribeTopicPartitionsRequest.builder().build(),
                            Deadline.in(LONG_MS)));
            assertEquals(
                    "the node at " + node.address() + " does not know DESCRIBE_TOPIC_PARTITIONS requests",
                    unknown.sentence());
            var tooOld = assertThrows(
                    ClientFailure.NotSupported.class,
                    () -> connection.ask(ApiKey.LIST_GROUPS, 4, 5, version -> anyGroups(), Deadline.in(LONG_MS)));
            assertEquals(
                    "the node at " + node.address()
                            + " speaks LIST_GROUPS in versions 0 to 3, and versions 4 to 5 are needed",
                    tooOld.sentence());
            assertTrue(connection.speaks(ApiKey.LIST_GROUPS));
            assertFalse(connection.speaks(ApiKey.DESCRIBE_TOPIC_PARTITIONS));
            assertEquals(0, node.received(ApiKey.LIST_GROUPS).size());
        }
    }

    @Test
    void aNodeThatDoesNotKnowOurApiVersionsIsAskedAgainInOneItKnows() throws IOException {
        try (ScriptedNode node = new ScriptedNode().answers(ApiKey.LIST_GROUPS, request -> noGroups())) {
            node.speaks(
                    ApiKey.API_VERSIONS,
                    0,
                    2,
                    (request, version) -> ApiVersionsResponse.builder()
                            .apiKeys(List.of(new ApiVersionsResponse.ApiVersion(
                                    ApiKey.LIST_GROUPS.code(), (short) 0, (short) 1)))
                            .build());
            try (NodeConnection connection = open(node.address())) {
                assertTrue(connection.speaks(ApiKey.LIST_GROUPS));
            }
            assertEquals(2, node.received(ApiKey.API_VERSIONS).get(1).version());
        }
    }

    @Test
    void anAnswerToAnotherRequestIsRefused() throws IOException {
        try (ScriptedNode node = new ScriptedNode(correlationId -> correlationId + 7)) {
            IOException failure = assertThrows(IOException.class, () -> open(node.address()));
            assertEquals(
                    "the node at " + node.address() + " answered request 8, not 1 which was asked",
                    failure.getMessage());
        }
    }

    @Test
    void aNodeThatHangsUpIsNamed() throws IOException {
        try (ScriptedNode node = new ScriptedNode().answers(ApiKey.LIST_GROUPS, request -> null);
                NodeConnection connection = open(node.address())) {
            IOException failure = assertThrows(
                    IOException.class,
                    () -> connection.ask(ApiKey.LIST_GROUPS, 0, 5, version -> anyGroups(), Deadline.in(LONG_MS)));
            assertEquals(
                    "the node at " + node.address() + " closed the connection instead of answering LIST_GROUPS",
                    failure.getMessage());
        }
    }

    @Test
    void whoeverAcceptsAndSaysNothingIsNamedWhenTimeIsOver() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            HostAndPort address = new HostAndPort("127.0.0.1", silent.getLocalPort());
            IOException failure =
                    assertThrows(IOException.class, () -> NodeConnection.open(address, "test", Deadline.in(100)));
            assertEquals("the node at " + address + " gave no answer to API_VERSIONS in time", failure.getMessage());
        }
    }

    @Test
    void aPortNobodyListensAtIsNamed() throws IOException {
        HostAndPort address;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            address = new HostAndPort("127.0.0.1", closed.getLocalPort());
        }
        IOException failure = assertThrows(IOException.class, () -> open(address));
        assertTrue(String.valueOf(failure.getMessage()).startsWith("nobody listens at " + address), failure::toString);
    }

    @Test
    void webServersTlsAndStrangersAreRecognised() throws IOException {
        byte[] tlsAlert = {0x15, 3, 3, 0, 2, 2, 40};
        assertRecognised(
                "is a web server, not a Kafka listener",
                "HTTP/1.1 400 Bad Request\r\n".getBytes(StandardCharsets.US_ASCII));
        assertRecognised("wants TLS; say so with security.protocol=SSL or SASL_SSL", tlsAlert);
        assertRecognised(
                "does not speak Kafka's protocol (frame of 1397966893 bytes)",
                "SSH-2.0".getBytes(StandardCharsets.US_ASCII));
        assertRecognised("does not speak Kafka's protocol (frame of -1 bytes)", new byte[] {-1, -1, -1, -1});
    }

    private static void assertRecognised(String expected, byte[] greeting) throws IOException {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> greet(listener, greeting));
            HostAndPort address = new HostAndPort("127.0.0.1", listener.getLocalPort());
            IOException failure = assertThrows(NodeConnection.NotKafka.class, () -> open(address));
            assertTrue(String.valueOf(failure.getMessage()).contains(expected), failure::toString);
        }
    }

    private static void greet(ServerSocket listener, byte[] greeting) {
        try (Socket socket = listener.accept()) {
            OutputStream out = socket.getOutputStream();
            out.write(greeting);
            out.flush();
            // Stays until the client hangs up, so that what was written is not lost to a reset.
            socket.getInputStream().readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
