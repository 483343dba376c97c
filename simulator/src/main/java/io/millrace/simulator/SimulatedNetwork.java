package io.millrace.simulator;

import io.millrace.testkit.disk.SimulatedDisk;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Who listens where, across the nodes of one simulation. All nodes share the loopback address; ports tell them apart. */
public final class SimulatedNetwork {
    private static final int FIRST_FREE_PORT = 40_000;
    private static final int PORTS = 65_536;

    private final Simulation simulation;
    private final Map<Integer, SimulatedTransport.SimulatedListening> listening = new TreeMap<>();
    /** Where machines listened that have no power now, by port: nobody is left who could refuse a connection. */
    private final Map<Integer, Integer> dark = new TreeMap<>();

    private final SimulatedLinks links = new SimulatedLinks();
    private int nextHost;
    private int nextPort = FIRST_FREE_PORT;
    private long nextConnectionId = 1;

    /** A network with nobody on it. */
    public SimulatedNetwork(Simulation simulation) {
        this.simulation = simulation;
    }

    /** Starts a new machine with an empty disk. */
    public SimulatedNode addNode(int laneCount) {
        return new SimulatedNode(simulation, this, nextHost++, simulation.newDisk(), laneCount);
    }

    /** Starts a new machine with a disk that is there already. */
    public SimulatedNode addNode(int laneCount, SimulatedDisk disk) {
        return new SimulatedNode(simulation, this, nextHost++, disk, laneCount);
    }

    /** Starts a machine again, with the disk of one that went down. */
    public SimulatedNode restart(SimulatedNode down, int laneCount) {
        if (!down.isDown()) throw new IllegalStateException("the node is still up");
        down.disk().start();
        dark.values().removeIf(host -> host == down.host());
        return new SimulatedNode(simulation, this, down.host(), down.disk(), laneCount);
    }

    /** What lies between the machines. */
    public SimulatedLinks links() {
        return links;
    }

    int freePort() {
        do {
            nextPort = nextPort + 1 == PORTS ? FIRST_FREE_PORT : nextPort + 1;
        } while (listening.containsKey(nextPort));
        return nextPort;
    }

    long nextConnectionId() {
        return nextConnectionId++;
    }

    boolean listen(int port, SimulatedTransport.SimulatedListening who) {
        dark.remove(port);
        return listening.putIfAbsent(port, who) == null;
    }

    void losesPower(int host, int port) {
        dark.put(port, host);
    }

    /** Whether whatever is sent there vanishes, as the machine has no power. */
    boolean isDark(InetSocketAddress address) {
        return dark.containsKey(address.getPort());
    }

    void stopListening(int port, SimulatedTransport.SimulatedListening who) {
        listening.remove(port, who);
    }

    SimulatedTransport.@Nullable SimulatedListening at(InetSocketAddress address) {
        return listening.get(address.getPort());
    }
}
