package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerFailure;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.Deserializers;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.client.producer.Serializers;
import io.millrace.client.producer.TransactionFailure;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.FindCoordinatorRequest;
import io.millrace.protocol.messages.FindCoordinatorResponse;
import io.millrace.protocol.messages.InitProducerIdResponse;
import io.millrace.protocol.messages.SaslAuthenticateResponse;
import io.millrace.protocol.messages.SaslHandshakeResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.compress.Compression;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What waits for a broker that does not let a client in fails at once, by that and not by its timeout. */
class RefusedLoginTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int FIRST_WITH_LISTS = 4;

    private ScriptedNode node;
    private ScriptedNode coordinator;
    private final AtomicBoolean isLetIn = new AtomicBoolean();
    private ScriptedLog log;

    @BeforeEach
    void start() throws IOException {
        node = new ScriptedNode();
        coordinator = new ScriptedNode();
        log = new ScriptedLog(node);
        log.append(Compression.NONE, "a", "b");
        log.nodes = new ScriptedNode[] {node, coordinator};
        ScriptedCoordinator offsets = new ScriptedCoordinator(coordinator);
        offsets.committed.put(ScriptedLog.PARTITION, new CommittedOffset(1, 1, ""));
        coordinator.answers(
                ApiKey.INIT_PRODUCER_ID,
                request -> InitProducerIdResponse.builder().producerId(9).build());
        for (ScriptedNode each : List.of(node, coordinator)) {
            each.answers(
                    ApiKey.SASL_HANDSHAKE,
                    request -> SaslHandshakeResponse.builder()
                            .mechanisms(List.of("PLAIN"))
                            .build());
            each.answers(ApiKey.SASL_AUTHENTICATE, request -> letIn(each == node || isLetIn.get()));
            each.speaks(
                    ApiKey.FIND_COORDINATOR,
                    FIRST_WITH_LISTS,
                    ApiKey.FIND_COORDINATOR.latestVersion(),
                    (request, version) -> found((FindCoordinatorRequest) request));
        }
    }

    @AfterEach
    void stop() throws IOException {
        node.close();
        coordinator.close();
    }

    private static SaslAuthenticateResponse letIn(boolean isSo) {
        return SaslAuthenticateResponse.builder()
                .errorCode(isSo ? 0 : ErrorCode.SASL_AUTHENTICATION_FAILED.code())
                .errorMessage(isSo ? null : "nobody of that name")
                .build();
    }

    private FindCoordinatorResponse found(FindCoordinatorRequest asked) {
        HostAndPort address = coordinator.address();
        return FindCoordinatorResponse.builder()
                .coordinators(asked.coordinatorKeys().stream()
                        .map(key -> FindCoordinatorResponse.Coordinator.builder()
                                .key(key)
                                .nodeId(1)
                                .host(address.host())
                                .port(address.port())
                                .build())
                        .toList())
                .build();
    }

    /** What both kinds of clients are given, and some more, in turn. */
    private Map<String, Object> properties(Object... namesAndValues) {
        Map<String, Object> properties = new HashMap<>(Map.of(
                "bootstrap.servers",
                node.address().host() + ":" + node.address().port(),
                "reconnect.backoff.ms",
                1,
                "reconnect.backoff.max.ms",
                2,
                "retry.backoff.ms",
                1,
                "security.protocol",
                "SASL_PLAINTEXT",
                "sasl.mechanism",
                "PLAIN",
                "sasl.jaas.config",
                "PlainLoginModule required username=\"ann\" password=\"guess\";"));
        for (int i = 0; i < namesAndValues.length; i += 2)
            properties.put(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
        return properties;
    }

    private Consumer<String, String> consumer() {
        return Consumer.open(
                ConsumerOptions.of(properties(
                        "group.id",
                        ScriptedCoordinator.GROUP,
                        "enable.auto.commit",
                        false,
                        "default.api.timeout.ms",
                        120_000,
                        "fetch.max.wait.ms",
                        1)),
                Deserializers.string(),
                Deserializers.string());
    }

    private static void assertNotLetIn(ErrorCode error, Throwable told) {
        assertEquals(ErrorCode.SASL_AUTHENTICATION_FAILED, error);
        assertTrue(String.valueOf(told.getMessage()).contains("nobody of that name"), told.getMessage());
    }

    @Test
    void commitsFailIfTheCoordinatorRefusesTheLogin() {
        try (var consumer = consumer()) {
            consumer.assign(List.of(ScriptedLog.PARTITION));
            consumer.seek(ScriptedLog.PARTITION, 0);
            assertEquals(2, consumer.poll(PATIENCE).count());
            ConsumerFailure told = assertThrows(ConsumerFailure.class, consumer::commit);
            assertNotLetIn(told.error(), told);
            CompletionException later = assertThrows(
                    CompletionException.class, () -> consumer.commitAsync().join());
            ConsumerFailure cause = assertInstanceOf(ConsumerFailure.class, later.getCause());
            assertNotLetIn(cause.error(), cause);
        }
    }

    @Test
    void aPollThatWaitsForTheCommittedOffsetSaysSoAndGoesOnOnceTheLoginIsTaken() {
        try (var consumer = consumer()) {
            consumer.assign(List.of(ScriptedLog.PARTITION));
            ConsumerFailure told = assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE));
            assertNotLetIn(told.error(), told);
            isLetIn.set(true);
            while (true) {
                try {
                    assertEquals("b", consumer.poll(PATIENCE).iterator().next().value());
                    return;
                } catch (ConsumerFailure before) { // Of a login between the two.
                    assertNotLetIn(before.error(), before);
                }
            }
        }
    }

    @Test
    void aMemberSaysSoAtItsPoll() {
        try (var consumer = consumer()) {
            consumer.subscribe(List.of("orders"));
            ConsumerFailure told = assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE));
            assertNotLetIn(told.error(), told);
        }
    }

    @Test
    void initTransactionsSaysSoAndCanBeCalledAgain() {
        ProducerOptions options = ProducerOptions.of(properties("transactional.id", "t", "max.block.ms", 120_000));
        try (var producer = Producer.open(options, Serializers.string(), Serializers.string())) {
            TransactionFailure told = assertThrows(TransactionFailure.class, producer::initTransactions);
            assertNotLetIn(told.error(), told);
            assertTrue(told.isTimeout(), "it can be called again");
            isLetIn.set(true);
            while (true) {
                try {
                    producer.initTransactions();
                    return;
                } catch (TransactionFailure before) { // Of a login between the two.
                    assertNotLetIn(before.error(), before);
                }
            }
        }
    }

    @Test
    void aPeerThatSpeaksNoTlsIsNoReasonToWait() throws IOException {
        try (ServerSocket listener = new ServerSocket(0, 16, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> sayNoTls(listener));
            String address = "127.0.0.1:" + listener.getLocalPort();
            ConsumerOptions reading = ConsumerOptions.forServers(address)
                    .with("security.protocol", "SSL")
                    .with("default.api.timeout.ms", 120_000);
            try (var consumer = Consumer.open(reading, Deserializers.string(), Deserializers.string())) {
                ConsumerFailure told = assertThrows(ConsumerFailure.class, () -> consumer.partitionsFor("orders"));
                assertEquals(ErrorCode.SASL_AUTHENTICATION_FAILED, told.error());
                assertTrue(
                        String.valueOf(told.getMessage()).contains(address + " cannot be reached: no TLS"),
                        told.getMessage());
            }
            ProducerOptions sending = ProducerOptions.forServers(address)
                    .with("security.protocol", "SSL")
                    .with("transactional.id", "t")
                    .with("max.block.ms", 120_000);
            try (var producer = Producer.open(sending, Serializers.string(), Serializers.string())) {
                TransactionFailure told = assertThrows(TransactionFailure.class, producer::initTransactions);
                assertEquals(ErrorCode.SASL_AUTHENTICATION_FAILED, told.error());
            }
        }
    }

    private static void sayNoTls(ServerSocket listener) {
        while (true) {
            try (Socket socket = listener.accept()) {
                socket.getInputStream().read();
                socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            } catch (IOException closed) {
                if (listener.isClosed()) return;
            }
        }
    }
}
