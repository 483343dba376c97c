package io.millrace.controller;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.ClusterImage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where the replicas of new partitions go: striped over racks and, within a rack, over its brokers, so that leaders and replicas spread evenly and no rack holds
 * two replicas while another holds none. A rack's fenced brokers get replicas only after its others, and never the leader: so a rack that is down while a topic is made
 * has its share when it comes back, as with Kafka's placer.
 */
final class Placement {
    private final List<Rack> racks;
    private final int brokerCount;
    private final int unfencedCount;
    private final Draws draws;
    private final boolean isAllCordoned;
    private int firstRack;

    /** The brokers of one rack, dealt out in turn. */
    private static final class Rack {
        private final List<Integer> unfenced;
        private final List<Integer> fenced;
        private int dealt;

        Rack(List<Integer> unfenced, List<Integer> fenced) {
            this.unfenced = unfenced;
            this.fenced = fenced;
        }

        int size() {
            return unfenced.size() + fenced.size();
        }

        /** The brokers in turn, those in service first. */
        int broker(int round) {
            return round < unfenced.size()
                    ? unfenced.get((dealt + round) % unfenced.size())
                    : fenced.get((dealt + round - unfenced.size()) % fenced.size());
        }
    }

    /** A broker that can take replicas. */
    record Candidate(int id, String rack, boolean isFenced) {}

    private Placement(List<Rack> racks, int brokerCount, int unfencedCount, boolean isAllCordoned, Draws draws) {
        this.isAllCordoned = isAllCordoned;
        this.racks = racks;
        this.brokerCount = brokerCount;
        this.unfencedCount = unfencedCount;
        this.draws = draws;
        this.firstRack = racks.isEmpty() ? 0 : draws.nextInt(racks.size());
    }

    /** Among the brokers of the cluster that have a directory not cordoned. */
    static Placement among(ClusterImage cluster, Draws draws) {
        List<Candidate> candidates = new ArrayList<>();
        for (BrokerImage broker : cluster.brokersInOrder()) {
            String rack = broker.rack();
            if (!broker.isCordoned())
                candidates.add(new Candidate(broker.id(), rack == null ? "" : rack, !broker.isActive()));
        }
        return among(
                candidates, candidates.isEmpty() && !cluster.brokersInOrder().isEmpty(), draws);
    }

    static Placement among(List<Candidate> candidates, Draws draws) {
        return among(candidates, false, draws);
    }

    private static Placement among(List<Candidate> candidates, boolean isAllCordoned, Draws draws) {
        SortedMap<String, List<Candidate>> byRack = new TreeMap<>();
        for (Candidate candidate : candidates)
            byRack.computeIfAbsent(candidate.rack(), rack -> new ArrayList<>()).add(candidate);
        List<Rack> racks = new ArrayList<>();
        int unfencedCount = 0;
        for (List<Candidate> members : byRack.values()) {
            List<Integer> unfenced = new ArrayList<>();
            List<Integer> fenced = new ArrayList<>();
            for (Candidate member : members) (member.isFenced() ? fenced : unfenced).add(member.id());
            shuffle(unfenced, draws);
            shuffle(fenced, draws);
            unfencedCount += unfenced.size();
            racks.add(new Rack(unfenced, fenced));
        }
        return new Placement(racks, candidates.size(), unfencedCount, isAllCordoned, draws);
    }

    /** Whether there is no broker with a directory that takes new replicas. */
    boolean isAllCordoned() {
        return isAllCordoned;
    }

    /** Why so many replicas cannot be placed, in Kafka's wording; null if they can. */
    @Nullable
    String refusal(int replicationFactor) {
        if (isAllCordoned) return "All brokers are currently fenced, or have all their log directories cordoned.";
        if (unfencedCount == 0) return "All brokers are currently fenced.";
        if (replicationFactor > brokerCount)
            return "The target replication factor of " + replicationFactor + " cannot be reached because only "
                    + brokerCount
                    + " broker(s) are registered or some brokers have all their log directories cordoned.";
        return null;
    }

    /**
     * The replicas of the next partition, leader first.
     *
     * @param replicationFactor 1 to the number of brokers; {@link #refusal} was asked
     */
    List<Integer> next(int replicationFactor) {
        List<Integer> replicas = new ArrayList<>(replicationFactor);
        int start = nextRackWithUnfenced();
        dealFrom(start, replicas, replicationFactor);
        racks.get(start).dealt++;
        reshuffleWhenRoundIsOver(racks.get(start));
        firstRack = (start + 1) % racks.size();
        return replicas;
    }

    private int nextRackWithUnfenced() {
        int rack = firstRack;
        while (racks.get(rack).unfenced.isEmpty()) rack = (rack + 1) % racks.size();
        return rack;
    }

    /** One broker of each rack, then a second of each, and so on. */
    private void dealFrom(int start, List<Integer> replicas, int wanted) {
        for (int round = 0; round < brokerCount && replicas.size() < wanted; round++)
            for (int i = 0; i < racks.size() && replicas.size() < wanted; i++) {
                Rack rack = racks.get((start + i) % racks.size());
                if (round < rack.size()) replicas.add(rack.broker(round));
            }
    }

    /** A new order for each round, so that a broker's partitions have their followers on different brokers. */
    private void reshuffleWhenRoundIsOver(Rack rack) {
        if (rack.dealt < rack.unfenced.size()) return;
        rack.dealt = 0;
        shuffle(rack.unfenced, draws);
        shuffle(rack.fenced, draws);
    }

    private static void shuffle(List<Integer> brokers, Draws draws) {
        for (int i = brokers.size() - 1; i > 0; i--) Collections.swap(brokers, i, draws.nextInt(i + 1));
    }
}
