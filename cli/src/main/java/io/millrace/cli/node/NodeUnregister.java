package io.millrace.cli.node;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code millrace node unregister ID}. */
@Command(
        name = "unregister",
        description = "Have the cluster forget a broker that was stopped and will not come back.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class NodeUnregister implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(paramLabel = "ID", description = "Which broker.")
    private int id;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        try (Admin admin = cluster.admin()) {
            admin.cluster().unregister(id);
        }
        terminal.out().println("Broker " + id + " is not registered any more.");
        return Terminal.DONE;
    }
}
