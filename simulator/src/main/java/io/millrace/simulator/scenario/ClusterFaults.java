package io.millrace.simulator.scenario;

import io.millrace.simulator.SimulatedLinks;
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
import java.util.TreeMap;
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
    private final SimulatedLinks links;
    private final SimulatedNode clients;
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
    private final Set<Integer> frozen = new TreeSet<>();
    private final Map<Integer, Alone> alone = new TreeMap<>();
    private final long noticesMs;
    /** Of which each fault draws by its number, so that leaving one out changes no other. */
    private final long seed;

    private final int count;
    private int begun;
    /** Draws of the fault that is being done. */
    private SeededRandom its;

    private int lasting;
    private boolean isHealed;

    /**
     * Faults that have not begun.
     *
     * @param legal the kinds that may happen; some of them will
     * @param mayLose the node that may lose what it has, or 0
     * @param without numbers of faults that are left out, from 1
     * @param noticesMs within so many milliseconds the leader of the quorum notices that it has no majority
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
            int count) {
        this.simulation = simulation;
        this.nodes = nodes;
        this.metadata = metadata;
        this.links = network.links();
        this.clients = clients;
        this.acksWaitForDisk = acksWaitForDisk;
        this.noticesMs = noticesMs;
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

    /** Everything is well from now on; disks that were failing are taken into use again by another start. */
    void heal() {
        isHealed = true;
        links.mendAll();
        say("all is well from now on");
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

    /** A life of a node that hears nothing of a majority, since when, and how many links were mended before. */
    private record Alone(int life, long sinceMs, long mends) {}

    /** A leader of the quorum that hears nothing of a majority has to notice (M5). */
    private void lookWhoIsAlone() {
        for (int id = 1; id <= nodes.shape().nodeCount(); id++) {
            SimulatedServer node = nodes.node(id);
            if (!nodes.shape().isController(id)
                    || frozen.contains(id)
                    || node.machine().isDown()
                    || hears(id)) {
                alone.remove(id);
                continue;
            }
            Alone since = alone.get(id);
            if (since == null || since.life() != node.starts() || since.mends() != links.mends())
                alone.put(id, new Alone(node.starts(), simulation.nowMs(), links.mends()));
            else if (simulation.nowMs() - since.sinceMs() > noticesMs) metadata.hasNoMajority(id);
        }
    }

    private boolean hears(int id) {
        int heard = 0;
        for (int other = 1; other <= nodes.shape().nodeCount(); other++)
            if (nodes.shape().isController(other) && !links.isCut(host(other), host(id))) heard++;
        return heard > nodes.shape().voterCount() / 2;
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
            case POWER_CUT, POWER_CUT_BETWEEN_CHANGES -> mayLose == 0 ? drawn : mayLose;
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
            case KILL_BETWEEN_CHANGES -> beforeSomeChange(machine, false);
            case KILL_ALL -> nodes.all().forEach(each -> each.machine().kill());
            case RESTART_STORM -> storm(id, 1 + its.nextInt(MOST_STORM));
            case POWER_CUT -> machine.cutPower();
            case POWER_CUT_BETWEEN_CHANGES -> beforeSomeChange(machine, true);
            case POWER_CUT_ALL -> nodes.all().forEach(each -> each.machine().cutPower());
            case STOP -> node.stop();
            case ROLLING_RESTART -> roll(1);
            case FREEZE, FREEZE_CONTROLLER -> {
                alone.remove(id);
                frozen.add(id);
                machine.freeze(its.nextInt(MOST_FROZEN_MS));
            }
            case CUT_OFF, CUT_OFF_CONTROLLER -> {
                boolean fromClients = its.nextBoolean();
                lasts(() -> cutOff(id, fromClients, true), () -> cutOff(id, fromClients, false));
            }
            case CUT_ONE_WAY -> {
                boolean outward = its.nextBoolean();
                lasts(() -> cutOneWay(id, outward, true), () -> cutOneWay(id, outward, false));
            }
            case CUT_PAIR -> {
                int other = 1 + its.nextInt(nodes.shape().nodeCount());
                lasts(() -> link(id, other, true), () -> link(id, other, false));
            }
            case BRIDGE -> {
                int half = 1 + its.nextInt(nodes.shape().nodeCount());
                lasts(() -> bridge(id, half, true), () -> bridge(id, half, false));
            }
            case SWIZZLE -> swizzle();
            case CUT_FROM_CLIENTS -> lasts(() -> cutFromClients(id, true), () -> cutFromClients(id, false));
            case DELAY -> {
                int ms = 1 + its.nextInt(MOST_DELAY_MS);
                lasts(() -> delay(id, ms), () -> delay(id, 0));
            }
            case NARROW -> {
                int bytesPerMs = 1 + its.nextInt(MOST_BYTES_PER_MS);
                lasts(() -> narrow(id, bytesPerMs), () -> narrow(id, 0));
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

    private void beforeSomeChange(SimulatedNode machine, boolean losesPower) {
        machine.disk()
                .beforeChange(
                        machine.disk().changeCount() + its.nextInt(MOST_CHANGES),
                        losesPower ? machine::cutPower : machine::kill);
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

    private int host(int id) {
        return nodes.node(id).machine().host();
    }

    private void direct(int from, int to, boolean isCut) {
        if (isCut) links.cut(from, to);
        else links.mend(from, to);
    }

    private void link(int id, int other, boolean isCut) {
        direct(host(id), host(other), isCut);
        direct(host(other), host(id), isCut);
    }

    private void cutOff(int id, boolean fromClients, boolean isCut) {
        for (int other = 1; other <= nodes.shape().nodeCount(); other++) link(id, other, isCut);
        if (fromClients) cutFromClients(id, isCut);
    }

    private void cutFromClients(int id, boolean isCut) {
        direct(host(id), clients.host(), isCut);
        direct(clients.host(), host(id), isCut);
    }

    private void cutOneWay(int id, boolean outward, boolean isCut) {
        for (int other = 1; other <= nodes.shape().nodeCount(); other++)
            direct(outward ? host(id) : host(other), outward ? host(other) : host(id), isCut);
    }

    /** Nodes up to one number, and those above it, have only one that both reach. */
    private void bridge(int bridging, int half, boolean isCut) {
        for (int low = 1; low <= half; low++)
            for (int high = half + 1; high <= nodes.shape().nodeCount(); high++)
                if (low != bridging && high != bridging) link(low, high, isCut);
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
                if (!isHealed) lasts(() -> cutOff(each, false, true), () -> cutOff(each, false, false));
            });
        }
    }

    private void delay(int id, int ms) {
        for (int other = 1; other <= nodes.shape().nodeCount(); other++) {
            links.delay(host(id), host(other), ms);
            links.delay(host(other), host(id), ms);
        }
        links.delay(host(id), clients.host(), ms);
        links.delay(clients.host(), host(id), ms);
    }

    private void narrow(int id, int bytesPerMs) {
        for (int other = 1; other <= nodes.shape().nodeCount(); other++) {
            links.narrow(host(id), host(other), bytesPerMs);
            links.narrow(host(other), host(id), bytesPerMs);
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
        });
    }

    /** Whoever is down is started again. */
    private void watch() {
        lookWhoIsAlone();
        for (int id = 1; id <= nodes.shape().nodeCount(); id++)
            if (nodes.node(id).machine().isDown() && restartsDue.add(id)) restartLater(id);
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
        SimulatedNode machine = nodes.node(id).machine();
        boolean mayLosePower = mayLose == 0 || id == mayLose;
        if (mayLosePower && kinds.contains(ClusterFault.POWER_CUT_BETWEEN_CHANGES)) beforeSomeChange(machine, true);
        else if (kinds.contains(ClusterFault.KILL_BETWEEN_CHANGES)) beforeSomeChange(machine, false);
    }
}
