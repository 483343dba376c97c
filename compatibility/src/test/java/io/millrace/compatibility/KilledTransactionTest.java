package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code millrace produce --transactional-id} before Apache's coordinator, killed in the midst of a transaction. */
@Tag("long")
final class KilledTransactionTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int WHOLE = 50;

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with(new ApacheBroker(), port -> List.of());

    @TempDir
    Path directory;

    private List<String> command(String topic, Path file, String... more) {
        List<String> command = new ArrayList<>(List.of(MillraceBroker.PROGRAM, "produce", topic, file.toString()));
        command.addAll(List.of("--bootstrap", broker.bootstrap(), "--partition", "0", "--transactional-id", topic));
        command.addAll(List.of(more));
        return command;
    }

    private Path lines(String name, int from, int until) throws Exception {
        return Files.write(
                directory.resolve(name),
                IntStream.range(from, until).mapToObj(i -> "line " + i).toList());
    }

    private static long endOffset(String topic) {
        var partition = new TopicPartition(topic, 0);
        try (var consumer = JavaClients.consumer(broker.bootstrap())) {
            return consumer.endOffsets(List.of(partition)).get(partition);
        }
    }

    @ParameterizedTest
    @ValueSource(shorts = {2, 1})
    void nothingIsSeenOfWhatAKilledProducerLeftOnceTheNextOneIsThere(short version) throws Exception {
        OurTransactions.finalizeVersion(broker.bootstrap(), version);
        String topic = "killed-" + version;
        OurTransactions.createTopic(broker.bootstrap(), topic);
        Path endless = lines("endless", 0, 2_000);
        // The first transaction is over after two seconds, and the second is written as slowly.
        List<String> slow = command(topic, endless, "--transaction-size", "50", "--rate", "25", "-P", "linger.ms=0");
        try (ChildProcess killed = ChildProcess.start("millrace produce", directory, Map.of(), slow)) {
            Await.until(
                    "something of the second transaction is written",
                    PATIENCE,
                    () -> endOffset(topic) >= WHOLE + 1 + 3,
                    killed::output);
            killed.kill();
        }
        long left = endOffset(topic);
        long begunMs = System.nanoTime() / 1_000_000;
        List<String> output = ChildProcess.run(
                "millrace produce", directory, Map.of(), PATIENCE, command(topic, lines("after", 5_000, 5_010)));
        assertTrue(output.getLast().startsWith("Committed 10 records in 1 transaction to " + topic), output::toString);
        List<String> seen =
                OurTransactions.committedInTheEnd(broker.bootstrap(), topic).getFirst();
        long tookMs = System.nanoTime() / 1_000_000 - begunMs;
        assertTrue(tookMs < 50_000, () -> "it waited for transaction.timeout.ms: " + tookMs + " ms");
        int whole = (int) (left / (WHOLE + 1)) * WHOLE;
        assertTrue(left % (WHOLE + 1) > 0, () -> "it was killed between two transactions, at offset " + left);
        List<String> wanted = new ArrayList<>();
        IntStream.range(0, whole).forEach(i -> wanted.add("line " + i));
        IntStream.range(5_000, 5_010).forEach(i -> wanted.add("line " + i));
        assertEquals(wanted, seen);
    }

    @ParameterizedTest
    @ValueSource(shorts = {2, 1})
    void aLineThatCannotBeReadHasItsTransactionAborted(short version) throws Exception {
        OurTransactions.finalizeVersion(broker.bootstrap(), version);
        String topic = "unread-" + version;
        OurTransactions.createTopic(broker.bootstrap(), topic);
        Path file = Files.write(
                directory.resolve("json"),
                List.of("{\"value\":\"a\"}", "{\"value\":\"b\"}", "{\"value\":\"c\"}", "{\"value\":", "{}"));
        List<String> command = command(topic, file, "--transaction-size", "2", "--json");
        try (ChildProcess produce = ChildProcess.start("millrace produce", directory, Map.of(), command)) {
            assertEquals(1, produce.awaitExit(PATIENCE), produce::output);
            assertTrue(
                    produce.output().contains("Committed 2 records in 1 transaction, aborted 1 to " + topic),
                    produce::output);
        }
        assertEquals(
                List.of("a", "b"),
                OurTransactions.committedInTheEnd(broker.bootstrap(), topic).getFirst());
    }
}
