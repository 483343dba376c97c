package io.millrace.simulator.scenario;

import io.millrace.simulator.SimulatedNetwork;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Members of one group come, go, crash, freeze, and take too long over their records, up to so many times. */
final class Turnover {
    /** What can happen to a member. */
    enum Kind {
        /** Another one comes, up to the most there may be. */
        COME,
        /** It leaves as it should. */
        LEAVE,
        /** {@code kill -9}. */
        CRASH,
        /** Its machine stands still, perhaps for longer than {@code session.timeout.ms}. */
        FREEZE,
        /** Its application does not poll for longer than {@code max.poll.interval.ms}. */
        STALL,
        /** Its connections are reset. */
        CUT
    }

    private static final int MOST_MEMBERS = 4;
    private static final int MOST_BETWEEN_MS = 2_500;
    private static final long LOOK_MS = 1_000;

    private final Simulation simulation;
    private final SimulatedNetwork network;
    private final Supplier<List<InetSocketAddress>> servers;
    private final GroupPlan plan;
    private final GroupHistory history;
    private final Map<Integer, PartitionHistory> partitions;
    private final SeededRandom random;
    private final List<GroupConsumer> members = new ArrayList<>();
    private final List<Kind> kinds = new ArrayList<>();
    private final Map<Kind, Integer> done = new EnumMap<>(Kind.class);
    private boolean hasEnded;
    private int left;
    private int made;

    Turnover(
            Simulation simulation,
            SimulatedNetwork network,
            Supplier<List<InetSocketAddress>> servers,
            GroupPlan plan,
            GroupHistory history,
            Map<Integer, PartitionHistory> partitions,
            int count) {
        this.simulation = simulation;
        this.network = network;
        this.servers = servers;
        this.plan = plan;
        this.history = history;
        this.partitions = partitions;
        this.random = simulation.newRandom();
        for (Kind kind : Kind.values()) if (kind == Kind.COME || random.nextInt(3) > 0) kinds.add(kind);
        left = count;
    }

    void begin() {
        for (int i = 1 + random.nextInt(MOST_MEMBERS); i > 0; i--)
            simulation.afterMs(random.nextInt(MOST_BETWEEN_MS), this::come);
        next();
    }

    boolean isOver() {
        return left == 0 && !members.isEmpty();
    }

    /** What happened, by kind. */
    Map<Kind, Integer> done() {
        return done;
    }

    /** Those that are there. */
    List<GroupConsumer> members() {
        members.removeIf(GroupConsumer::isClosed);
        return members;
    }

    private void next() {
        if (left > 0) simulation.afterMs(1 + random.nextInt(MOST_BETWEEN_MS), this::strike);
    }

    private void strike() {
        Kind kind = random.pick(kinds);
        done.merge(kind, 1, Integer::sum);
        simulation.trace(kind.name().hashCode());
        List<GroupConsumer> there = members();
        if (kind == Kind.COME || there.isEmpty()) {
            come();
        } else {
            GroupConsumer one = random.pick(there);
            switch (kind) {
                case COME -> throw new IllegalStateException("it has come");
                case LEAVE -> one.close();
                case CRASH -> one.machine.kill();
                case FREEZE -> one.freeze(random.nextInt(2 * plan.sessionMs()));
                case STALL -> one.stall(one.longStallMs());
                case CUT -> one.machine.cutConnections();
            }
        }
        left--;
        if (left == 0) stayAlive();
        next();
    }

    /** A static member may end long after the last turn, put out by a request of the one before it that came late. */
    private void stayAlive() {
        if (hasEnded) return;
        if (members().stream().allMatch(GroupConsumer::isGoing)) come();
        simulation.afterMs(LOOK_MS, this::stayAlive);
    }

    /** Nobody comes any more; those that are there leave. */
    List<GroupConsumer> end() {
        hasEnded = true;
        List<GroupConsumer> last = List.copyOf(members());
        last.forEach(GroupConsumer::close);
        return last;
    }

    private void come() {
        if (members().size() >= MOST_MEMBERS) return;
        made++;
        String name = "member-" + made;
        String instanceId = plan.isStatic() ? freeInstance() : null;
        GroupConsumer fresh = new GroupConsumer(
                name, instanceId, plan, simulation, network.addNode(1), servers.get(), history, partitions);
        members.add(fresh);
        fresh.begin();
    }

    private String freeInstance() {
        for (int i = 1; ; i++) {
            String candidate = "instance-" + i;
            if (members.stream().noneMatch(each -> candidate.equals(each.instanceId))) return candidate;
        }
    }
}
