package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.millrace.compatibility.program.JavaClients;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Conversations in the raw protocol, above all of bad requests, and the answers that Apache Kafka 4.4.0 gave to them.
 *
 * <p>{@code -Dmillrace.compat.broker=apache -Dmillrace.compat.record=true} writes the answers down anew.
 */
final class SameAnswersAsApacheTest {
    private static final Path FOLDER = Checkout.ROOM.resolve("src/test/resources/conversations");

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with(
            "node.id=1",
            "auto.create.topics.enable=false",
            "offsets.topic.num.partitions=3",
            "group.initial.rebalance.delay.ms=0");

    static List<String> conversations() throws IOException {
        try (var files = Files.list(FOLDER)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".txt"))
                    .map(name -> name.substring(0, name.length() - 4))
                    .sorted()
                    .toList();
        }
    }

    @BeforeAll
    static void theCoordinatorsAreThere() throws Exception {
        try (var admin = JavaClients.admin(broker.bootstrap());
                var producer = JavaClients.producer(broker.bootstrap())) {
            admin.createTopics(List.of(new NewTopic("warm-up", 1, (short) 1)))
                    .all()
                    .get();
            // by default a producer is idempotent, so there are producer ids to give when this is written
            JavaClients.write(producer, List.of(new ProducerRecord<>("warm-up", new byte[1])));
            admin.deleteTopics(List.of("warm-up")).all().get();
            for (char group = 'a'; group <= 'z'; group++) {
                String name = "warm-up-" + group;
                Await.until("the coordinator of " + name + " is there", Duration.ofSeconds(30), () -> {
                    return admin.listConsumerGroupOffsets(name)
                            .partitionsToOffsetAndMetadata()
                            .get()
                            .isEmpty();
                });
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("conversations")
    void theAnswersAreThoseOfApache(String name) throws Exception {
        check(FOLDER, name, broker.port(), Map.of());
    }

    /** Has a conversation, and compares the answers with Apache's, or writes them down. */
    static void check(Path folder, String name, int port, Map<String, String> places) throws Exception {
        Path answers = folder.resolve(name + ".answers");
        boolean isRecording = Boolean.getBoolean("millrace.compat.record");
        List<String> wanted = isRecording ? List.of() : Files.readAllLines(answers);
        List<String> found = Conversation.read(folder.resolve(name + ".txt")).with(port, wanted, places);
        if (isRecording) {
            Files.write(answers, found);
            return;
        }
        var differences = new ArrayList<String>();
        for (int at = 0; at < Math.max(wanted.size(), found.size()); at++) {
            String want = at < wanted.size() ? wanted.get(at) : "(nothing)";
            String have = at < found.size() ? found.get(at) : "(nothing)";
            if (!want.equals(have)) differences.add(difference(want, have));
        }
        if (!differences.isEmpty()) {
            fail(differences.size() + " of " + wanted.size() + " answers differ:\n" + String.join("\n", differences));
        }
        assertEquals(wanted.size(), found.size());
    }

    /** What was asked, and both answers around the place where they part. */
    private static String difference(String want, String have) {
        int same = 0;
        while (same < Math.min(want.length(), have.length()) && want.charAt(same) == have.charAt(same)) same++;
        int answer = want.lastIndexOf(" | ") + 3;
        int from = Math.min(want.length(), Math.max(answer, same - 60));
        return want.substring(0, answer) + "\n    Apache: ..." + shortened(want.substring(from)) + "\n    here:   ..."
                + shortened(have.substring(Math.min(from, have.length())));
    }

    private static String shortened(String text) {
        return text.length() <= 300 ? text : text.substring(0, 300) + "...";
    }
}
