package io.millrace.cli.node;

import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.ClientFailure;
import io.millrace.client.LogDirListing;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/** What the brokers of a cluster have to carry. */
final class NodeLoads {
    /** For a broker without any. */
    private static final Counts NONE = new Counts(0, 0, 0);

    /**
     * Partitions of a broker.
     *
     * @param outOfSync replicas that are not in sync
     */
    record Counts(int replicas, int leaders, int outOfSync) {}

    private final Map<Integer, Counts> counts = new TreeMap<>();
    private final Map<Integer, Long> bytes = new TreeMap<>();

    /** Asks for all of it; a broker that does not tell of its log directories is complained of. */
    static NodeLoads read(Admin admin, Terminal terminal) {
        NodeLoads loads = new NodeLoads();
        List<String> topics =
                admin.topics().list().stream().map(TopicListing::name).toList();
        List<TopicDescription> described = new ArrayList<>();
        terminal.tell("topic", admin.topics().describe(topics), Set.of(), described::add);
        for (TopicDescription topic : described) for (var partition : topic.partitions()) loads.add(partition);
        for (int broker : admin.logDirs().brokerIds()) {
            try {
                loads.bytes.put(
                        broker,
                        admin.logDirs().describe(broker).stream()
                                .mapToLong(LogDirListing::sizeBytes)
                                .sum());
            } catch (ClientFailure failure) {
                terminal.complain("broker " + broker + " does not tell of its log directories: " + failure.sentence());
            }
        }
        return loads;
    }

    private void add(TopicDescription.PartitionDescription partition) {
        for (int broker : partition.replicas()) {
            Counts had = of(broker);
            counts.put(
                    broker,
                    new Counts(
                            had.replicas() + 1,
                            had.leaders() + (partition.leader() == broker ? 1 : 0),
                            had.outOfSync() + (partition.isr().contains(broker) ? 0 : 1)));
        }
    }

    Counts of(int broker) {
        return counts.getOrDefault(broker, NONE);
    }

    /** Bytes in its log directories; empty if it does not tell. */
    OptionalLong bytesOf(int broker) {
        Long known = bytes.get(broker);
        return known == null ? OptionalLong.empty() : OptionalLong.of(known);
    }
}
