package io.millrace.server.metrics;

import io.millrace.environment.Lane;
import io.millrace.metadata.MetadataImage;
import io.millrace.raft.run.QuorumDescription;
import io.millrace.server.network.LaneNetwork;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Gathers a node's numbers and renders them. Each lane is asked by message, the metadata lane too; the text is made by a
 * helper, so that no lane waits for another and a large answer stops nobody. Scrapes that come while one is under way share
 * its answer, however many they are.
 */
public final class NodeMetrics {
    private final List<BrokerLane> lanes;
    private final Map<Lane, LaneNetwork> networks;
    private final Consumer<Consumer<MetadataFacts>> metadata;
    private final MetricSources sources;
    /** Belongs to the first lane: those who wait for the scrape under way. */
    private final List<Consumer<String>> waiting = new ArrayList<>();

    /**
     * What the metadata lane knows.
     *
     * @param image the newest image
     * @param isServing whether the node's listeners are open
     * @param quorum how the metadata quorum is; null if it is not known yet
     */
    public record MetadataFacts(
            MetadataImage image,
            boolean isServing,
            @Nullable QuorumFacts quorum) {
        /** Without the quorum. */
        public static MetadataFacts of(MetadataImage image, boolean isServing) {
            return new MetadataFacts(image, isServing, null);
        }
    }

    /**
     * How the metadata quorum is.
     *
     * @param logEndOffset the next offset of this node's metadata log
     * @param snapshotOffset the end offset of its latest snapshot, -1 if there is none
     */
    public record QuorumFacts(QuorumDescription quorum, long logEndOffset, long snapshotOffset) {}

    /** As the other, without further sources. */
    public NodeMetrics(
            List<BrokerLane> lanes, Map<Lane, LaneNetwork> networks, Consumer<Consumer<MetadataFacts>> metadata) {
        this(lanes, networks, metadata, MetricSources.NONE);
    }

    /**
     * Prepares; nothing is asked before {@link #scrape}.
     *
     * @param lanes the broker's lanes, at least one
     * @param networks what the connections of each of those lanes share
     * @param metadata hands the metadata's facts over, on any thread; called on the first lane
     * @param sources what else there is to show
     */
    public NodeMetrics(
            List<BrokerLane> lanes,
            Map<Lane, LaneNetwork> networks,
            Consumer<Consumer<MetadataFacts>> metadata,
            MetricSources sources) {
        this.lanes = List.copyOf(lanes);
        this.networks = new LinkedHashMap<>(networks);
        this.metadata = metadata;
        this.sources = sources;
        for (BrokerLane lane : this.lanes)
            if (!networks.containsKey(lane.lane()))
                throw new IllegalArgumentException("lane " + lane.index() + " has no network");
    }

    /** Renders what there is now. May be called from anywhere; {@code then} is called once, on the first lane. */
    public void scrape(Consumer<String> then) {
        home().run(() -> {
            waiting.add(then);
            if (waiting.size() == 1) new Scrape().begin();
        });
    }

    private BrokerLane home() {
        return lanes.get(0);
    }

    /** One round of questions. Its fields belong to the first lane. */
    private final class Scrape {
        private final List<LaneNumbers> numbers = new ArrayList<>();
        private @Nullable MetadataFacts facts;

        void begin() {
            for (BrokerLane lane : lanes) {
                LaneNetwork network = networks.get(lane.lane());
                if (network == null) throw new IllegalStateException("lane " + lane.index() + " has no network");
                lane.run(() -> {
                    LaneNumbers answer = LaneNumbers.of(lane, network, sources);
                    home().run(() -> {
                        numbers.add(answer);
                        renderIfComplete();
                    });
                });
            }
            metadata.accept(answer -> home().run(() -> {
                facts = answer;
                renderIfComplete();
            }));
        }

        private void renderIfComplete() {
            MetadataFacts known = facts;
            if (numbers.size() < lanes.size() || known == null) return;
            numbers.sort(Comparator.comparing(LaneNumbers::lane));
            home().lane().offload(() -> NodeText.render(numbers, known, sources.logDirectories()), outcome -> {
                List<Consumer<String>> answered = List.copyOf(waiting);
                waiting.clear();
                String text = switch (outcome) {
                    case Lane.Outcome.Done<String>(String rendered) -> rendered;
                    // Not a line of the format, so that whoever scrapes sees a scrape that failed.
                    case Lane.Outcome.Failed<String>(Exception cause) ->
                        "the numbers could not be rendered: " + cause + "\n";
                };
                for (Consumer<String> then : answered) then.accept(text);
            });
        }
    }
}
