package io.millrace.simulator;

import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.Lane;
import io.millrace.environment.Transport;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** One machine's end of the {@link SimulatedNetwork}. */
final class SimulatedTransport implements Transport {
    private static final long MOST_NANOS_TO_CONNECT = 200_000;
    private static final long NANOS_TO_FIRST_RETRY = 1_000_000_000L;
    private static final long MOST_NANOS_TO_RETRY = 32_000_000_000L;

    private final SimulatedNetwork network;
    private final Simulation simulation;
    private final int host;
    private final List<SimulatedListening> listenings = new ArrayList<>();
    private final List<SimulatedConnection> connections = new ArrayList<>();

    SimulatedTransport(SimulatedNetwork network, Simulation simulation, int host) {
        this.network = network;
        this.simulation = simulation;
        this.host = host;
    }

    static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    @Override
    public Listening listen(InetSocketAddress address, List<? extends Lane> lanes, Acceptor acceptor)
            throws IOException {
        if (lanes.isEmpty()) throw new IllegalArgumentException("no lane to take the connections of " + address);
        int port = address.getPort() == 0 ? network.freePort() : address.getPort();
        SimulatedListening listening = new SimulatedListening(port, lanes, acceptor);
        if (!network.listen(port, listening)) throw new BindException("port " + port + " is taken");
        listenings.add(listening);
        return listening;
    }

    @Override
    public Connection connect(InetSocketAddress address, Lane lane, ConnectionEvents events) {
        if (!lane.isCurrent()) throw new IllegalStateException("connect was called off lane " + lane.name());
        SimulatedConnection near = add(loopback(network.freePort()), address, lane);
        near.hear(events);
        simulation.after(
                simulation.someNanos(MOST_NANOS_TO_CONNECT), () -> reach(address, near, lane, NANOS_TO_FIRST_RETRY));
        return near;
    }

    /** Over a cut link, and to a machine without power, it is tried again after pauses that double, as TCP does. */
    private void reach(InetSocketAddress address, SimulatedConnection near, Lane lane, long pauseNanos) {
        if (near.isClosed()) return;
        SimulatedListening server = network.at(address);
        if (server == null && !network.isDark(address)) {
            lane.execute(() -> near.failed(new ConnectException("nobody listens at " + address)));
        } else if (server != null
                && !network.links().isCut(host, server.host())
                && !network.links().isCut(server.host(), host)) {
            server.accept(near);
        } else if (pauseNanos > MOST_NANOS_TO_RETRY) {
            lane.execute(() -> near.failed(new ConnectException("no answer from " + address)));
        } else {
            simulation.after(pauseNanos, () -> reach(address, near, lane, 2 * pauseNanos));
        }
    }

    private SimulatedConnection add(InetSocketAddress local, InetSocketAddress remote, Lane lane) {
        connections.removeIf(SimulatedConnection::isClosed);
        SimulatedConnection connection = new SimulatedConnection(
                network.nextConnectionId(), local, remote, lane, simulation, network.links(), host);
        connections.add(connection);
        return connection;
    }

    void cutConnections() {
        for (SimulatedConnection connection : connections) connection.cut();
    }

    void silenceConnections() {
        for (SimulatedConnection connection : connections) connection.silence();
    }

    /** The system closes what the process had open. */
    void processEnded() {
        listenings.forEach(SimulatedListening::close);
        connections.forEach(SimulatedConnection::close);
    }

    /** Nobody tells the peers, and whoever connects gets no answer until the machine is back. */
    void powerLost() {
        listenings.forEach(SimulatedListening::goDark);
        connections.forEach(SimulatedConnection::vanish);
    }

    final class SimulatedListening implements Listening {
        private final int port;
        private final List<? extends Lane> lanes;
        private final Acceptor acceptor;
        private int next;

        SimulatedListening(int port, List<? extends Lane> lanes, Acceptor acceptor) {
            this.port = port;
            this.lanes = List.copyOf(lanes);
            this.acceptor = acceptor;
        }

        int host() {
            return host;
        }

        void accept(SimulatedConnection near) {
            Lane lane = lanes.get(next++ % lanes.size());
            SimulatedConnection far = add(loopback(port), near.localAddress(), lane);
            near.join(far);
            lane.execute(() -> {
                if (!far.isClosed()) far.hear(acceptor.accepted(far, lane));
            });
        }

        @Override
        public InetSocketAddress address() {
            return loopback(port);
        }

        private void goDark() {
            if (network.at(loopback(port)) == this) network.losesPower(host, port);
            close();
        }

        @Override
        public void close() {
            network.stopListening(port, this);
        }
    }
}
