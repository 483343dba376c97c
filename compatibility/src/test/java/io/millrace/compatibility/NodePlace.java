package io.millrace.compatibility;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Where a node runs.
 *
 * @param host its address
 * @param port of its listener for clients, which a controller has not
 * @param controllerPort of its listener for controllers, which a broker has not
 * @param advertised where clients are told to find it, while the nodes use listeners of their own; null: where it listens
 * @param home the directory with its properties and its log directory
 * @param launcher what comes before its command; empty: nothing
 */
record NodePlace(
        String host, int port, int controllerPort, @Nullable Advertised advertised, Path home, List<String> launcher) {
    /**
     * A listener that clients are told of at another port.
     *
     * @param port the one that they are told
     * @param internalPort of the listener of the nodes among each other
     */
    record Advertised(int port, int internalPort) {}

    private static final int PORT = 9092;
    private static final int CONTROLLER_PORT = 9093;

    /** Places of nodes 1 to {@code count} on loopback, at free ports. */
    static List<NodePlace> onLoopback(Path directory, int count) {
        return onLoopback(directory, count, List.of());
    }

    /** @param advertisedPorts one for each that clients are told instead of where it listens; or none */
    static List<NodePlace> onLoopback(Path directory, int count, List<Integer> advertisedPorts) {
        List<Integer> ports = FreePort.find(3 * count);
        return IntStream.range(0, count)
                .mapToObj(i -> new NodePlace(
                        "127.0.0.1",
                        ports.get(i),
                        ports.get(count + i),
                        advertisedPorts.isEmpty()
                                ? null
                                : new Advertised(advertisedPorts.get(i), ports.get(2 * count + i)),
                        directory.resolve("node-" + (i + 1)),
                        List.of()))
                .toList();
    }

    /** The place of a node on the host of its number. */
    static NodePlace in(NamespaceNetwork network, int id, Path home) {
        return new NodePlace(network.address(id), PORT, CONTROLLER_PORT, null, home, network.on(id));
    }
}
