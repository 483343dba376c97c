package io.millrace.simulator;

import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.testkit.disk.MachineStopped;
import io.millrace.testkit.disk.SimulatedDisk;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One machine of a simulation from a start to the crash that ends it: its lanes, its clock, its disk and its end of the
 * network. What its disk kept is there for the next one started on it.
 */
public final class SimulatedNode {
    private final Simulation simulation;
    private final int host;
    private final SimulatedDisk disk;
    private final SimulatedClock clock;
    private final SimulatedTransport transport;
    private final Environment environment;
    private final List<SimulatedLane> lanes = new ArrayList<>();
    private @Nullable Lane current;
    private boolean isDown;
    private long frozenUntilNanos;

    SimulatedNode(Simulation simulation, SimulatedNetwork network, int host, SimulatedDisk disk, int laneCount) {
        this.simulation = simulation;
        this.host = host;
        this.disk = disk;
        this.clock = new SimulatedClock(simulation);
        this.transport = new SimulatedTransport(network, simulation, host);
        for (int i = 0; i < laneCount; i++) lanes.add(new SimulatedLane("lane-" + i, this, simulation));
        Lane metadata = new SimulatedLane("metadata", this, simulation);
        environment = new Environment(clock, simulation.newRandom(), disk, transport, List.copyOf(lanes), metadata);
    }

    /** What the code under simulation gets. */
    public Environment environment() {
        return environment;
    }

    /** Its number in the network, the same in all its lives. */
    public int host() {
        return host;
    }

    /** What each broker lane has done since the start. */
    public List<LaneWork> laneWork() {
        return lanes.stream().map(SimulatedLane::work).toList();
    }

    /** The disk, which outlives crashes. */
    public SimulatedDisk disk() {
        return disk;
    }

    /** Whether it was killed or lost its power. */
    public boolean isDown() {
        return isDown;
    }

    @Nullable
    Lane currentLane() {
        return current;
    }

    /** Runs something here as its next event, outside the lanes, as a program's main thread does. It may block. */
    public void start(Runnable program) {
        simulation.after(0, () -> run(null, program));
    }

    /** Runs a task as a turn of a lane, or of no lane. A crash in its midst ends it. */
    void run(@Nullable Lane lane, Runnable task) {
        if (isDown) return;
        Lane before = current;
        current = lane;
        try {
            task.run();
        } catch (MachineStopped stopped) {
            if (!isDown) throw stopped;
        } finally {
            current = before;
        }
    }

    /** How long nothing runs here yet, because it stands still. */
    long nanosFrozen() {
        return Math.max(0, frozenUntilNanos - simulation.nowNanos());
    }

    /** Whether it stands still. */
    public boolean isFrozen() {
        return nanosFrozen() > 0;
    }

    /** Stands still for a while, as in a long garbage collection; the network goes on taking bytes. */
    public void freeze(long ms) {
        frozenUntilNanos = Math.max(frozenUntilNanos, simulation.nowNanos() + ms * 1_000_000);
    }

    /** Sets the wall clock forward, or back. */
    public void moveWallClock(long ms) {
        clock.moveWall(ms);
    }

    /**
     * Its clocks and timers run fast, or slow. Called before anything runs.
     *
     * @param partsPerMillion how much they gain, or lose if below zero
     */
    public void drift(int partsPerMillion) {
        clock.drift(partsPerMillion);
    }

    SimulatedClock clock() {
        return clock;
    }

    /** From now on nothing comes through its connections any more, of which neither end is told. */
    public void silenceConnections() {
        transport.silenceConnections();
    }

    /** Cuts all connections; both ends see it when they next use them. */
    public void cutConnections() {
        transport.cutConnections();
    }

    /** Ends everything that runs here, at once. The disk keeps all that was written, forced or not; the network tells. */
    public void kill() {
        if (isDown) return;
        isDown = true;
        simulation.trace(0xdead);
        disk.stop();
        transport.processEnded();
    }

    /** Ends everything that runs here, at once, in silence; of what was not forced anything may be lost. */
    public void cutPower() {
        if (isDown) return;
        isDown = true;
        simulation.trace(0xdeadbeefL);
        disk.stop();
        disk.losePower();
        transport.powerLost();
    }
}
