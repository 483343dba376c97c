package io.millrace.cli.features;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Table;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.NodeVersions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace features describe}. */
@Command(
        name = "describe",
        description = "Show the features, the levels that the node asked supports, and the levels in force.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class FeaturesDescribe implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        List<NodeVersions.Feature> features;
        try (Admin admin = cluster.admin()) {
            features = admin.features().describe();
        }
        if (json) {
            terminal.out()
                    .println(JsonText.of(
                            features.stream().map(FeaturesDescribe::fields).toList()));
            return Terminal.DONE;
        }
        Table table = new Table("", List.of("FEATURE", "FROM", "TO", "IN FORCE"));
        for (NodeVersions.Feature feature : features)
            table.add(
                    feature.name(),
                    supported(feature.name(), feature.lowest()),
                    supported(feature.name(), feature.highest()),
                    feature.level().isPresent()
                            ? FeatureLevels.text(feature.name(), feature.level().getAsInt())
                            : "0");
        table.print(terminal.out());
        return Terminal.DONE;
    }

    private static String supported(String feature, int level) {
        return level < 0 ? "" : FeatureLevels.text(feature, level);
    }

    private static Map<String, Object> fields(NodeVersions.Feature feature) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("feature", feature.name());
        fields.put("lowest", feature.lowest());
        fields.put("highest", feature.highest());
        fields.put("level", feature.level().orElse(0));
        return fields;
    }
}
