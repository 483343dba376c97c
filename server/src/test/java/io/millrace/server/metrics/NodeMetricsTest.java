package io.millrace.server.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.Lane;
import io.millrace.raft.run.QuorumDescription;
import io.millrace.server.fetch.FetchSessions;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.storage.CompactionNumbers;
import io.millrace.server.storage.LogDirectories;
import io.millrace.storage.AppendOrigin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class NodeMetricsTest {
    private static final Pattern SAMPLE =
            Pattern.compile("([a-z_]+)(\\{[a-z]+=\"[^\"\\\\]*\"(,[a-z]+=\"[^\"\\\\]*\")*})? (-?[0-9.E+-]+|NaN)");

    private final TestBroker broker = new TestBroker(2);
    private final List<Consumer<NodeMetrics.MetadataFacts>> asked = new ArrayList<>();
    private final NodeMetrics metrics =
            new NodeMetrics(broker.lanes, broker.networks(), asked::add, new EverySource(broker.directories));
    private final List<String> texts = new ArrayList<>();

    private record EverySource(LogDirectories directories) implements MetricSources {
        @Override
        public Optional<LogDirectories> logDirectories() {
            return Optional.of(directories);
        }

        @Override
        public Optional<FetchSessions> fetchSessions(BrokerLane lane) {
            return Optional.of(new FetchSessions(1, () -> 1));
        }

        @Override
        public Optional<CompactionNumbers> compactions(BrokerLane lane) {
            return Optional.of(new CompactionNumbers(9, 1, 2, 3, 4, 5, 6, 7, 8, 0.25));
        }

        @Override
        public Optional<LaneLoad> load(Lane lane) {
            return Optional.of(new LaneLoad() {
                @Override
                public long turns() {
                    return 7;
                }

                @Override
                public long tasksRun() {
                    return 8;
                }

                @Override
                public long asleepNanos() {
                    return 1_500_000_000;
                }
            });
        }
    }

    private NodeMetrics.MetadataFacts facts() {
        return new NodeMetrics.MetadataFacts(
                broker.image(),
                true,
                new NodeMetrics.QuorumFacts(new QuorumDescription(1, 3, 40, List.of(), List.of()), 41, -1));
    }

    private String scrape() {
        texts.clear();
        asked.clear();
        metrics.scrape(texts::add);
        broker.time.run();
        asked.get(0).accept(facts());
        broker.time.run();
        assertEquals(1, texts.size());
        return texts.get(0);
    }

    private static void expect(String text, String... lines) {
        for (String line : lines) assertTrue(text.contains("\n" + line + "\n"), () -> line + " is not in\n" + text);
    }

    @Test
    void partitionsThatLackReplicasInSyncAreCounted() {
        broker.createReplicated("t", List.of(1, 2), List.of(1), "min.insync.replicas", "2");
        broker.createReplicated("u", List.of(1, 2), List.of(1));
        broker.createReplicated("v", List.of(1, 2), List.of(1, 2));
        broker.publish(TestBroker.partition("v", List.of(1, 2), List.of(1), 4, 5));
        broker.publish(TestBroker.partition("v", List.of(1, 2), List.of(1, 2), 4, 6));
        expect(
                scrape(),
                "millrace_partitions_under_replicated 2",
                "millrace_partitions_under_min_isr 1",
                "millrace_partitions_at_min_isr 1",
                "millrace_isr_expansions_total 1",
                "millrace_isr_shrinkings_total 1",
                "millrace_isr_changes_refused_total 0");
    }

    @Test
    void numbersOfAllLanesAreAddedUp() {
        broker.registerSelf();
        broker.create("t", 4);
        broker.create("u", 1);
        for (int partition = 0; partition < 4; partition++)
            broker.partition("t", partition).append(Batches.of("a", "b"), AppendOrigin.CLIENT);
        expect(
                scrape(),
                "millrace_open_transactions 0",
                "millrace_late_transactions 0",
                "millrace_log_force_appends_bucket{le=\"+Inf\"} 0",
                "millrace_log_force_duration_seconds_count 0",
                "millrace_log_forces_waiting 0",
                "millrace_partitions_led 5",
                "millrace_topics_led 2",
                "millrace_topics_without_series 0",
                "millrace_topic_partitions_led{topic=\"t\"} 4",
                "millrace_topic_log_end_offset_sum{topic=\"t\"} 8",
                "millrace_topic_log_end_offset_sum{topic=\"u\"} 0",
                "millrace_topic_log_size_bytes{topic=\"u\"} 0",
                "millrace_metadata_topics 2",
                "millrace_metadata_partitions 5",
                "millrace_metadata_partitions_offline 0",
                "millrace_metadata_brokers{state=\"unfenced\"} 1",
                "millrace_metadata_brokers{state=\"fenced\"} 0",
                "millrace_quorum_leader_id 1",
                "millrace_quorum_snapshot_offset -1",
                "millrace_serving 1",
                "millrace_lane_turns_total{lane=\"lane-1\"} 7",
                "millrace_lane_asleep_seconds_total{lane=\"lane-0\"} 1.5");
    }

    @Test
    void everyLineIsOfTheFormatAndEveryFamilyComesOnceInAFixedOrder() {
        broker.create("t", 1);
        String text = scrape();
        Set<String> families = new LinkedHashSet<>();
        String family = "";
        for (String line : text.lines().toList()) {
            if (line.startsWith("# HELP ")) {
                family = line.split(" ", -1)[2];
                assertTrue(families.add(family), line);
                continue;
            }
            if (line.startsWith("# TYPE " + family + " ")) continue;
            var sample = SAMPLE.matcher(line);
            assertTrue(sample.matches(), line);
            assertTrue(
                    Set.of(family, family + "_count", family + "_sum", family + "_bucket")
                            .contains(sample.group(1)),
                    () -> line + " stands in another family");
        }
        assertTrue(text.endsWith("\n"));
        assertEquals(List.copyOf(families), families(scrape()));
    }

    private static List<String> families(String text) {
        return text.lines()
                .filter(line -> line.startsWith("# HELP "))
                .map(line -> line.split(" ", -1)[2])
                .toList();
    }

    @Test
    void everyFamilyIsDocumentedAndNoOther() throws IOException {
        Path page = Path.of("..", "docs", "metrics.md");
        Set<String> documented = new LinkedHashSet<>();
        for (String line : Files.readAllLines(page)) {
            var name = Pattern.compile("\\| `(millrace_[a-z_]+)`.*").matcher(line);
            // The program adds those of its host; a test beside it holds them to the page.
            if (name.matches() && !name.group(1).startsWith("millrace_page_cache_")) documented.add(name.group(1));
        }
        assertEquals(Set.copyOf(families(scrape())), documented);
    }

    @Test
    void scrapesThatComeTogetherShareOneRound() {
        for (int i = 0; i < 5; i++) metrics.scrape(texts::add);
        broker.time.run();
        assertEquals(1, asked.size());
        assertEquals(0, texts.size());
        asked.get(0).accept(facts());
        broker.time.run();
        assertEquals(5, texts.size());
        metrics.scrape(texts::add);
        broker.time.run();
        assertEquals(2, asked.size());
    }

    @Test
    void topicsBeyondTheBoundAreCountedAndTheLargestShown() {
        TopicSums sums = new TopicSums();
        for (int i = 0; i < TopicSums.MAX_TOPICS_SHOWN + 20; i++) broker.create("t" + i, 1);
        for (BrokerLane lane : broker.lanes) sums.add(TopicSums.of(lane));
        broker.partition("t519", 0).append(Batches.of("a"), AppendOrigin.CLIENT);
        String text = scrape();
        expect(text, "millrace_topics_without_series 20", "millrace_topic_partitions_led{topic=\"t519\"} 1");
        assertEquals(
                TopicSums.MAX_TOPICS_SHOWN,
                text.lines()
                        .filter(line -> line.startsWith("millrace_topic_log_size_bytes{"))
                        .count());
        assertEquals(520, sums.total().partitions());
    }

    @Test
    void whatIsNotKnownIsLeftOut() {
        NodeMetrics bare = new NodeMetrics(broker.lanes, broker.networks(), asked::add);
        bare.scrape(texts::add);
        broker.time.run();
        asked.get(0).accept(NodeMetrics.MetadataFacts.of(broker.image(), false));
        broker.time.run();
        expect(texts.get(0), "millrace_serving 0");
        for (String absent : List.of("millrace_quorum_", "millrace_lane_", "millrace_fetch_session"))
            assertFalse(texts.get(0).contains(absent), absent);
    }
}
