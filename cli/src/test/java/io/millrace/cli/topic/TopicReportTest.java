package io.millrace.cli.topic;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.cli.terminal.JsonText;
import io.millrace.client.ConfigEntry;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicDescription.PartitionDescription;
import io.millrace.protocol.Uuid;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class TopicReportTest {
    private static final PartitionDescription WELL =
            new PartitionDescription(0, 1, 3, List.of(1, 2), List.of(1, 2), List.of(), List.of(), List.of());
    private static final PartitionDescription BEHIND =
            new PartitionDescription(1, 2, 4, List.of(2, 1), List.of(2), List.of(), List.of(), List.of());
    private static final PartitionDescription LOST =
            new PartitionDescription(2, -1, 5, List.of(1, 2), List.of(), List.of(1), List.of(2), List.of(1, 2));

    private static final List<ConfigEntry> CONFIGS = List.of(
            new ConfigEntry("cleanup.policy", "compact", ConfigEntry.Source.DYNAMIC_TOPIC_CONFIG, false, false),
            new ConfigEntry("min.insync.replicas", "2", ConfigEntry.Source.STATIC_BROKER_CONFIG, false, false),
            new ConfigEntry("retention.ms", "1", ConfigEntry.Source.DEFAULT_CONFIG, false, false));

    private static TopicReport report(PartitionFilter filter, PartitionDescription... partitions) {
        return TopicReport.of(new TopicDescription("t", Uuid.ONE, false, List.of(partitions)), CONFIGS, filter);
    }

    private static List<Integer> shown(
            boolean underReplicated, boolean unavailable, boolean underMinIsr, boolean atMinIsr) {
        var filter = new PartitionFilter(underReplicated, unavailable, underMinIsr, atMinIsr);
        return report(filter, WELL, BEHIND, LOST).partitions().stream()
                .map(PartitionDescription::partition)
                .toList();
    }

    @Test
    void partitionsAreShownByTheTroubleTheyAreIn() {
        assertEquals(List.of(0, 1, 2), shown(false, false, false, false));
        assertEquals(List.of(1, 2), shown(true, false, false, false));
        assertEquals(List.of(2), shown(false, true, false, false));
        assertEquals(List.of(1, 2), shown(false, false, true, false));
        assertEquals(List.of(0), shown(false, false, false, true));
        assertEquals(List.of(0, 2), shown(false, true, false, true));
    }

    private static String printed(TopicReport report, boolean withPartitions) {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        report.print(out, withPartitions);
        out.flush();
        return text.toString();
    }

    @Test
    void onlyPropertiesOfTheTopicsOwnArePrinted() {
        var all = new PartitionFilter(false, false, false, false);
        assertEquals(
                "Topic t: id " + Uuid.ONE + ", partitions 1, replication factor 2, configs cleanup.policy=compact\n",
                printed(report(all, WELL), false));
    }

    @Test
    void troubleHasColumnsOnlyWhenThereIsSome() {
        var all = new PartitionFilter(false, false, false, false);
        assertEquals(
                "  PARTITION  LEADER  EPOCH  REPLICAS  ISR\n          0       1      3  1,2       1,2\n",
                printed(report(all, WELL), true)
                        .substring(printed(report(all, WELL), false).length()));
        assertEquals(
                """
                  PARTITION  LEADER  EPOCH  REPLICAS  ISR  ELR  LAST-KNOWN-ELR  OFFLINE
                          2  none        5  1,2         -    1               2  1,2
                """,
                printed(report(all, LOST), true)
                        .substring(printed(report(all, LOST), false).length()));
    }

    @Test
    void jsonHasTheSameFacts() {
        var all = new PartitionFilter(false, false, false, false);
        assertEquals(
                "{\"name\":\"t\",\"id\":\"" + Uuid.ONE + "\",\"internal\":false,\"partitionCount\":1,"
                        + "\"replicationFactor\":2,\"configs\":{\"cleanup.policy\":\"compact\"},\"partitions\":["
                        + "{\"partition\":2,\"leader\":null,\"leaderEpoch\":5,\"replicas\":[1,2],\"isr\":[],"
                        + "\"eligibleLeaders\":[1],\"lastKnownEligibleLeaders\":[2],\"offline\":[1,2]}]}",
                JsonText.of(report(all, LOST).fields(true)));
    }
}
