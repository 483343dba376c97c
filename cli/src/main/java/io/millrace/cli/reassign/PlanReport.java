package io.millrace.cli.reassign;

import io.millrace.cli.terminal.Counts;
import io.millrace.cli.terminal.Sizes;
import io.millrace.cli.terminal.Table;
import io.millrace.client.placement.PlacedPartition;
import io.millrace.client.placement.ReassignmentPlan;
import io.millrace.client.placement.ReassignmentPlan.Change;
import io.millrace.client.placement.ReassignmentPlan.Load;
import io.millrace.records.TopicPartition;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A plan as it is shown before it is carried out. */
public final class PlanReport {
    private static final Load NOTHING = new Load(0, 0, 0);

    private final ReassignmentPlan plan;
    private final ClusterState state;

    /** A report of a plan for what the cluster was when it was made. */
    public PlanReport(ReassignmentPlan plan, ClusterState state) {
        this.plan = plan;
        this.state = state;
    }

    /** The partitions that change, then what each broker has of the partitions looked at, then a sentence. */
    public void print(PrintWriter out) {
        if (plan.changes().isEmpty()) {
            out.println("Nothing has to move.");
            return;
        }
        Table changes = new Table("", List.of("PARTITION", "BROKERS", "NEW BROKERS", "BYTES TO MOVE"));
        for (Change change : plan.changes())
            changes.add(
                    change.partition(), text(change.before().replicas()), text(change.after()), change.bytesToMove());
        changes.print(out);
        out.println();
        Table brokers = new Table(
                "",
                List.of("BROKER", "RACK", "REPLICAS", "AFTER", "LEADERS", "AFTER", "BYTES TO COME", "USABLE BYTES"));
        SortedMap<Integer, Load> before = ReassignmentPlan.loads(state.partitions());
        SortedMap<Integer, Load> after = ReassignmentPlan.loads(plan.after(state.partitions()));
        SortedMap<Integer, Long> coming = plan.bytesInto();
        for (int id : state.brokerIds()) {
            Load had = before.getOrDefault(id, NOTHING);
            Load has = after.getOrDefault(id, NOTHING);
            brokers.add(
                    id,
                    state.rack(id),
                    had.replicas(),
                    has.replicas(),
                    had.leaders(),
                    has.leaders(),
                    coming.getOrDefault(id, 0L),
                    usable(id).isPresent() ? usable(id).getAsLong() : "");
        }
        brokers.print(out);
        out.println();
        out.println(summary());
    }

    String summary() {
        long leaders = plan.changes().stream().filter(Change::movesLeader).count();
        return Counts.of(plan.changes().size(), "partition changes", "partitions change") + ": "
                + Counts.of(plan.replicasToMove(), "replica is copied", "replicas are copied") + " ("
                + Sizes.bytes(plan.bytesToMove()) + "), " + Counts.of(leaders, "leader moves", "leaders move") + ".";
    }

    private OptionalLong usable(int broker) {
        ClusterState.Disks disks = state.disks().get(broker);
        return disks == null ? OptionalLong.empty() : disks.usableBytes();
    }

    /** Brokers that would get more than there is room for, each as a sentence. */
    public List<String> wantsOfSpace() {
        List<String> sentences = new ArrayList<>();
        plan.bytesInto().forEach((broker, bytes) -> {
            ClusterState.Disks disks = state.disks().get(broker);
            if (disks != null && disks.isCordoned()) {
                sentences.add("broker " + broker + " would get " + Sizes.bytes(bytes)
                        + " and takes no new replicas: its log directories are cordoned (or offline); millrace config alter broker "
                        + broker + " --delete-config cordoned.log.dirs ends what node drain --cordon began");
                return;
            }
            OptionalLong room = usable(broker);
            if (room.isPresent() && room.getAsLong() < bytes)
                sentences.add("broker " + broker + " would get " + Sizes.bytes(bytes) + " and has room for "
                        + Sizes.bytes(room.getAsLong()));
        });
        return sentences;
    }

    /** What the plan comes to, in Kafka's JSON. */
    public String json() {
        Map<TopicPartition, List<Integer>> replicas = new TreeMap<>();
        for (Change change : plan.changes()) replicas.put(change.partition(), change.after());
        return ReassignmentFile.text(replicas);
    }

    /** What is there now of all that the plan changes, in Kafka's JSON: the way back. */
    String undoJson() {
        Map<TopicPartition, List<Integer>> replicas = new TreeMap<>();
        for (Change change : plan.changes()) {
            PlacedPartition before = change.before();
            replicas.put(before.partition(), before.replicas());
        }
        return ReassignmentFile.text(replicas);
    }

    static String text(List<Integer> ids) {
        return ids.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
