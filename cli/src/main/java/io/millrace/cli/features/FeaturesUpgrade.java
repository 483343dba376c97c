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

/** {@code millrace features upgrade FEATURE=LEVEL...}. */
@Command(
        name = "upgrade",
        description = "Raise levels, all of them or none. Nodes that do not support a level keep the cluster from it.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class FeaturesUpgrade implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(
            arity = "1..*",
            paramLabel = "FEATURE=LEVEL",
            description = "The level a feature is to have; that of metadata.version also as a release, such as 4.1.")
    private List<String> levels = new ArrayList<>();

    @Option(names = "--dry-run", description = "Ask whether it could be done, and do nothing.")
    private boolean dryRun;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        Map<String, Integer> wanted = FeatureLevels.parse(levels, terminal);
        try (Admin admin = cluster.admin()) {
            return FeatureLevels.tell(
                    admin.features().update(wanted, FeatureAdmin.Direction.UPGRADE, dryRun), dryRun, terminal);
        }
    }
}
