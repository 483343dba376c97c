package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The network itself does what tests believe that it does. */
class NamespaceNetworkTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int NOBODY_LISTENS = 1;

    /** A connection is refused: the way there and the way back carry packets. */
    private static void assertAnswered(NamespaceNetwork network, int from, int to) {
        assertTrue(isAnswered(network, from, to, "10"));
    }

    /** No answer comes. */
    private static void assertSilent(NamespaceNetwork network, int from, int to) {
        assertFalse(isAnswered(network, from, to, "0.5"));
    }

    private static boolean isAnswered(NamespaceNetwork network, int from, int to, String seconds) {
        List<String> command = new ArrayList<>();
        if (from != NamespaceNetwork.HERE) command.addAll(network.on(from));
        command.addAll(List.of(
                "timeout", seconds, "bash", "-c", "exec 3<>/dev/tcp/" + network.address(to) + "/" + NOBODY_LISTENS));
        try (ChildProcess attempt = ChildProcess.start("a connection", Checkout.TARGET, Map.of(), command)) {
            int status = attempt.awaitExit(PATIENCE);
            if (status == 124) return false;
            assertTrue(attempt.output().contains("Connection refused"), attempt::output);
            return true;
        }
    }

    /** How many segments of TCP have come to a host. */
    private static long segmentsIn(NamespaceNetwork network, int host) {
        List<String> command = new ArrayList<>(network.on(host));
        command.addAll(List.of("cat", "/proc/net/snmp"));
        List<String> tcp = ChildProcess.run("counters", Checkout.TARGET, Map.of(), PATIENCE, command).stream()
                .filter(line -> line.startsWith("Tcp:"))
                .toList();
        int column = List.of(tcp.get(0).split(" ", -1)).indexOf("InSegs");
        return Long.parseLong(tcp.get(1).split(" ", -1)[column]);
    }

    @Test
    void aWayThatIsCutCarriesNothingAndTheOtherOneGoesOn() {
        String removed;
        try (NamespaceNetwork network = NamespaceNetwork.ofHosts(2)) {
            removed = network.on(1).getLast();
            assertAnswered(network, 1, 2);
            assertAnswered(network, NamespaceNetwork.HERE, 1);

            network.cut(1, 2);
            long before = segmentsIn(network, 2);
            assertSilent(network, 1, 2);
            assertEquals(before, segmentsIn(network, 2));
            assertAnswered(network, NamespaceNetwork.HERE, 1);
            network.heal();
            assertAnswered(network, 1, 2);

            network.cut(2, 1);
            before = segmentsIn(network, 2);
            assertSilent(network, 1, 2);
            assertTrue(segmentsIn(network, 2) > before);

            network.slow(1, 1_000);
            network.cutLink(NamespaceNetwork.HERE, 1);
            assertSilent(network, NamespaceNetwork.HERE, 1);
            network.heal();
            assertAnswered(network, NamespaceNetwork.HERE, 1);
            assertAnswered(network, 2, 1);
        }
        List<String> left =
                ChildProcess.run("namespaces", Checkout.TARGET, Map.of(), PATIENCE, List.of("ip", "netns", "list"));
        assertTrue(left.stream().noneMatch(line -> line.startsWith(removed)), left::toString);
    }
}
