package io.millrace.simulator.scenario;

import io.millrace.simulator.SimulatedNetwork;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * An application that has to deal with all inputs, over all its runs: they crash, freeze, stall and are cut off, and another one
 * is begun where the last one is no more, or is only thought to be.
 */
final class TransactionalApplication {
    /** What can happen to the last run. */
    enum Kind {
        /** {@code kill -9}. */
        CRASH,
        /** Another one is begun beside it. */
        TAKE_OVER,
        /** It stands still, and another one is begun. */
        FREEZE_AND_TAKE_OVER,
        /** Its machine stands still. */
        FREEZE,
        /** It takes longer over a transaction than {@code transaction.timeout.ms}. */
        STALL,
        /** Its connections are reset. */
        CUT
    }

    private static final int MOST_BETWEEN_MS = 3_000;
    private static final int MOST_FROZEN_MS = 15_000;
    private static final int MOST_DOWN_MS = 1_000;
    private static final int LOOK_MS = 50;

    private final TransactionalRun.Plan plan;
    private final Simulation simulation;
    private final SimulatedNetwork network;
    private final InetSocketAddress brokers;
    private final TransactionHistory history;
    private final SeededRandom random;
    private final List<TransactionalRun> runs = new ArrayList<>();
    private final List<Kind> kinds = new ArrayList<>();
    private final Map<Kind, Integer> done = new EnumMap<>(Kind.class);
    private int left;
    private boolean isNextDue;
    private boolean isHealed;

    TransactionalApplication(
            TransactionalRun.Plan plan,
            Simulation simulation,
            SimulatedNetwork network,
            InetSocketAddress brokers,
            TransactionHistory history,
            int strikes) {
        this.plan = plan;
        this.simulation = simulation;
        this.network = network;
        this.brokers = brokers;
        this.history = history;
        this.random = simulation.newRandom();
        for (Kind kind : Kind.values()) if (random.nextInt(3) > 0) kinds.add(kind);
        left = kinds.isEmpty() ? 0 : strikes;
    }

    String group() {
        return plan.group();
    }

    /** How many inputs there are. */
    long target() {
        return plan.target();
    }

    void begin() {
        come();
        look();
        next();
    }

    boolean isOver() {
        return left == 0;
    }

    /** From now on all goes well. */
    void heal() {
        isHealed = true;
        runs.forEach(TransactionalRun::behave);
    }

    /** Whether all inputs are dealt with, and nobody goes on. */
    boolean isDone() {
        return runs.stream().anyMatch(TransactionalRun::isDone) && runs.stream().allMatch(TransactionalRun::isOver);
    }

    /** How often it was begun. */
    int runs() {
        return runs.size();
    }

    /** What happened, by kind. */
    Map<Kind, Integer> done() {
        return done;
    }

    @Override
    public String toString() {
        return plan + " " + runs + done;
    }

    private void next() {
        if (left > 0) simulation.afterMs(1 + random.nextInt(MOST_BETWEEN_MS), this::strike);
    }

    private void strike() {
        Kind kind = random.pick(kinds);
        simulation.trace(kind.name().hashCode());
        TransactionalRun last = runs.getLast();
        left--;
        if (!last.isOver()) {
            done.merge(kind, 1, Integer::sum);
            switch (kind) {
                case CRASH -> last.machine.kill();
                case TAKE_OVER -> come();
                case FREEZE_AND_TAKE_OVER -> {
                    last.machine.freeze(random.nextInt(MOST_FROZEN_MS));
                    come();
                }
                case FREEZE -> last.machine.freeze(random.nextInt(MOST_FROZEN_MS));
                case STALL -> last.stall();
                case CUT -> last.machine.cutConnections();
            }
        }
        next();
    }

    /** Whoever is no more, and was not done, is followed by another one. */
    private void look() {
        boolean isWanted =
                runs.getLast().machine.isDown() && runs.stream().noneMatch(TransactionalRun::isDone) && !isNextDue;
        if (isWanted) {
            isNextDue = true;
            simulation.afterMs(random.nextInt(MOST_DOWN_MS), () -> {
                isNextDue = false;
                come();
            });
        }
        simulation.afterMs(LOOK_MS, this::look);
    }

    private void come() {
        TransactionalRun fresh =
                new TransactionalRun(plan, runs.size() + 1, simulation, network.addNode(1), brokers, history);
        if (isHealed) fresh.behave();
        runs.add(fresh);
        fresh.begin();
    }
}
