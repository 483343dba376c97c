package io.millrace.server;

import io.millrace.connection.ConnectionQuota;
import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.environment.Transport;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.ApiKey;
import io.millrace.server.config.BadConfig;
import io.millrace.server.config.ListenerAddress;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.network.LaneNetwork;
import io.millrace.server.network.ListenerGate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The node's listeners: their ports are taken when it boots, and served when it is ready. */
final class NodeListeners {
    private final Environment environment;
    private final ServerConfig config;
    private final Map<Lane, LaneNetwork> networks;
    private final ConnectionQuota quota;
    private final List<Transport.Listening> taken = new ArrayList<>();
    /** Those that are not served yet. */
    private final List<ListenerGate> gates = new ArrayList<>();

    private final List<ListenerAddress> bound = new ArrayList<>();

    NodeListeners(Environment environment, ServerConfig config, Map<Lane, LaneNetwork> networks) {
        this.environment = environment;
        this.config = config;
        this.networks = networks;
        this.quota = new ConnectionQuota(
                limits(config.effective()), environment.clock().monotonicMs());
    }

    private static ConnectionQuota.Limits limits(EffectiveConfigs configs) {
        Map<InetAddress, Integer> overrides = new LinkedHashMap<>();
        for (String override : configs.brokerList("max.connections.per.ip.overrides")) {
            int colon = override.lastIndexOf(':');
            try {
                overrides.put(
                        InetAddress.getByName(override.substring(0, colon).strip()),
                        Integer.parseInt(override.substring(colon + 1).strip()));
            } catch (UnknownHostException | IndexOutOfBoundsException | NumberFormatException e) {
                throw new BadConfig("max.connections.per.ip.overrides: '" + override + "' is not host:count");
            }
        }
        return new ConnectionQuota.Limits(
                configs.brokerInt("max.connections"),
                configs.brokerInt("max.connections.per.ip"),
                overrides,
                Math.max(1, configs.brokerInt("max.connection.creation.rate")));
    }

    /** Takes the ports. */
    void claim() throws IOException {
        boolean isDone = false;
        try {
            for (ListenerAddress listener : config.listeners()) {
                ApiKey.Listener kind = config.isControllerListener(listener.name())
                        ? ApiKey.Listener.CONTROLLER
                        : ApiKey.Listener.BROKER;
                ListenerGate gate = new ListenerGate(
                        listener.name(), kind, networks, environment.lanes().get(0), quota);
                Transport.Listening listening =
                        environment.transport().listen(addressOf(listener), environment.lanes(), gate);
                taken.add(listening);
                gates.add(gate);
                bound.add(new ListenerAddress(
                        listener.name(), listener.host(), listening.address().getPort()));
            }
            isDone = true;
        } finally {
            if (!isDone) close();
        }
    }

    private static InetSocketAddress addressOf(ListenerAddress listener) {
        if (listener.host().isEmpty()) return new InetSocketAddress(listener.port());
        InetSocketAddress address = new InetSocketAddress(listener.host(), listener.port());
        if (address.isUnresolved())
            throw new BadConfig("listener " + listener + ": the host name " + listener.host() + " is not known");
        return address;
    }

    /** Where it listens, with the ports really taken. */
    List<ListenerAddress> bound() {
        return List.copyOf(bound);
    }

    /** Begins to serve, where it does not yet; {@code opened} is called on the metadata lane once every lane does. */
    void open(Runnable opened) {
        List<ListenerGate> closed = List.copyOf(gates);
        gates.clear();
        open(closed, opened);
    }

    /** As {@link #open}, only the listeners of controllers, if there are any. */
    void openForControllers(Runnable opened) {
        List<ListenerGate> controllers = gates.stream()
                .filter(gate -> gate.kind() == ApiKey.Listener.CONTROLLER)
                .toList();
        gates.removeAll(controllers);
        open(controllers, opened);
    }

    private void open(List<ListenerGate> closed, Runnable opened) {
        if (closed.isEmpty()) {
            opened.run();
            return;
        }
        int[] missing = {closed.size()};
        for (ListenerGate gate : closed)
            gate.open(() -> environment.metadataLane().execute(() -> {
                if (--missing[0] == 0) opened.run();
            }));
    }

    /** Gives the ports up; connections that are open live on until the lanes end. */
    void close() {
        for (Transport.Listening listening : taken) {
            try {
                listening.close();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException("closing the listener at " + listening.address(), e);
            }
        }
        taken.clear();
    }
}
