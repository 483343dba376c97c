package io.millrace.simulator.scenario;

import io.millrace.simulator.SimulatedNetwork;
import io.millrace.simulator.SimulatedNode;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import io.millrace.testkit.disk.DiskFaults;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Does harm to the nodes of a cluster at moments of the seed's choosing, each run with some of the kinds, and starts whoever is down
 * again after a while. What lasts ends by itself; {@link #heal} ends all of it.
 */
final class ClusterFaults {
    private static final int MOST_BETWEEN_MS = 4_000;
    private static final int MOST_LASTING_MS = 25_000;
    private static final int MOST_DOWN_MS = 2_000;
    private static final int MOST_LONG_DOWN_MS = 20_000;
    private static final int MOST_FROZEN_MS = 12_000;
    private static final int MOST_CHANGES = 250;
    private static final int MOST_DELAY_MS = 400;
    private static final int MOST_BYTES_PER_MS = 20;
    private static final int MOST_DRIFT_PPM = 50_000;
    private static final int MOST_DISK_FAULTS = 4;
    private static final int MOST_STORM = 4;
    private static final long MOST_CLOCK_MS = 3_600_000;
    private static final long WATCH_MS = 50;
    private static final long ROLL_MS = 200;

    private final Simulation simulation;
    private final ClusterNodes nodes;
    private final MetadataHistory metadata;
    private final LinkFaults links;
    private final Operators operators;
    private final SeededRandom random;
    private final Set<Integer> without;
    private final boolean acksWaitForDisk;
    private final int mayLose;
    private final List<ClusterFault> kinds = new ArrayList<>();
    private final Map<ClusterFault, Integer> done = new EnumMap<>(ClusterFault.class);
    private final List<String> decisions = new ArrayList<>();
    private final Set<Integer> numbers = new TreeSet<>();
    private final Set<Integer> restartsDue = new TreeSet<>();
    private final Set<Integer> besetDisks = new TreeSet<>();
    private final LonelyLeaders lonely;
    private final SilentBrokers silent;
    private final ReplacedDisks replaced;
    /** Of which each fault draws by its number, so that leaving one out changes no other. */
    private final long seed;

    private final int count;
    private int begun;
    /** Draws of the fault that is being done. */
    private SeededRandom its;

    private int lasting;
    /** What a slow disk was asked for may take until then. */
    private long slowUntilMs;

    private boolean isHealed;

    /**
     * Faults that have not begun.
     *
     * @param legal the kinds that may happen; some of them will
     * @param mayLose the node that may lose what it has, or 0
     * @param without numbers of faults that are left out, from 1
     * @param noticesMs within so many milliseconds the leader of the quorum notices that it has no majority
     * @param sessionMs {@code broker.session.timeout.ms}
     */
    ClusterFaults(
            Simulation simulation,
            SimulatedNetwork network,
            ClusterNodes nodes,
            MetadataHistory metadata,
            SimulatedNode clients,
            Operators operators,
            boolean acksWaitForDisk,
            int mayLose,
            Set<ClusterFault> legal,
            Set<Integer> without,
            long noticesMs,
            long sessionMs,
            int count) {
        this.simulation = simulation;
        this.nodes = nodes;
        this.metadata = metadata;
        this.links = new LinkFaults(network.links(), nodes, clients);
        this.acksWaitForDisk = acksWaitForDisk;
        this.lonely = new LonelyLeaders(simulation, nodes, metadata, links, noticesMs);
        this.replaced = new ReplacedDisks(simulation, nodes, this::say);
        this.silent = new SilentBrokers(simulation, nodes, metadata, links, sessionMs);
        this.operators = operators;
        this.mayLose = mayLose;
        this.without = without;
        this.random = simulation.newRandom();
        this.seed = random.anyLong();
        this.its = random.split();
        double some = random.pick(0.1, 0.3, 0.6);
        for (ClusterFault kind : ClusterFault.values())
            if (random.chance(some) && legal.contains(kind) && kind.isLegal(acksWaitForDisk, mayLose > 0))
                kinds.add(kind);
        this.count = kinds.isEmpty() ? 0 : count;
    }

    void begin() {
        watch();
        next();
    }

    /** Whether nothing more is going to happen, and nothing lasts. */
    boolean isOver() {
        return isAllBegun() && lasting == 0;
    }

    private boolean isAllBegun() {
        return isHealed || begun >= count;
    }

    /** The numbers of those that happened, from 1. */
    Set<Integer> numbers() {
        return numbers;
    }

    /** What happened, by kind. */
    Map<ClusterFault, Integer> done() {
        return done;
    }

    /** What was decided, and when. */
    List<String> decisions() {
        return decisions;
    }

    /**
     * Everything is well from now on; disks that were failing are taken into use again by another start, those that rot are replaced, and
     * all controllers are to vote again.
     */
    void heal() {
        isHealed = true;
        links.mendAll();
        say("all is well from now on");
        replaced.heal();
        if (nodes.isDynamic()) operators.haveAllVote();
        for (int id = 1; id <= nodes.shape().nodeCount(); id++) {
            SimulatedServer node = nodes.node(id);
            node.disk().undisturbed();
            if (!besetDisks.contains(id)) continue;
            decisions.add(
                    "    the disk of node " + id + ": " + node.disk().faults().decisions());
            node.disk().faults().end();
            node.machine().kill();
        }
    }

    /** Whether nothing rots any more, and all controllers vote. */
    boolean isMended() {
        return replaced.areWell() && (!nodes.isDynamic() || operators.allVote());
    }

    /** Whether anything has rotted, ever. */
    boolean hasRotted() {
        return done.containsKey(ClusterFault.ROT);
    }

    private void say(String what) {
        decisions.add(String.format("%9.3f s  %s", simulation.nowMs() / 1_000.0, what));
    }

    private void next() {
        if (isAllBegun()) return;
        int number = begun + 1;
        SeededRandom draws = new SeededRandom(seed + number);
        simulation.afterMs(1 + draws.nextInt(MOST_BETWEEN_MS), () -> strike(number, draws));
    }

    private void strike(int number, SeededRandom draws) {
        if (isAllBegun()) return;
        begun = number;
        ClusterFault kind = draws.pick(kinds);
        int id = 1 + draws.nextInt(nodes.shape().nodeCount());
        if (!without.contains(number)) {
            numbers.add(number);
            its = draws;
            strike(number, kind, id);
        }
        simulation.trace(kind.name().hashCode());
        next();
    }

    private void strike(int number, ClusterFault kind, int drawn) {
        int id = switch (kind) {
            case POWER_CUT, POWER_CUT_BETWEEN_CHANGES, WIPED_DISK, ROT -> mayLose == 0 ? drawn : mayLose;
            case ADD_VOTER, REMOVE_VOTER -> 1 + drawn % nodes.shape().voterCount();
            case KILL_CONTROLLER, FREEZE_CONTROLLER, CUT_OFF_CONTROLLER ->
                metadata.lastLeader() < 0 ? drawn : metadata.lastLeader();
            default -> drawn;
        };
        done.merge(kind, 1, Integer::sum);
        say(number + ": " + kind + " at node " + id);
        SimulatedServer node = nodes.node(id);
        SimulatedNode machine = node.machine();
        switch (kind) {
            case KILL, KILL_CONTROLLER -> machine.kill();
            case KILL_BETWEEN_CHANGES -> beforeSomeChange(id, false);
            case KILL_ALL -> nodes.all().forEach(each -> each.machine().kill());
            case RESTART_STORM -> storm(id, 1 + its.nextInt(MOST_STORM));
            case POWER_CUT -> nodes.cutPower(id);
            case POWER_CUT_BETWEEN_CHANGES -> beforeSomeChange(id, true);
            case POWER_CUT_ALL -> {
                for (int each = 1; each <= nodes.shape().nodeCount(); each++) nodes.cutPower(each);
            }
            case STOP -> node.stop();
            case ROLLING_RESTART -> roll(1);
            case FREEZE, FREEZE_CONTROLLER -> machine.freeze(its.nextInt(MOST_FROZEN_MS));
            case CUT_OFF, CUT_OFF_CONTROLLER -> {
                boolean fromClients = its.nextBoolean();
                lasts(() -> links.cutOff(id, fromClients, true), () -> links.cutOff(id, fromClients, false));
            }
            case CUT_ONE_WAY -> {
                boolean outward = its.nextBoolean();
                lasts(() -> links.cutOneWay(id, outward, true), () -> links.cutOneWay(id, outward, false));
            }
            case CUT_PAIR -> {
                int other = 1 + its.nextInt(nodes.shape().nodeCount());
                lasts(() -> links.link(id, other, true), () -> links.link(id, other, false));
            }
            case BRIDGE -> {
                int half = 1 + its.nextInt(nodes.shape().nodeCount());
                lasts(() -> links.bridge(id, half, true), () -> links.bridge(id, half, false));
            }
            case SWIZZLE -> swizzle();
            case CUT_FROM_CLIENTS -> lasts(() -> links.cutFromClients(id, true), () -> links.cutFromClients(id, false));
            case DELAY -> {
                int ms = 1 + its.nextInt(MOST_DELAY_MS);
                lasts(() -> links.delay(id, ms), () -> links.delay(id, 0));
            }
            case NARROW -> {
                int bytesPerMs = 1 + its.nextInt(MOST_BYTES_PER_MS);
                lasts(() -> links.narrow(id, bytesPerMs), () -> links.narrow(id, 0));
            }
            case RESET -> machine.cutConnections();
            case SILENCE -> machine.silenceConnections();
            case REASSIGN -> say("    " + operators.reassign(its));
            case ELECT_PREFERRED -> operators.electPreferred();
            case NEW_ADDRESS -> newAddress(id);
            case WALL_CLOCK -> machine.moveWallClock(its.nextLong(-MOST_CLOCK_MS, MOST_CLOCK_MS));
            case DRIFT -> node.drift(its.nextInt(-MOST_DRIFT_PPM, MOST_DRIFT_PPM));
            case SLOW_DISK -> beset(id, DiskFaults.Kind.SLOW);
            case FORCE_FAILS -> beset(id, DiskFaults.Kind.FORCE_FAILS);
            case WRITE_FAILS -> beset(id, DiskFaults.Kind.WRITE_FAILS);
            case WRITE_IS_CUT -> beset(id, DiskFaults.Kind.WRITE_IS_CUT);
            case READ_FAILS -> beset(id, DiskFaults.Kind.READ_FAILS);
            case NAMES_FAIL -> beset(id, DiskFaults.Kind.NAMES_FAIL);
            case NO_SPACE -> beset(id, DiskFaults.Kind.NO_SPACE);
            case WIPED_DISK -> {
                if (!replaced.replace(id)) say("    its vote is needed");
            }
            case ROT -> {
                node.mayFail();
                replaced.rotsWhenDown(id, its.split());
                if (its.nextBoolean()) machine.kill();
                else node.stop();
                replaced.look();
            }
            case ADD_VOTER -> operators.addVoter(id);
            case REMOVE_VOTER -> operators.removeVoter(id);
            case TOO_LARGE_A_CHANGE -> {
                if (done.getOrDefault(kind, 0) == 1) operators.createTooMuch(); // It is a lot of work.
            }
        }
    }

    /** Begins something that ends after a while, some sooner than anybody notices, some late. */
    private void lasts(Runnable begin, Runnable end) {
        begin.run();
        lasting++;
        simulation.afterMs(1 + its.nextInt(its.nextBoolean() ? MOST_LASTING_MS : MOST_BETWEEN_MS), () -> {
            lasting--;
            if (!isHealed) end.run();
        });
    }

    private void beforeSomeChange(int id, boolean losesPower) {
        SimulatedNode machine = nodes.node(id).machine();
        machine.disk()
                .beforeChange(
                        machine.disk().changeCount() + its.nextInt(MOST_CHANGES),
                        losesPower ? () -> nodes.cutPower(id) : machine::kill);
    }

    private void storm(int id, int times) {
        nodes.node(id).machine().kill();
        if (times == 0 || isHealed) return;
        lasting++;
        simulation.afterMs(random.nextInt(2 * MOST_DOWN_MS), () -> {
            lasting--;
            storm(id, times - 1);
        });
    }

    /** Stops a node, and the next one when it serves again. */
    private void roll(int id) {
        if (id > nodes.shape().nodeCount() || isHealed) return;
        lasting++;
        int lifeBefore = nodes.node(id).starts();
        nodes.node(id).stop();
        awaitReturn(id, lifeBefore, MOST_LASTING_MS / ROLL_MS);
    }

    private void awaitReturn(int id, int lifeBefore, long looksLeft) {
        simulation.afterMs(ROLL_MS, () -> {
            boolean isBack =
                    nodes.node(id).starts() > lifeBefore && nodes.node(id).isServing();
            if (isBack || looksLeft == 0 || isHealed) {
                lasting--;
                roll(id + 1);
            } else {
                awaitReturn(id, lifeBefore, looksLeft - 1);
            }
        });
    }

    private void swizzle() {
        for (int id = 1; id <= nodes.shape().nodeCount(); id++) {
            if (its.nextBoolean()) continue;
            int each = id;
            SeededRandom draws = its.split();
            lasting++;
            simulation.afterMs(its.nextInt(MOST_BETWEEN_MS), () -> {
                lasting--;
                its = draws;
                if (!isHealed) lasts(() -> links.cutOff(each, false, true), () -> links.cutOff(each, false, false));
            });
        }
    }

    /** Of one broker at most, as all the addresses that a client knows could be wrong otherwise. */
    private void newAddress(int drawn) {
        int id = nodes.shape().nodeCount();
        if (nodes.shape().brokerCount() < 2 || !nodes.shape().isBroker(id)) return;
        say("it is node " + id + ", not " + drawn + ", that moves");
        nodes.move(id);
        nodes.node(id).machine().kill();
    }

    private void beset(int id, DiskFaults.Kind kind) {
        SimulatedServer node = nodes.node(id);
        if (kind == DiskFaults.Kind.FORCE_FAILS) nodes.mayForget(id);
        if (besetDisks.contains(id)) decisions.add("    " + node.disk().faults().decisions());
        DiskFaults faults = DiskFaults.none();
        for (int tries = 0; tries < MOST_DISK_FAULTS && faults.kinds().isEmpty(); tries++)
            faults = DiskFaults.drawn(
                    its.split(), EnumSet.of(kind), path -> true, 1 + its.nextInt(MOST_DISK_FAULTS), acksWaitForDisk);
        node.mayFail();
        besetDisks.add(id);
        lasting++;
        node.disk().beset(faults);
        DiskFaults these = faults;
        simulation.afterMs(1 + its.nextInt(MOST_LASTING_MS), () -> {
            lasting--;
            these.end();
            if (kind == DiskFaults.Kind.SLOW) slowUntilMs = simulation.nowMs() + DiskFaults.MOST_SLOW_MS;
        });
    }

    /** Whoever is down is started again. */
    private void watch() {
        lonely.look();
        silent.look(lasting == 0 && simulation.nowMs() >= slowUntilMs);
        replaced.look();
        for (int id = 1; id <= nodes.shape().nodeCount(); id++) {
            if (nodes.node(id).machine().isDown() && restartsDue.add(id)) restartLater(id);
        }
        simulation.afterMs(WATCH_MS, this::watch);
    }

    private void restartLater(int id) {
        boolean isLong = !isHealed && random.nextInt(4) == 0;
        simulation.afterMs(random.nextInt(isLong ? MOST_LONG_DOWN_MS : MOST_DOWN_MS), () -> {
            restartsDue.remove(id);
            nodes.start(id);
            if (!isAllBegun() && random.nextInt(4) == 0) crashWhileStarting(id);
        });
    }

    /** Recovery is when crashes hurt most. */
    private void crashWhileStarting(int id) {
        boolean mayLosePower = mayLose == 0 || id == mayLose;
        if (mayLosePower && kinds.contains(ClusterFault.POWER_CUT_BETWEEN_CHANGES)) beforeSomeChange(id, true);
        else if (kinds.contains(ClusterFault.KILL_BETWEEN_CHANGES)) beforeSomeChange(id, false);
    }
}
