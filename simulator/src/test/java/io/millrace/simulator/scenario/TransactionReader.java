package io.millrace.simulator.scenario;

import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.fetching.FetchPosition;
import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.FetchedRange;
import io.millrace.client.fetching.OffsetReset;
import io.millrace.client.fetching.RangeReader;
import io.millrace.client.fetching.run.FetchLine;
import io.millrace.client.fetching.run.FetchSink;
import io.millrace.client.fetching.run.FetcherLane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import io.millrace.simulator.SimulatedNode;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The real fetcher in either isolation level, reading all partitions of a topic, and now and then from an earlier offset again.
 * From wherever it began it has to get each record of that level, in order.
 */
final class TransactionReader implements FetcherLane.Listener {
    private static final int MOST_STEP_MS = 60;
    private static final int MOST_RECORDS = 40;

    private final String name;
    private final Simulation simulation;
    private final TransactionHistory history;
    private final SeededRandom random;
    private final ClientLane lane;
    private final boolean isReadCommitted;
    private final FetcherLane fetcher;
    private final ClusterLine cluster;
    private final List<Held> partitions = new ArrayList<>();
    private boolean isGoingOnOnly;

    TransactionReader(
            String name,
            boolean isReadCommitted,
            String topic,
            int partitionCount,
            Simulation simulation,
            SimulatedNode machine,
            InetSocketAddress server,
            TransactionHistory history) {
        this.name = name;
        this.isReadCommitted = isReadCommitted;
        this.simulation = simulation;
        this.history = history;
        this.random = simulation.newRandom();
        this.lane = ClientSetup.lane(machine);
        FetchRules rules = new FetchRules(
                random.pick(1, 1, 3_000),
                random.pick(10, 100, 500),
                random.pick(500, 3_000, 100_000),
                random.pick(300, 1_500, 100_000),
                random.pick(2_000, 1_000_000),
                isReadCommitted,
                "",
                new OffsetReset.Earliest(),
                300_000,
                ClientSetup.BACKOFF);
        this.fetcher = new FetcherLane(lane, rules, ClientSetup.REQUEST_MS, this);
        this.cluster = ClientSetup.cluster(name, lane, List.of(server), fetcher);
        for (int i = 0; i < partitionCount; i++) partitions.add(new Held(new TopicPartition(topic, i)));
    }

    void begin() {
        lane.lane().execute(() -> {
            fetcher.begin(cluster);
            for (Held each : partitions) each.begin();
            step();
        });
    }

    /** Goes back to no earlier offset any more; from outside. */
    void goOnOnly() {
        isGoingOnOnly = true;
    }

    private void step() {
        for (Held each : random.shuffled(partitions)) {
            each.take(1 + random.nextInt(MOST_RECORDS));
            if (!isGoingOnOnly && random.nextInt(20) == 0) each.goBack();
        }
        lane.lane().schedule(1 + random.nextInt(MOST_STEP_MS), this::step);
    }

    /** Whether it has read as far as these records reach. */
    boolean hasRead(Map<Integer, List<TransactionHistory.Seen>> records) {
        for (Held each : partitions) {
            List<TransactionHistory.Seen> its = records.getOrDefault(each.partition.partition(), List.of());
            if (!its.isEmpty() && each.nextOffset <= its.getLast().offset()) return false;
        }
        return true;
    }

    /** Holds all that it read, from each place where it began, against what is there. */
    void check(Map<Integer, List<TransactionHistory.Seen>> records) {
        for (Held each : partitions)
            for (Row row : each.rows) check(each.partition, row, records.get(each.partition.partition()));
    }

    private void check(TopicPartition partition, Row row, @Nullable List<TransactionHistory.Seen> records) {
        List<TransactionHistory.Seen> wanted = new ArrayList<>();
        for (TransactionHistory.Seen each : Objects.requireNonNull(records))
            if (each.offset() >= row.fromOffset && wanted.size() < row.seen.size()) wanted.add(each);
        if (!wanted.equals(row.seen))
            throw TransactionHistory.broken(
                    "R19",
                    name + " from " + row.fromOffset + " of " + partition + " on reads " + offsets(row.seen) + ", not "
                            + offsets(wanted));
    }

