package io.millrace.cli.node;

import io.millrace.cli.reassign.ClusterState;
import io.millrace.cli.reassign.PlanReport;
import io.millrace.cli.reassign.RunOptions;
import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.ConfigAdmin;
import io.millrace.client.placement.PlacedPartition;
import io.millrace.client.placement.PlacementGoal;
import io.millrace.client.placement.ReassignmentPlan;
import io.millrace.client.placement.ReassignmentPlanner;
import io.millrace.client.placement.TargetBroker;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace node drain ID}. */
@Command(
        name = "drain",
        description =
                "Move every replica off a broker, so that it can be stopped for good; nothing else moves. Shows what it would"
                        + " do; --execute does it, and shows how far it is. A broker that is down can be drained as well, of"
                        + " what others have too.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class NodeDrain implements Callable<Integer> {
    private static final String CORDONED = "cordoned.log.dirs";
    private static final String ALL_DIRECTORIES = "*";

    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(paramLabel = "ID", description = "Which broker.")
    private int id;

    @Option(
            names = "--to",
            paramLabel = "ID,...",
            split = ",",
            description = "Which brokers may get the replicas (default: all others that are up and take new ones).")
    private List<Integer> to = new ArrayList<>();

    @Option(names = "--execute", description = "Do it.")
    private boolean execute;

    @Option(
            names = "--cordon",
            description = "With --execute, have the broker take no new replicas from now on (sets its " + CORDONED
                    + " to *, which stays).")
    private boolean cordon;

    @Option(names = "--json", description = "Print the plan in the form of Kafka's reassignment tool.")
    private boolean json;

    @Mixin
    private RunOptions running = new RunOptions();

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        running.check(terminal);
        if (to.contains(id)) throw terminal.wronglyAsked("--to names broker " + id + " itself");
        if (cordon && !execute) throw terminal.wronglyAsked("--cordon goes with --execute");
        if (json && execute) throw terminal.wronglyAsked("--json shows a plan, and --execute shows none");
        try (Admin admin = cluster.admin()) {
            ClusterState state = ClusterState.read(admin, terminal, topic -> true);
            if (!isKnown(state)) {
                terminal.complain("broker " + id + " does not exist, and has no replicas");
                return Terminal.FAILED;
            }
            List<Integer> targets = targets(state);
            if (targets.isEmpty()) return Terminal.FAILED;
            List<PlacedPartition> movable = movable(state);
            int stuck = state.partitions().size() - movable.size();
            int status = stuck == 0 ? Terminal.DONE : Terminal.FAILED;
            ReassignmentPlan plan;
            try {
                plan = ReassignmentPlanner.plan(movable, goal(state, targets));
            } catch (IllegalArgumentException refused) {
                terminal.complain("broker " + id + " cannot be drained: " + refused.getMessage()
                        + "; another broker, or fewer replicas (reassign run --rf), would help");
                return Terminal.FAILED;
            }
            if (execute) return Math.max(status, drain(admin, plan, state, stuck));
            PlanReport report = new PlanReport(plan, state);
            if (json) terminal.out().println(report.json());
            else report.print(terminal.out());
            for (String sentence : report.wantsOfSpace()) terminal.complain(sentence);
            if (!json) terminal.err().println("Nothing was changed; --execute does it.");
            return report.wantsOfSpace().isEmpty() ? status : Terminal.FAILED;
        }
    }

    private boolean isKnown(ClusterState state) {
        return state.brokerIds().contains(id);
    }

    /** Where the replicas may go; none if that was complained of. */
    private List<Integer> targets(ClusterState state) {
        List<Integer> targets = new ArrayList<>();
        for (int broker : to.isEmpty() ? state.brokerIds() : new TreeSet<>(to)) {
            if (broker == id) continue;
            if (state.takesReplicas(broker)) {
                targets.add(broker);
            } else if (!to.isEmpty()) {
                terminal.complain("broker " + broker + " is not up, or takes no new replicas");
                return List.of();
            }
        }
        if (targets.isEmpty()) terminal.complain("there is no other broker that takes new replicas");
        return targets;
    }

    /** All but what a broker that is down has alone: there is nobody to copy it from. */
    private List<PlacedPartition> movable(ClusterState state) {
        if (state.isUp(id)) return state.partitions();
        List<PlacedPartition> movable = new ArrayList<>();
        for (PlacedPartition each : state.partitions()) {
            if (each.replicas().contains(id) && Set.of(id).containsAll(each.inSync()))
                terminal.complain(
                        each.partition() + " stays: its records are on broker " + id + " alone, which is down");
            else movable.add(each);
        }
        return movable;
    }

    /** Replicas elsewhere stay, on brokers too that may get none. */
    private PlacementGoal goal(ClusterState state, List<Integer> targets) {
        List<TargetBroker> brokers = new ArrayList<>();
        for (int broker : state.brokerIds())
            if (broker != id) brokers.add(new TargetBroker(broker, state.rack(broker), targets.contains(broker)));
        return new PlacementGoal(brokers, OptionalInt.empty(), false);
    }

    private int drain(Admin admin, ReassignmentPlan plan, ClusterState state, int stuck) {
        if (cordon && !cordoned(admin)) return Terminal.FAILED;
        int status = running.carryOut(admin, terminal, plan, state);
        if (status != Terminal.DONE) return status;
        Set<TopicPartition> known = new HashSet<>();
        for (PlacedPartition each : state.partitions()) if (each.replicas().contains(id)) known.add(each.partition());
        long left = ClusterState.read(admin, terminal, topic -> true).partitions().stream()
                .filter(it -> it.replicas().contains(id) && !known.contains(it.partition()))
                .count();
        if (left > 0) {
            terminal.complain("broker " + id + " has " + left + " replicas that came meanwhile; drain it again"
                    + (cordon ? "" : ", with --cordon"));
            return Terminal.FAILED;
        }
        if (stuck > 0) return Terminal.DONE;
        terminal.out()
                .println("Broker " + id + " has no replicas any more; once it is stopped, millrace node unregister "
                        + id + " has it forgotten.");
        return Terminal.DONE;
    }

    private boolean cordoned(Admin admin) {
        var change = new ConfigAdmin.Change(Map.of(CORDONED, ALL_DIRECTORIES), List.of());
        return terminal.tell(
                        "broker", admin.configs().alter(ConfigAdmin.Kind.BROKER, Map.of(Integer.toString(id), change)))
                == Terminal.DONE;
    }
}
