package io.millrace.server.handlers;

import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.server.network.Exchange;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who leads the partitions that a client came here for in vain, and where those brokers are, so that it need not ask for metadata first
 * (KIP-951). As the image of the connection's lane has it: where that is behind, a client finds the epoch no later than its own, and takes
 * no notice.
 */
final class LeaderHints {
    private final MetadataImage image;
    private final ClientView view;
    private final Exchange<?> exchange;
    private final Map<Integer, ClientView.Node> nodes = new TreeMap<>();

    LeaderHints(MetadataImage image, ClientView view, Exchange<?> exchange) {
        this.image = image;
        this.view = view;
        this.exchange = exchange;
    }

    /** A leader in an epoch; both -1 if nobody is known. */
    record Leader(int id, int epoch) {
        private static final Leader UNKNOWN = new Leader(-1, -1);
    }

    /** Who leads a partition of a topic; a broker that the client can reach is among {@link #nodes} from then on. */
    Leader of(TopicImage topic, int index) {
        PartitionImage partition = topic.partition(index);
        if (partition == null) return Leader.UNKNOWN;
        if (partition.hasLeader() && !nodes.containsKey(partition.leader()))
            view.broker(image, partition.leader(), exchange).ifPresent(node -> nodes.put(node.id(), node));
        return new Leader(partition.leader(), partition.leaderEpoch());
    }

    /** The brokers named so far, by id. */
    Iterable<ClientView.Node> nodes() {
        return nodes.values();
    }
}
