package io.millrace.cli.reassign;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.placement.ReassignmentPlan;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace reassign plan}. */
@Command(
        name = "plan",
        description = {
            "Show which replicas would move where, and how many bytes that is. Nothing is changed; reassign run does it.",
            "",
            "As little moves as will do: replicas on brokers that are to have none go to others, every partition gets its"
                    + " number of replicas, on as many racks as can be, brokers come to have as many replicas and to lead"
                    + " as many partitions as each other."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ReassignPlan implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Mixin
    private PlanOptions options = new PlanOptions();

    @Option(names = "--json", description = "Print the plan in the form of Kafka's tool.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        var isMeant = options.topics(terminal);
        try (Admin admin = cluster.admin()) {
            ClusterState state = ClusterState.read(admin, terminal, isMeant);
            Optional<ReassignmentPlan> plan = options.plan(state, terminal);
            if (plan.isEmpty()) return Terminal.FAILED;
            PlanReport report = new PlanReport(plan.get(), state);
            if (json) terminal.out().println(report.json());
            else report.print(terminal.out());
            for (String sentence : report.wantsOfSpace()) terminal.complain(sentence);
            return report.wantsOfSpace().isEmpty() ? Terminal.DONE : Terminal.FAILED;
        }
    }
}
