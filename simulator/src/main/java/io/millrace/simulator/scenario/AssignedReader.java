package io.millrace.simulator.scenario;

import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.fetching.FetchPosition;
import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.OffsetReset;
import io.millrace.client.fetching.run.FetcherLane;
import io.millrace.records.TopicPartition;
import io.millrace.simulator.SimulatedNode;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The real fetcher without a group: reads all partitions in one session, takes some away from it and gives them back, pauses and
 * seeks. From wherever it stands it gets each record there is, in order.
 */
final class AssignedReader implements Actor, FetcherLane.Listener {
    private static final int MOST_STEP_MS = 60;
    private static final int MOST_RECORDS = 60;
    private static final int MOST_ODD_STEPS = 300;

    private final String name;
    private final String topic;
    private final Simulation simulation;
    private final Map<Integer, PartitionHistory> partitions;
    private final SeededRandom random;
    private final ClientLane lane;
    private final FetchRules rules;
    private final FetcherLane fetcher;
    private final ClusterLine cluster;
    private final Map<Integer, HeldPartition> held = new TreeMap<>();
    private final Map<Integer, Boolean> paused = new TreeMap<>();
    private int oddStepsLeft = MOST_ODD_STEPS;
    private @Nullable Map<Integer, Long> ends;
    private boolean isDone;

    AssignedReader(
            String name,
            String topic,
            Simulation simulation,
            SimulatedNode machine,
            List<InetSocketAddress> servers,
            Map<Integer, PartitionHistory> partitions) {
        this.name = name;
        this.topic = topic;
        this.simulation = simulation;
        this.partitions = partitions;
        this.random = simulation.newRandom();
        this.lane = ClientSetup.lane(machine);
        this.rules = ClientSetup.fetchRules(random);
        this.fetcher = new FetcherLane(lane, rules, ClientSetup.REQUEST_MS, this);
        this.cluster = ClientSetup.cluster(name, lane, servers, fetcher);
    }

    @Override
    public void begin() {
        lane.lane().execute(() -> {
            fetcher.begin(cluster);
            for (int each : partitions.keySet()) add(each);
            step();
        });
    }

    /** Reads on to these ends, and is done then; from outside. */
    void readTo(Map<Integer, Long> itsEnds) {
        ends = itsEnds;
    }

    @Override
    public boolean isDone() {
        return isDone;
    }

    private void add(int partition) {
        PartitionHistory its = partitions.get(partition);
        if (its == null) throw new IllegalStateException("no partition " + partition);
        HeldPartition fresh = new HeldPartition(name, its, rules.isReadCommitted(), fetcher, offset -> {
            if (offset != 0) throw its.broken(name + " begins at " + offset + ", not at the log's start");
        });
        held.put(partition, fresh);
        fresh.isReadBy(fetcher.add(new TopicPartition(topic, partition), fresh));
        fetcher.reset(fresh.line(), fresh.toBegin());
    }

    private void step() {
        Map<Integer, Long> known = ends;
        for (int partition : random.shuffled(List.copyOf(held.keySet()))) {
            HeldPartition its = held.get(partition);
            if (its != null && !paused.getOrDefault(partition, false))
                its.take(1 + random.nextInt(MOST_RECORDS), offset -> simulation.trace(offset));
        }
        if (known != null && partitions.keySet().stream().allMatch(each -> isAtEnd(each, known))) {
            isDone = true;
            fetcher.close();
            return;
        }
        if (known == null && oddStepsLeft > 0 && random.nextInt(3) == 0) doSomethingOdd();
        else if (known != null) List.copyOf(partitions.keySet()).forEach(this::readOn);
        lane.lane().schedule(1 + random.nextInt(MOST_STEP_MS), this::step);
    }

    private boolean isAtEnd(int partition, Map<Integer, Long> known) {
        HeldPartition its = held.get(partition);
        return its != null && its.position() >= known.getOrDefault(partition, 0L);
    }

    private void readOn(int partition) {
        if (!held.containsKey(partition)) add(partition);
        if (paused.getOrDefault(partition, false)) pause(partition, false);
    }

    private void pause(int partition, boolean isSo) {
        HeldPartition its = held.get(partition);
        if (its == null) return;
        paused.put(partition, isSo);
        fetcher.pause(its.line(), isSo);
    }

    private void doSomethingOdd() {
        oddStepsLeft--;
        int partition = random.pick(List.copyOf(partitions.keySet()));
        HeldPartition its = held.get(partition);
        if (its == null) {
            add(partition);
            return;
        }
        switch (random.nextInt(4)) {
            case 0 -> pause(partition, !paused.getOrDefault(partition, false));
            case 1 -> {
                held.remove(partition);
                paused.remove(partition);
                fetcher.remove(its.line());
                its.isGone();
            }
            case 2 -> {
                if (its.position() <= 0) return;
                long offset = random.nextLong(its.position());
                fetcher.seek(its.line(), FetchPosition.at(offset), its.moved(offset));
            }
            default -> fetcher.seekToTime(its.line(), OffsetReset.EARLIEST, its.toBegin());
        }
    }

    @Override
    public void onView(ClusterView view) {
        simulation.trace(view.clusterId().hashCode());
    }

    @Override
    public void onTrouble(String sentence) {
        simulation.trace(sentence.hashCode());
    }
}
