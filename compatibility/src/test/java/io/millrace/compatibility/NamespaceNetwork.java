package io.millrace.compatibility;

import java.io.UncheckedIOException;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.opentest4j.TestAbortedException;

/**
 * Hosts 1 to N, each a network namespace of Linux on one bridge, which this machine, host {@value #HERE}, is at too; every way from one to another
 * can be cut by itself.
 *
 * <p>A way is cut where packets set out: the neighbour of that address is said to have a hardware address that nobody has. So packets vanish
 * silently, as behind a dead switch: no host is told, connections stay open, and the other way works. That takes nothing but {@code ip}; a blackhole
 * route would tell the sender at once.
 *
 * <p>Namespaces take root. Without it, or without {@code ip}, the test is skipped, and says so on standard error.
 */
final class NamespaceNetwork implements AutoCloseable {
    /** The host on which tests and their clients run. */
    static final int HERE = 0;

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int SUBNETS = 250;

    /** Those that are not closed, so that no namespace outlives these tests, however they end. */
    private static final Set<NamespaceNetwork> living = ConcurrentHashMap.newKeySet();

    private static int made;

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> living.forEach(NamespaceNetwork::removeAll)));
    }

    /** One direction between two hosts. */
    private record Way(int from, int to) {}

    private final String name;
    private final int subnet;
    private final int hosts;
    private final Set<Way> cuts = new HashSet<>();
    private final Set<Integer> slowed = new HashSet<>();

    private NamespaceNetwork(String name, int subnet, int hosts) {
        this.name = name;
        this.subnet = subnet;
        this.hosts = hosts;
    }

    /** Makes the network, with every way open. */
    static NamespaceNetwork ofHosts(int count) {
        int number;
        synchronized (living) {
            number = made++;
        }
        // Names of interfaces have 15 characters at most.
        String name = "mr" + Long.toString(ProcessHandle.current().pid(), 36) + "n" + Integer.toString(number, 36);
        var network = new NamespaceNetwork(name, freeSubnet(number), count);
        living.add(network);
        try {
            network.makeAll();
        } catch (AssertionError | UncheckedIOException refused) {
            network.close();
            String why = "no network namespaces can be made here: " + refused.getMessage();
            System.err.println("SKIPPED: " + why);
            throw new TestAbortedException(why);
        }
        return network;
    }

    /** One of 198.18.0.0/16, which is set aside for such ends, that no interface here is in. */
    private static int freeSubnet(int number) {
        long first = ProcessHandle.current().pid() * 7 + number;
        for (int i = 0; i < SUBNETS; i++) {
            int candidate = (int) ((first + i) % SUBNETS) + 1;
            String prefix = "/198.18." + candidate + ".";
            try {
                if (NetworkInterface.networkInterfaces()
                        .flatMap(NetworkInterface::inetAddresses)
                        .noneMatch(address -> address.toString().startsWith(prefix))) return candidate;
            } catch (SocketException e) {
                throw new UncheckedIOException(e);
            }
        }
        throw new AssertionError("all of 198.18.0.0/16 is taken");
    }

    private void makeAll() {
        ip("link add " + name + " address " + hardware(HERE) + " type bridge");
        ip("addr add " + address(HERE) + "/24 dev " + name);
        ip("link set " + name + " up");
        for (int host = 1; host <= hosts; host++) {
            ip("netns add " + namespace(host));
            ip("link add " + wire(host) + " type veth peer name eth0 netns " + namespace(host));
            ip("link set " + wire(host) + " master " + name + " up");
            ip("-n " + namespace(host) + " link set lo up");
            ip("-n " + namespace(host) + " link set eth0 address " + hardware(host) + " up");
            ip("-n " + namespace(host) + " addr add " + address(host) + "/24 dev eth0");
        }
        for (int from = HERE; from <= hosts; from++)
            for (int to = HERE; to <= hosts; to++) if (from != to) neighbour(from, to, hardware(to));
    }

    private void neighbour(int from, int to, String hardware) {
        String change = "neigh replace " + address(to) + " lladdr " + hardware + " nud permanent dev ";
        if (from == HERE) ip(change + name);
        else ip("-n " + namespace(from) + " " + change + "eth0");
    }

    private static void ip(String arguments) {
        run("ip " + arguments);
    }

    private static void run(String command) {
        ChildProcess.run(command, Checkout.TARGET, Map.of(), PATIENCE, List.of(command.split(" ", -1)));
    }

    private String namespace(int host) {
        return name + "h" + host;
    }

    /** The end of a host's cable that is at the bridge. */
    private String wire(int host) {
        return name + "w" + host;
    }

    private String hardware(int host) {
        return String.format("02:4d:52:%02x:00:%02x", subnet, host + 1);
    }

    private String nobodysHardware() {
        return String.format("02:4d:52:%02x:ff:ff", subnet);
    }

    /** Where a host is reached. */
    String address(int host) {
        return "198.18." + subnet + "." + (host + 1);
    }

    /** What comes before a command, so that it runs on that host. */
    List<String> on(int host) {
        return List.of("ip", "netns", "exec", namespace(host));
    }

    /** Nothing that {@code from} sends reaches {@code to} any more. */
    void cut(int from, int to) {
        if (from == to || !cuts.add(new Way(from, to))) return;
        neighbour(from, to, nobodysHardware());
    }

    /** Cuts both ways between two hosts. */
    void cutLink(int one, int other) {
        cut(one, other);
        cut(other, one);
    }

    /** What this host sends takes its time: {@code kilobits} a second, of which up to half a second waits, and what is more is lost. */
    void slow(int host, int kilobits) {
        run("tc -n " + namespace(host) + " qdisc replace dev eth0 root tbf rate " + kilobits
                + "kbit burst 16kb latency 500ms");
        slowed.add(host);
    }

    /** All ways are open again. */
    void heal() {
        for (Way way : cuts) neighbour(way.from, way.to, hardware(way.to));
        cuts.clear();
        for (int host : slowed) run("tc -n " + namespace(host) + " qdisc del dev eth0 root");
        slowed.clear();
    }

    /** Removes what there is of it. Processes in it have to be ended before. */
    private List<String> removeAll() {
        List<String> failures = new ArrayList<>();
        for (int host = 1; host <= hosts; host++) {
            remove("ip link del " + wire(host), failures);
            remove("ip netns del " + namespace(host), failures);
        }
        remove("ip link del " + name, failures);
        return failures;
    }

    private static void remove(String command, List<String> failures) {
        try {
            run(command);
        } catch (AssertionError | UncheckedIOException failed) {
            failures.add(command + ": " + failed.getMessage());
        }
    }

    /** Removes the namespaces, the cables and the bridge; what was never made is passed over. */
    @Override
    public void close() {
        if (!living.remove(this)) return;
        List<String> failures = removeAll();
        if (failures.size() <= 2 * hosts && !failures.isEmpty()) System.err.println(failures);
    }
}
