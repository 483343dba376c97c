package io.millrace.cli.reassign;

import io.millrace.cli.terminal.Terminal;
import io.millrace.client.placement.PlacedPartition;
import io.millrace.client.placement.PlacementGoal;
import io.millrace.client.placement.ReassignmentPlan;
import io.millrace.client.placement.ReassignmentPlan.Change;
import io.millrace.client.placement.ReassignmentPlanner;
import io.millrace.client.placement.TargetBroker;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A mixin: what {@code reassign plan} and {@code reassign run} are to come to. */
final class PlanOptions {
    @Option(
            names = {"-t", "--topics"},
            paramLabel = "TOPIC,...",
            split = ",",
            description = "Which topics (default: all, the cluster's own too).")
    private List<String> topics = new ArrayList<>();

    @Option(
            names = "--brokers",
            paramLabel = "ID,...",
            split = ",",
            description = "Which brokers are to have the replicas (default: all that are up and take new ones).")
    private List<Integer> brokers = new ArrayList<>();

    @Option(
            names = {"--rf", "--replication-factor"},
            paramLabel = "COUNT",
            description = "How many replicas each partition is to have (default: as many as it has).")
    private @Nullable Integer factor;

    @Option(
            names = "--no-spread",
            description = "Leave replicas and leaders that may stay where they are, however uneven that is.")
    private boolean noSpread;

    @Option(
            names = {"--json-file", "--reassignment-json-file"},
            paramLabel = "FILE",
            description = "Take the replicas from a file in the form of Kafka's tool, instead of working them out.")
    private @Nullable Path file;

    /** Made by picocli. */
    PlanOptions() {}

    /** Which topics have to be looked at; ends the command with status 2 if the options contradict each other. */
    Predicate<String> topics(Terminal terminal) {
        Integer wanted = factor;
        if (wanted != null && wanted < 1) throw terminal.wronglyAsked("--rf " + wanted + " is below 1");
        if (file != null && (!topics.isEmpty() || !brokers.isEmpty() || wanted != null || noSpread))
            throw terminal.wronglyAsked("--json-file says all that --topics, --brokers, --rf and --no-spread would");
        Set<String> named = file == null ? new HashSet<>(topics) : new HashSet<>();
        if (file != null) for (TopicPartition partition : listed(file, terminal).keySet()) named.add(partition.topic());
        return named.isEmpty() ? topic -> true : named::contains;
    }

    private static Map<TopicPartition, List<Integer>> listed(Path file, Terminal terminal) {
        try {
            return ReassignmentFile.read(file);
        } catch (IllegalArgumentException e) {
            throw terminal.wronglyAsked(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw terminal.wronglyAsked("cannot read " + file + ": " + e);
        }
    }

    /**
     * The plan, or empty where that was complained of.
     *
     * @param state of those topics
     */
    Optional<ReassignmentPlan> plan(ClusterState state, Terminal terminal) {
        Set<String> found = new HashSet<>();
        for (PlacedPartition each : state.partitions())
            found.add(each.partition().topic());
        List<String> missing = topics.stream().filter(it -> !found.contains(it)).toList();
        for (String topic : missing) terminal.complain("topic " + topic + " does not exist");
        if (!missing.isEmpty()) return Optional.empty();
        if (file != null) return listed(state, file, terminal);
        List<TargetBroker> targets = targets(state, terminal);
        if (targets.isEmpty()) return Optional.empty();
        try {
            return Optional.of(ReassignmentPlanner.plan(
                    state.partitions(),
                    new PlacementGoal(
                            targets, factor == null ? OptionalInt.empty() : OptionalInt.of(factor), !noSpread)));
        } catch (IllegalArgumentException refused) {
            terminal.complain(String.valueOf(refused.getMessage()));
            return Optional.empty();
        }
    }

    private List<TargetBroker> targets(ClusterState state, Terminal terminal) {
        List<TargetBroker> targets = new ArrayList<>();
        boolean isAnyWrong = false;
        for (int id :
                brokers.isEmpty() ? List.copyOf(state.nodes().keySet()) : new ArrayList<>(new TreeSet<>(brokers))) {
            if (state.takesReplicas(id)) {
                targets.add(new TargetBroker(id, state.rack(id), true));
            } else if (!brokers.isEmpty()) {
                terminal.complain("broker " + id
                        + (state.nodes().containsKey(id) ? " is not up, or takes no new replicas" : " does not exist"));
                isAnyWrong = true;
            }
        }
        if (brokers.isEmpty() && targets.isEmpty()) terminal.complain("no broker takes new replicas");
        return isAnyWrong ? List.of() : targets;
    }

    private static Optional<ReassignmentPlan> listed(ClusterState state, Path file, Terminal terminal) {
        Map<TopicPartition, PlacedPartition> known = new TreeMap<>();
        for (PlacedPartition each : state.partitions()) known.put(each.partition(), each);
        List<Change> changes = new ArrayList<>();
        boolean isAnyWrong = false;
        for (var wanted : listed(file, terminal).entrySet()) {
            PlacedPartition before = known.get(wanted.getKey());
            if (before == null) {
                terminal.complain("partition " + wanted.getKey() + " does not exist");
                isAnyWrong = true;
                continue;
            }
            for (int broker : wanted.getValue()) {
                if (state.nodes().containsKey(broker)) continue;
                terminal.complain(wanted.getKey() + ": broker " + broker + " does not exist");
                isAnyWrong = true;
            }
            if (!before.replicas().equals(wanted.getValue())) changes.add(new Change(before, wanted.getValue()));
        }
        return isAnyWrong ? Optional.empty() : Optional.of(new ReassignmentPlan(changes));
    }
}
