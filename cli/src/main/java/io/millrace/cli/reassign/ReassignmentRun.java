package io.millrace.cli.reassign;

import io.millrace.cli.terminal.LiveLine;
import io.millrace.cli.terminal.StandardStreams;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.ReplicaAdmin.Election;
import io.millrace.client.TopicDescription;
import io.millrace.client.placement.ReassignmentPlan;
import io.millrace.client.placement.ReassignmentPlan.Change;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Carries a plan out: so many partitions at a time, a new one begun when one has arrived, then leaders where the plan wants them. */
final class ReassignmentRun {
    private static final long LOOK_AGAIN_MS = 500;
    private static final int LOOKS_AT_THE_END = 20;
    private static final long NANOS_PER_MS = 1_000_000;

    private final Admin admin;
    private final Terminal terminal;
    private final ReassignmentPlan plan;
    private final int batch;
    private final Deque<Change> waiting;
    private final Map<TopicPartition, Change> moving = new TreeMap<>();
    private final List<Change> done = new ArrayList<>();
    private final MoveMeter meter = new MoveMeter();
    private int status = Terminal.DONE;

    ReassignmentRun(Admin admin, Terminal terminal, ReassignmentPlan plan, int batch) {
        this.admin = admin;
        this.terminal = terminal;
        this.plan = plan;
        this.batch = batch;
        this.waiting = new ArrayDeque<>(plan.changes());
    }

    /** Returns when nothing of it moves any more; gives the exit status. */
    int carryOut() {
        LiveLine line = new LiveLine(terminal.err(), StandardStreams.isErrTerminal());
        while (beginMore()) {
            if (line.isDue()) {
                meter.saw(System.nanoTime() / NANOS_PER_MS, arrivedBytes());
                line.show(meter.line(done.size(), plan.changes().size(), plan.bytesToMove()));
                terminal.err().flush();
            }
            if (!Pause.of(LOOK_AGAIN_MS)) {
                line.end();
                return Terminal.FAILED;
            }
            var stillMoving = admin.replicas().reassignments().keySet();
            for (Change change : List.copyOf(moving.values())) {
                if (stillMoving.contains(change.partition())) continue;
                moving.remove(change.partition());
                done.add(change);
            }
        }
        line.end();
        int arrived = checkArrived();
        electLeaders();
        terminal.out().println(arrived + " of " + plan.changes().size() + " partitions are where they are wanted.");
        return status;
    }

    /** Begins as many as may move; whether any is moving. */
    private boolean beginMore() {
        while (moving.size() < batch && !waiting.isEmpty()) {
            Map<TopicPartition, Change> next = new LinkedHashMap<>();
            Map<TopicPartition, Optional<List<Integer>>> targets = new LinkedHashMap<>();
            while (moving.size() + next.size() < batch && !waiting.isEmpty()) {
                Change change = waiting.removeFirst();
                next.put(change.partition(), change);
                targets.put(change.partition(), Optional.of(change.after()));
            }
            admin.replicas().reassign(targets).forEach((partition, answer) -> {
                switch (answer) {
                    case Answer.Granted<Optional<List<Integer>>> _ ->
                        moving.put(partition, Objects.requireNonNull(next.get(partition)));
                    case Answer.Refused<Optional<List<Integer>>>(ErrorCode _, String message) -> {
                        terminal.complain("partition " + partition + ": " + message);
                        status = Terminal.FAILED;
                    }
                }
            });
        }
        return !moving.isEmpty();
    }

    private long arrivedBytes() {
        long bytes = done.stream().mapToLong(Change::bytesToMove).sum();
        Map<TopicPartition, Set<Integer>> coming = new TreeMap<>();
        moving.forEach((partition, change) -> coming.put(partition, change.adding()));
        var sizes = MovingReplicas.sizes(admin, coming);
        for (Change change : moving.values())
            for (long size : sizes.getOrDefault(change.partition(), Map.of()).values())
                bytes += Math.min(size, change.before().sizeBytes());
        return bytes;
    }

    /** A reassignment may have been called off, or replaced by another, while this one waited. */
    private int checkArrived() {
        Map<TopicPartition, List<Integer>> found = found();
        // The broker that is asked may hear of it a little later than the controller has said so.
        for (int look = 1; look < LOOKS_AT_THE_END && !isAllThere(found); look++) {
            if (!Pause.of(LOOK_AGAIN_MS)) break;
            found = found();
        }
        int arrived = 0;
        for (Change change : done) {
            List<Integer> replicas = found.getOrDefault(change.partition(), List.of());
            if (replicas.equals(change.after())) {
                arrived++;
                continue;
            }
            terminal.complain("partition " + change.partition() + " is on " + replicas + ", and not on "
                    + change.after() + ": somebody has called its move off, or begun another");
            status = Terminal.FAILED;
        }
        return arrived;
    }

    private boolean isAllThere(Map<TopicPartition, List<Integer>> found) {
        return done.stream().allMatch(change -> change.after().equals(found.get(change.partition())));
    }

    private Map<TopicPartition, List<Integer>> found() {
        Map<TopicPartition, List<Integer>> found = new TreeMap<>();
        Set<String> topics = new TreeSet<>();
        for (Change change : done) topics.add(change.partition().topic());
        for (Answer<TopicDescription> answer : admin.topics().describe(topics).values()) {
            if (!(answer instanceof Answer.Granted<TopicDescription>(TopicDescription topic))) continue;
            for (var it : topic.partitions())
                found.put(new TopicPartition(topic.name(), it.partition()), it.replicas());
        }
        return found;
    }

    private void electLeaders() {
        List<TopicPartition> wanted =
                done.stream().filter(Change::movesLeader).map(Change::partition).toList();
        Map<String, Answer<TopicPartition>> outcomes = new LinkedHashMap<>();
        admin.replicas().elect(Election.PREFERRED, wanted).forEach((it, answer) -> outcomes.put(it.toString(), answer));
        status = Math.max(
                status, terminal.tell("leader of", outcomes, Set.of(ErrorCode.ELECTION_NOT_NEEDED), partition -> {}));
    }
}
