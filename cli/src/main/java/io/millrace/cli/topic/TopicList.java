package io.millrace.cli.topic;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Table;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.TopicListing;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace topic list}. */
@Command(
        name = "list",
        description = "List topics, one name per line.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class TopicList implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Option(names = "--matching", paramLabel = "REGEX", description = "Only topics whose whole name matches.")
    private @Nullable String matching;

    @Option(names = "--exclude-internal", description = "Leave out the cluster's own topics.")
    private boolean excludeInternal;

    @Option(
            names = {"-v", "--verbose"},
            description = "Show ids and partition counts too.")
    private boolean verbose;

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        TopicFilter filter = TopicFilter.of(matching, excludeInternal, terminal);
        List<TopicListing> topics;
        try (Admin admin = cluster.admin()) {
            topics = admin.topics().list().stream().filter(filter::accepts).toList();
        }
        if (json) {
            terminal.out()
                    .println(JsonText.of(topics.stream().map(TopicList::fields).toList()));
        } else if (verbose) {
            Table table = new Table("", List.of("TOPIC", "PARTITIONS", "INTERNAL", "ID"));
            for (TopicListing topic : topics)
                table.add(topic.name(), topic.partitionCount(), topic.isInternal() ? "yes" : "no", topic.id());
            table.print(terminal.out());
        } else {
            for (TopicListing topic : topics) terminal.out().println(topic.name());
        }
        return Terminal.DONE;
    }

    private static Map<String, Object> fields(TopicListing topic) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", topic.name());
        fields.put("id", topic.id().toString());
        fields.put("partitions", topic.partitionCount());
        fields.put("internal", topic.isInternal());
        return fields;
    }
}
