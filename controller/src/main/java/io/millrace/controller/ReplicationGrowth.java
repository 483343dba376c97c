package io.millrace.controller;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.metadata.VersionedRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Gives the partitions of a topic that was made while there were few brokers the replicas they lack, by a reassignment that only adds (ADR 51). What is there
 * stays where it is; what somebody else is reassigning is left alone.
 */
final class ReplicationGrowth {
    /** So many partitions get new replicas at once, lest the copies of a large topic be all under way together. */
    static final int MOST_AT_ONCE = 50;

    private final Electorate electorate;
    private final MetadataImage image;
    private final TreeMap<Integer, Candidate> candidates = new TreeMap<>();

    /** A broker that can take new replicas, and how many of the topic's it has. */
    private static final class Candidate {
        private final int id;
        private final String rack;
        private int replicaCount;
        private int preferredCount;

        Candidate(BrokerImage broker) {
            this.id = broker.id();
            String itsRack = broker.rack();
            // A broker without a rack is a rack of its own as far as failing goes, which is what racks are here for.
            this.rack = itsRack == null ? "\0" + broker.id() : itsRack;
        }
    }

    ReplicationGrowth(Electorate electorate) {
        this.electorate = electorate;
        this.image = electorate.image();
        for (BrokerImage broker : image.cluster().brokersInOrder())
            if (broker.isActive() && !broker.isCordoned()) candidates.put(broker.id(), new Candidate(broker));
    }

    /**
     * One round.
     *
     * @param name of the topic, which need not exist
     * @param factor how many replicas each partition is to have, if there are so many brokers
     * @return whether something was begun
     */
    Decision<Boolean> grow(String name, int factor) {
        TopicImage topic = image.topics().topic(name);
        int goal = Math.min(factor, candidates.size());
        if (topic == null || !lacks(topic, goal)) return Decision.answer(false);
        int[] underWay = {0};
        topic.forEachPartition((partitionId, partition) -> {
            count(partition.replicas());
            if (isReassigning(partition)) underWay[0]++;
        });
        List<VersionedRecord> records = new ArrayList<>();
        topic.forEachPartition((partitionId, partition) -> {
            if (!canGrow(partition, goal) || underWay[0] + records.size() >= MOST_AT_ONCE) return;
            List<Integer> added =
                    added(partition.replicas(), goal - partition.replicas().size());
            if (added.isEmpty()) return;
            PartitionElection.Target target = PartitionElection.Target.of(partition)
                    .withAssignment(replicas(partition.replicas(), added, topic.partitionCount()), List.of(), added);
            electorate
                    .election(
                            topic, partition, target, electorate.rulesOf(topic).mode())
                    .record(topic.id(), partitionId)
                    .ifPresent(records::add);
        });
        return Decision.inParts(records, !records.isEmpty());
    }

    private static boolean lacks(TopicImage topic, int goal) {
        boolean[] lacks = {false};
        topic.forEachPartition((partitionId, partition) -> lacks[0] |= canGrow(partition, goal));
        return lacks[0];
    }

    /** Without a leader there is nobody to copy from. */
    private static boolean canGrow(PartitionImage partition, int goal) {
        return partition.hasLeader()
                && !isReassigning(partition)
                && partition.replicas().size() < goal;
    }

    private static boolean isReassigning(PartitionImage partition) {
        return !partition.addingReplicas().isEmpty()
                || !partition.removingReplicas().isEmpty();
    }

    private void count(List<Integer> replicas) {
        for (int i = 0; i < replicas.size(); i++) {
            Candidate candidate = candidates.get(replicas.get(i));
            if (candidate == null) continue;
            candidate.replicaCount++;
            if (i == 0) candidate.preferredCount++;
        }
    }

    /** On racks that hold the fewest replicas of the partition, and there on brokers that hold the fewest of the topic. */
    private List<Integer> added(List<Integer> present, int wanted) {
        Map<String, Integer> perRack = new HashMap<>();
        Set<Integer> taken = new HashSet<>(present);
        for (int id : present) {
            Candidate candidate = candidates.get(id);
            BrokerImage broker = image.cluster().broker(id);
            if (candidate != null) perRack.merge(candidate.rack, 1, Integer::sum);
            else if (broker != null && broker.rack() != null) perRack.merge(broker.rack(), 1, Integer::sum);
        }
        List<Integer> added = new ArrayList<>();
        while (added.size() < wanted) {
            Candidate next = candidates.values().stream()
                    .filter(candidate -> !taken.contains(candidate.id))
                    .min(Comparator.comparingInt((Candidate candidate) -> perRack.getOrDefault(candidate.rack, 0))
                            .thenComparingInt(candidate -> candidate.replicaCount)
                            .thenComparingInt(candidate -> candidate.id))
                    .orElse(null);
            if (next == null) break;
            added.add(next.id);
            taken.add(next.id);
            next.replicaCount++;
            perRack.merge(next.rack, 1, Integer::sum);
        }
        return added;
    }

    /**
     * All replicas, preferred leader first: that of before, unless that leads more than its share and one that is added fewer. So the leaders of a topic that was made by one broker
     * spread over all, when leaders are next given back to whom is preferred.
     */
    private List<Integer> replicas(List<Integer> present, List<Integer> added, int partitionCount) {
        int fairShare = (partitionCount + candidates.size() - 1) / candidates.size();
        Candidate before = candidates.get(present.get(0));
        Candidate least = added.stream()
                .map(candidates::get)
                .min(Comparator.comparingInt((Candidate candidate) -> candidate.preferredCount)
                        .thenComparingInt(candidate -> candidate.id))
                .orElseThrow();
        List<Integer> all = new ArrayList<>();
        if (before != null && before.preferredCount > fairShare && least.preferredCount + 1 < before.preferredCount) {
            before.preferredCount--;
            least.preferredCount++;
            all.add(least.id);
        }
        all.addAll(present);
        for (int id : added) if (!all.contains(id)) all.add(id);
        return all;
    }
}
