package io.millrace.simulator.scenario;

import io.millrace.simulator.SimulatedNode;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Does harm to a server at moments of the seed's choosing, each run with some of the kinds, and starts it again after each
 * crash. Ends after so many, and leaves the server up.
 */
final class Faults {
    /** What can happen. */
    enum Kind {
        /** {@code kill -9}. */
        KILL,
        /** {@code kill -9} before one of the next changes to the disk. */
        KILL_BETWEEN_CHANGES,
        /** The power goes; what was not forced may be lost. */
        POWER_CUT,
        /** The power goes before one of the next changes to the disk. */
        POWER_CUT_BETWEEN_CHANGES,
        /** All connections are reset. */
        CUT_CONNECTIONS,
        /** The machine stands still for a while. */
        FREEZE,
        /** Somebody sets the wall clock, back or forth. */
        WALL_CLOCK,
        /** An orderly stop. */
        STOP;

        boolean restarts() {
            return this != CUT_CONNECTIONS && this != FREEZE && this != WALL_CLOCK;
        }

        boolean losesPower() {
            return this == POWER_CUT || this == POWER_CUT_BETWEEN_CHANGES;
        }
    }

    private static final int MOST_BETWEEN_MS = 2_500;
    private static final int MOST_DOWN_MS = 1_500;
    private static final int MOST_FROZEN_MS = 12_000;
    private static final int MOST_CHANGES = 250;
    private static final long MOST_CLOCK_MS = 3_600_000;
    private static final long WATCH_MS = 50;

    private final Simulation simulation;
    private final SimulatedServer server;
    private final SeededRandom random;
    private final List<Kind> kinds = new ArrayList<>();
    private final Map<Kind, Integer> done = new EnumMap<>(Kind.class);
    private int left;
    private boolean isRestartDue;

    Faults(Simulation simulation, SimulatedServer server, boolean withPowerCuts, int count) {
        this.simulation = simulation;
        this.server = server;
        this.random = simulation.newRandom();
        for (Kind kind : Kind.values())
            if ((withPowerCuts || !kind.losesPower()) && random.nextInt(3) > 0) kinds.add(kind);
        left = kinds.isEmpty() ? 0 : count;
    }

    /** Does no harm of that kind. */
    void without(Kind kind) {
        kinds.remove(kind);
        if (kinds.isEmpty()) left = 0;
    }

    void begin() {
        watch();
        next();
    }

    /** Whether the server may be started again. */
    boolean restartServer() {
        return kinds.stream().anyMatch(Kind::restarts);
    }

    boolean isOver() {
        return left == 0;
    }

    /** What happened, by kind. */
    Map<Kind, Integer> done() {
        return done;
    }

    private void next() {
        if (left > 0) simulation.afterMs(1 + random.nextInt(MOST_BETWEEN_MS), this::strike);
    }

    private void strike() {
        Kind kind = random.pick(kinds);
        done.merge(kind, 1, Integer::sum);
        simulation.trace(kind.name().hashCode());
        SimulatedNode machine = server.machine();
        if (!machine.isDown()) {
            switch (kind) {
                case KILL -> machine.kill();
                case KILL_BETWEEN_CHANGES -> beforeSomeChange(machine::kill);
                case POWER_CUT -> machine.cutPower();
                case POWER_CUT_BETWEEN_CHANGES -> beforeSomeChange(machine::cutPower);
                case CUT_CONNECTIONS -> machine.cutConnections();
                case FREEZE -> machine.freeze(random.nextInt(MOST_FROZEN_MS));
                case WALL_CLOCK -> machine.moveWallClock(random.nextLong(-MOST_CLOCK_MS, MOST_CLOCK_MS));
                case STOP -> server.stop();
            }
        }
        left--;
        if (left == 0) server.disk().undisturbed();
        next();
    }

    private void beforeSomeChange(Runnable crash) {
        server.disk().beforeChange(server.disk().changeCount() + random.nextInt(MOST_CHANGES), crash);
    }

    /** Whoever is down is started again. */
    private void watch() {
        if (server.machine().isDown() && !isRestartDue) {
            isRestartDue = true;
            simulation.afterMs(random.nextInt(MOST_DOWN_MS), () -> {
                isRestartDue = false;
                server.start();
                if (left > 0 && random.nextInt(3) == 0) crashWhileStarting();
            });
        }
        simulation.afterMs(WATCH_MS, this::watch);
    }

    /** Recovery is when crashes hurt most. */
    private void crashWhileStarting() {
        SimulatedNode machine = server.machine();
        if (kinds.contains(Kind.POWER_CUT_BETWEEN_CHANGES)) beforeSomeChange(machine::cutPower);
        else if (kinds.contains(Kind.KILL_BETWEEN_CHANGES)) beforeSomeChange(machine::kill);
    }
}
