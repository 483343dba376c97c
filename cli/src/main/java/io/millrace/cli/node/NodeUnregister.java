package io.millrace.cli.node;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.Counts;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace node unregister ID}. */
@Command(
        name = "unregister",
        description = "Have the cluster forget a broker that was stopped, drained before, and will not come back.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class NodeUnregister implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(paramLabel = "ID", description = "Which broker.")
    private int id;

    @Option(
            names = "--with-replicas",
            description = "Even if partitions have replicas there: one that only this broker could serve is lost.")
    private boolean withReplicas;

    @Option(
            names = "--running",
            description = "Even if it still runs: it serves nobody from then on, and says so only in its log, until its"
                    + " process is started anew.")
    private boolean running;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        try (Admin admin = cluster.admin()) {
            long replicas = withReplicas ? 0 : replicas(admin);
            if (replicas > 0) {
                terminal.complain("broker " + id + " is not unregistered: it is to have "
                        + Counts.of(replicas, "replica", "replicas") + "; millrace node drain " + id
                        + " --execute gives them to others, whether it runs or not, and --with-replicas gives them up");
                return Terminal.FAILED;
            }
            if (!running && isUp(admin)) {
                terminal.complain(
                        "broker " + id + " is not unregistered: it runs, or did until a moment ago; stop it, wait"
                                + " until millrace node list shows it as fenced, and ask again, or give --running");
                return Terminal.FAILED;
            }
            admin.cluster().unregister(id);
        }
        terminal.out().println("Broker " + id + " is not registered any more.");
        return Terminal.DONE;
    }

    private boolean isUp(Admin admin) {
        return admin.cluster().describe().nodes().stream().anyMatch(node -> node.id() == id && !node.isFenced());
    }

    private long replicas(Admin admin) {
        List<String> topics =
                admin.topics().list().stream().map(TopicListing::name).toList();
        List<TopicDescription> described = new ArrayList<>();
        // A topic that went meanwhile has no replicas.
        terminal.tell(
                "topic", admin.topics().describe(topics), Set.of(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION), described::add);
        return described.stream()
                .flatMap(topic -> topic.partitions().stream())
                .filter(partition -> partition.replicas().contains(id))
                .count();
    }
}
