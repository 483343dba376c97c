package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Apache's own load tools, with millions of small records. */
@Tag("long")
final class PerformanceToolsTest {
    private static final int RECORD_COUNT = 5_000_000;
    private static final int RECORD_BYTES = 100;
    private static final int PARTITION_COUNT = 3;
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with("group.initial.rebalance.delay.ms=0");

    @Test
    void fiveMillionRecordsGoInAndComeOutWithoutAnError() throws Exception {
        String topic = "load";
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            admin.createTopics(List.of(new NewTopic(topic, PARTITION_COUNT, (short) 1)))
                    .all()
                    .get();
        }
        String servers = "bootstrap.servers=" + broker.bootstrap();
        var produced = tool(
                "ProducerPerformance",
                List.of("--topic", topic, "--num-records", "" + RECORD_COUNT, "--record-size", "" + RECORD_BYTES),
                List.of(
                        "--throughput",
                        "-1",
                        "--producer-props",
                        servers,
                        "acks=all",
                        "linger.ms=5",
                        "batch.size=65536"));
        assertTrue(
                produced.getLast().startsWith(RECORD_COUNT + " records sent"),
                () -> "last line: " + produced.getLast());
        assertEquals(
                List.of(),
                produced.stream().filter(PerformanceToolsTest::isTrouble).toList());
        assertEquals(RECORD_COUNT, storedRecords(topic));

        var consumed = tool(
                "ConsumerPerformance",
                List.of("--bootstrap-server", broker.bootstrap(), "--topic", topic, "--group", "load-group"),
                List.of("--num-records", "" + RECORD_COUNT, "--timeout", "60000", "--hide-header"));
        assertEquals(
                List.of(),
                consumed.stream().filter(PerformanceToolsTest::isTrouble).toList());
        // start, end, MB, MB per s, records, and more
        assertEquals("" + RECORD_COUNT, consumed.getLast().split(",", -1)[4].trim(), () -> String.join("\n", consumed));
    }

    private static boolean isTrouble(String line) {
        return line.contains("Exception") || line.contains("ERROR") || line.contains("WARNING");
    }

    private static List<String> tool(String name, List<String> some, List<String> more) {
        var command = new ArrayList<>(Checkout.java("512m"));
        command.remove("-XX:TieredStopAtLevel=1");
        String classPath = Checkout.jars("clients/tools", "run mvn process-test-resources here")
                + File.pathSeparator
                + Checkout.TARGET.resolve("test-classes");
        command.addAll(List.of("-cp", classPath, "org.apache.kafka.tools." + name));
        command.addAll(some);
        command.addAll(more);
        return ChildProcess.run(name, Checkout.TARGET, Map.of(), PATIENCE, command);
    }

    private static long storedRecords(String topic) {
        try (var consumer = JavaClients.consumer(broker.bootstrap())) {
            var partitions = LongStream.range(0, PARTITION_COUNT)
                    .mapToObj(partition -> new TopicPartition(topic, (int) partition))
                    .toList();
            return consumer.endOffsets(partitions).values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
        }
    }
}