    private static List<Long> offsets(List<TransactionHistory.Seen> all) {
        return all.stream().map(TransactionHistory.Seen::offset).toList();
    }

    @Override
    public void onView(ClusterView view) {
        simulation.trace(view.clusterId().hashCode());
    }

    @Override
    public void onTrouble(String sentence) {
        simulation.trace(sentence.hashCode());
    }

    /** What came in a row from one place on. */
    private static final class Row {
        final long fromOffset;
        final List<TransactionHistory.Seen> seen = new ArrayList<>();

        Row(long fromOffset) {
            this.fromOffset = fromOffset;
        }
    }

    private final class Held implements FetchSink {
        private final TopicPartition partition;
        private final RangeReader reader = new RangeReader(isReadCommitted);
        private final ArrayDeque<FetchedRange> arrived = new ArrayDeque<>();
        private final List<Row> rows = new ArrayList<>();
        private @Nullable FetchLine line;
        private @Nullable FetchedRange reading;
        private long generation;
        private long nextOffset;

        Held(TopicPartition partition) {
            this.partition = partition;
        }

        private FetchLine line() {
            return Objects.requireNonNull(line, "nobody reads it");
        }

        void begin() {
            line = fetcher.add(partition, this);
            moveTo(0);
        }

        void goBack() {
            if (nextOffset > 0) moveTo(random.nextLong(nextOffset));
        }

        private void moveTo(long offset) {
            generation++;
            nextOffset = offset;
            rows.add(new Row(offset));
            fetcher.released(line(), List.copyOf(arrived));
            arrived.clear();
            leaveRange();
            fetcher.seek(line(), FetchPosition.at(offset), generation);
        }

        private void leaveRange() {
            FetchedRange range = reading;
            if (range == null) return;
            reading = null;
            fetcher.released(line(), List.of(range));
        }

        void take(int most) {
            for (int count = 0; count < most; ) {
                FetchedRange range = reading == null ? arrived.poll() : reading;
                if (range == null) return;
                if (reading == null) {
                    reading = range;
                    reader.begin(range);
                }
                if (!reader.next()) {
                    nextOffset = range.next().offset();
                    leaveRange();
                    continue;
                }
                ByteBuffer value = Objects.requireNonNull(reader.value());
                taken(reader.offset(), StandardCharsets.UTF_8.decode(value).toString());
                count++;
            }
        }

        private void taken(long offset, String value) {
            simulation.trace(offset);
            history.read(name, partition.partition(), offset, value, isReadCommitted);
            rows.getLast().seen.add(new TransactionHistory.Seen(offset, value));
            nextOffset = offset + 1;
        }

        @Override
        public void fetched(FetchedRange range) {
            if (range.generation() == generation) arrived.add(range);
            else fetcher.released(line(), List.of(range));
        }

        @Override
        public void positioned(long ofGeneration, FetchPosition found) {
            if (ofGeneration == generation && found.offset() != nextOffset)
                throw TransactionHistory.broken("R19", name + " is moved from " + nextOffset + " to " + found);
        }

        @Override
        public void failed(long ofGeneration, ErrorCode error, String sentence) {
            if (ofGeneration == generation)
                throw TransactionHistory.broken("R19", name + " cannot go on: " + error + ", " + sentence);
        }

        @Override
        public void reaches(long logStartOffset, long highWatermark, long lastStableOffset) {
            if (lastStableOffset > highWatermark)
                throw TransactionHistory.broken("T5", lastStableOffset + " is stable, above " + highWatermark);
        }
    }

    /** Where it stands, for messages. */
    @Override
    public String toString() {
        Map<Integer, Long> at = new TreeMap<>();
        for (Held each : partitions) at.put(each.partition.partition(), each.nextOffset);
        return name + at;
    }
}
