package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.CuttingProxy.Cut;
import io.millrace.compatibility.program.JavaClients;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Idempotent producers of several languages whose connections are cut again and again. */
@Tag("long")
final class IdempotenceUnderCutsTest {
    private static final int RECORD_COUNT = 6_000;
    private static final int REQUESTS_PER_CUT = 6;
    private static final long SEED = 0x5eed;

    private static final CuttingProxy proxy = new CuttingProxy(() -> port(), SEED, REQUESTS_PER_CUT);

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with(
            BrokerKind.underTest(), port -> List.of("advertised.listeners=PLAINTEXT://127.0.0.1:" + proxy.port()));

    private static int port() {
        return broker.port();
    }

    @AfterAll
    static void closeTheProxy() throws IOException {
        proxy.close();
    }

    static List<ProgramClient> clients() {
        var without = List.of(System.getProperty("millrace.compat.without", "").split(",", -1));
        return List.of(
                        ProgramClient.currentJava(),
                        ProgramClient.olderJava("java-2.8"),
                        ConfluentPythonTest.client(),
                        KafkaJsTest.client(),
                        ConfluentJavaScriptTest.client())
                .stream()
                .filter(client -> !without.contains(client.name()))
                .toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("clients")
    void eachRecordIsStoredOnceAndInOrder(ProgramClient client) throws Exception {
        client.requireInstalled();
        String topic = "cuts-" + client.name();
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
        }
        int before = cutCount();
        client.writeIdempotently("127.0.0.1:" + proxy.port(), topic, RECORD_COUNT);
        assertTrue(cutCount() > before + 10, () -> "too few cuts to show anything: " + proxy.cuts());
        assertEquals(
                Cut.values().length, proxy.cuts().size(), () -> "not every kind of cut was drawn: " + proxy.cuts());

        var found = new ArrayList<String>();
        try (var consumer = JavaClients.consumer(broker.bootstrap())) {
            var partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            for (var record : JavaClients.take(consumer, Math.toIntExact(end))) {
                found.add(new String(record.value(), StandardCharsets.UTF_8));
            }
        }
        assertEquals(IntStream.range(0, RECORD_COUNT).mapToObj(String::valueOf).toList(), found);
    }

    private static int cutCount() {
        return proxy.cuts().values().stream().mapToInt(Integer::intValue).sum();
    }
}
