package io.millrace.simulator.scenario;

import io.millrace.client.cluster.ClusterNode;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.MetadataRules;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterEvents;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.OffsetReset;
import io.millrace.connection.BufferPool;
import io.millrace.connection.ReconnectBackoff;
import io.millrace.connection.run.ClientSettings;
import io.millrace.connection.run.ConversationLane;
import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.simulator.SimulatedNode;
import io.millrace.testkit.SeededRandom;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** What the consumers of a story are made of, as the façade puts it together from properties. */
final class ClientSetup {
    static final RetryBackoff BACKOFF = new RetryBackoff(20, 500);
    static final ReconnectBackoff RECONNECTS = new ReconnectBackoff(20, 500);
    static final int REQUEST_MS = 6_000;
    private static final int CONNECT_MS = 2_000;
    private static final int MOST_RESPONSE_BYTES = 8 << 20;
    private static final long MOST_IDLE_BYTES = 4 << 20;
    private static final long MOST_LARGE_BYTES = 128 << 20;
    private static final int MOST_REQUESTS_IN_FLIGHT = 100;
    private static final long METADATA_AGE_MS = 30_000;

    private ClientSetup() {}

    /** The first lane of a machine, with what a client needs; whoever reads what was given back reads no records. */
    static ClientLane lane(SimulatedNode machine) {
        Environment here = machine.environment();
        Lane lane = here.lanes().getFirst();
        BufferPool pool = BufferPool.poisoning(MOST_IDLE_BYTES, MOST_LARGE_BYTES);
        ConversationLane shared = new ConversationLane(lane, here.clock(), pool);
        return new ClientLane(lane, here.clock(), here.randomness(), here.transport(), shared);
    }

    static ClientSettings settings(String name) {
        return new ClientSettings(
                name, "millrace", "0.1.0", CONNECT_MS, REQUEST_MS, MOST_RESPONSE_BYTES, MOST_REQUESTS_IN_FLIGHT);
    }

    static ClusterLine cluster(String name, ClientLane lane, List<InetSocketAddress> servers, ClusterEvents events) {
        MetadataRules rules = new MetadataRules(METADATA_AGE_MS, 2 * METADATA_AGE_MS, BACKOFF, true, 300_000, false);
        return new ClusterLine(lane, settings(name), RECONNECTS, rules, bootstrap(servers), events);
    }

    /** Where a client finds its cluster, as it numbers them until it knows better. */
    static List<ClusterNode> bootstrap(List<InetSocketAddress> servers) {
        List<ClusterNode> nodes = new ArrayList<>();
        for (InetSocketAddress each : servers)
            nodes.add(new ClusterNode(-1 - nodes.size(), each.getAddress().getHostAddress(), each.getPort(), null));
        return nodes;
    }

    /** Small answers and buffers, so that much has to be asked. */
    static FetchRules fetchRules(SeededRandom random) {
        return new FetchRules(
                random.pick(1, 1, 5_000),
                random.pick(10, 50, 500),
                random.pick(500, 3_000, 100_000),
                random.pick(300, 1_500, 100_000),
                random.pick(2_000, 10_000, 1_000_000),
                random.nextBoolean(),
                "",
                new OffsetReset.Earliest(),
                300_000,
                BACKOFF);
    }

    /** Tells two of everything. */
    record Both(ClusterEvents first, ClusterEvents second) implements ClusterEvents {
        @Override
        public void onView(ClusterView view) {
            first.onView(view);
            second.onView(view);
        }

        @Override
        public void onReady(int nodeId) {
            first.onReady(nodeId);
            second.onReady(nodeId);
        }

        @Override
        public void onLost(int nodeId, String sentence) {
            first.onLost(nodeId, sentence);
            second.onLost(nodeId, sentence);
        }

        @Override
        public void onTrouble(String sentence) {
            first.onTrouble(sentence);
            second.onTrouble(sentence);
        }
    }
}
