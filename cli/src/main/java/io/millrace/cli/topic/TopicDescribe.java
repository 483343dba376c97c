package io.millrace.cli.topic;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.ConfigAdmin;
import io.millrace.client.ConfigEntry;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace topic describe [NAME...]}. */
@Command(
        name = "describe",
        description =
                "Describe topics: properties that differ from the cluster's, and where each partition is. Without a"
                        + " name, all topics.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class TopicDescribe implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Mixin
    private TopicNames names = new TopicNames();

    @Option(names = "--matching", paramLabel = "REGEX", description = "Only topics whose whole name matches.")
    private @Nullable String matching;

    @Option(names = "--exclude-internal", description = "Leave out the cluster's own topics.")
    private boolean excludeInternal;

    @Option(names = "--if-exists", description = "Pass over topics that do not exist.")
    private boolean ifExists;

    @Option(
            names = {"--under-replicated", "--under-replicated-partitions"},
            description = "Only partitions with a replica out of sync.")
    private boolean underReplicated;

    @Option(
            names = {"--unavailable", "--unavailable-partitions"},
            description = "Only partitions nobody can read or write now.")
    private boolean unavailable;

    @Option(
            names = {"--under-min-isr", "--under-min-isr-partitions"},
            description = "Only partitions with fewer replicas in sync than min.insync.replicas.")
    private boolean underMinIsr;

    @Option(
            names = {"--at-min-isr", "--at-min-isr-partitions"},
            description = "Only partitions with just as many replicas in sync as min.insync.replicas.")
    private boolean atMinIsr;

    @Option(
            names = {"--with-overrides", "--topics-with-overrides"},
            description = "Only topics with properties of their own, and no partitions.")
    private boolean withOverrides;

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        TopicFilter filter = TopicFilter.of(matching, excludeInternal, terminal);
        PartitionFilter partitions = new PartitionFilter(underReplicated, unavailable, underMinIsr, atMinIsr);
        if (withOverrides && partitions.isSet())
            throw terminal.wronglyAsked("--with-overrides shows no partitions, so it cannot pick any");
        Set<ErrorCode> accepted = EnumSet.noneOf(ErrorCode.class);
        if (ifExists) accepted.add(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        List<TopicReport> reports = new ArrayList<>();
        int status;
        try (Admin admin = cluster.admin()) {
            Map<String, Answer<TopicDescription>> described = admin.topics().describe(meant(admin, filter));
            List<String> known = described.entrySet().stream()
                    .filter(it -> it.getValue() instanceof Answer.Granted<TopicDescription>)
                    .map(Map.Entry::getKey)
                    .toList();
            var configs = admin.configs().describe(ConfigAdmin.Kind.TOPIC, known);
            status = terminal.tell(
                    "topic",
                    described,
                    accepted,
                    topic -> reports.add(TopicReport.of(topic, entries(configs.get(topic.name())), partitions)));
        }
        // Asking for partitions in trouble shows those only: a topic without any is not worth a line.
        reports.removeIf(report -> (withOverrides && report.overrides().isEmpty())
                || (partitions.isSet() && report.partitions().isEmpty()));
        if (json) {
            terminal.out()
                    .println(JsonText.of(reports.stream()
                            .map(it -> it.fields(!withOverrides))
                            .toList()));
        } else {
            for (TopicReport report : reports) report.print(terminal.out(), !withOverrides);
        }
        return status;
    }

    private List<String> meant(Admin admin, TopicFilter filter) {
        List<String> named = names.given();
        if (!named.isEmpty() && matching == null) return named;
        return admin.topics().list().stream()
                .filter(filter::accepts)
                .map(TopicListing::name)
                .filter(name -> named.isEmpty() || named.contains(name))
                .toList();
    }

    /** A cluster may refuse to tell a topic's configuration to who may see the topic. */
    private static List<ConfigEntry> entries(@Nullable Answer<List<ConfigEntry>> answer) {
        return answer instanceof Answer.Granted<List<ConfigEntry>>(List<ConfigEntry> entries) ? entries : List.of();
    }
}
