package io.millrace.cli.features;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.FeatureAdmin;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace features downgrade FEATURE=LEVEL...}. */
@Command(
        name = "downgrade",
        description =
                "Lower levels, all of them or none; 0 switches a feature off. Refused where metadata would be lost.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class FeaturesDowngrade implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(
            arity = "1..*",
            paramLabel = "FEATURE=LEVEL",
            description = "The level a feature is to have; that of metadata.version also as a release, such as 4.1.")
    private List<String> levels = new ArrayList<>();

    @Option(
            names = "--unsafe",
            description = "Also where metadata would be lost by it. Kafka 4.4 refuses that for every feature.")
    private boolean unsafe;

    @Option(names = "--dry-run", description = "Ask whether it could be done, and do nothing.")
    private boolean dryRun;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        Map<String, Integer> wanted = FeatureLevels.parse(levels, terminal);
        var direction = unsafe ? FeatureAdmin.Direction.UNSAFE_DOWNGRADE : FeatureAdmin.Direction.SAFE_DOWNGRADE;
        try (Admin admin = cluster.admin()) {
            return FeatureLevels.tell(admin.features().update(wanted, direction, dryRun), dryRun, terminal);
        }
    }
}
