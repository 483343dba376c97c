package io.millrace.cli.reassign;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.placement.ReassignmentPlan;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code millrace reassign run}. */
@Command(
        name = "run",
        description =
                "Move replicas as reassign plan with the same options says, some partitions at a time, and show how far it"
                        + " is. Ctrl-C leaves those moving that have begun; run again does the rest.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ReassignRun implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Mixin
    private PlanOptions options = new PlanOptions();

    @Mixin
    private RunOptions running = new RunOptions();

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        running.check(terminal);
        var isMeant = options.topics(terminal);
        try (Admin admin = cluster.admin()) {
            ClusterState state = ClusterState.read(admin, terminal, isMeant);
            Optional<ReassignmentPlan> plan = options.plan(state, terminal);
            return plan.isEmpty() ? Terminal.FAILED : running.carryOut(admin, terminal, plan.get(), state);
        }
    }
}
