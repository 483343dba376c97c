package io.millrace.client;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Asks the leaders of partitions, and whoever leads them by then if leadership moves meanwhile. */
final class PartitionLeaders {
    private static final Set<ErrorCode> ASK_ANEW = EnumSet.of(
            ErrorCode.NOT_LEADER_OR_FOLLOWER,
            ErrorCode.LEADER_NOT_AVAILABLE,
            ErrorCode.REPLICA_NOT_AVAILABLE,
            ErrorCode.FENCED_LEADER_EPOCH,
            ErrorCode.UNKNOWN_LEADER_EPOCH,
            ErrorCode.OFFSET_NOT_AVAILABLE);

    private PartitionLeaders() {}

    /** One request to one leader. */
    @FunctionalInterface
    interface Question<T> {
        /**
         * Asks, and puts what comes back.
         *
         * @param byTopic numbers of the partitions it leads, ascending
         * @param outcomes takes an answer for each of them; those without one are told as left out
         */
        void ask(int leaderId, Map<String, List<Integer>> byTopic, Map<TopicPartition, Answer<T>> outcomes);
    }

    /**
     * Asks about each partition until it is answered by its leader, or the time is over.
     *
     * @return by topic and partition; what is not known, or has no leader, is refused without waiting
     */
    static <T> Map<TopicPartition, Answer<T>> ask(
            Cluster cluster, Collection<TopicPartition> partitions, Deadline deadline, Question<T> question) {
        Map<TopicPartition, Answer<T>> outcomes = new TreeMap<>();
        Set<TopicPartition> open = new TreeSet<>(partitions);
        int pauseMs = Cluster.FIRST_PAUSE_MS;
        while (!open.isEmpty()) {
            Map<TopicPartition, Integer> leaders = leaders(cluster, open, outcomes, deadline);
            Set<TopicPartition> asked = new HashSet<>(leaders.keySet());
            for (int leaderId : new LinkedHashSet<>(leaders.values())) {
                Map<String, List<Integer>> byTopic = new TreeMap<>();
                leaders.forEach((partition, id) -> {
                    if (id != leaderId) return;
                    outcomes.put(partition, TopicAdmin.unanswered());
                    byTopic.computeIfAbsent(partition.topic(), topic -> new ArrayList<>())
                            .add(partition.partition());
                });
                question.ask(leaderId, byTopic, outcomes);
            }
            open.removeIf(partition -> !asked.contains(partition)
                    || !(outcomes.get(partition) instanceof Answer.Refused<T>(ErrorCode error, String message))
                    || !ASK_ANEW.contains(error));
            if (open.isEmpty() || deadline.isOver()) break;
            Cluster.pause(Math.min(pauseMs, deadline.leftMs()));
            pauseMs = Math.min(2 * pauseMs, Cluster.MAX_PAUSE_MS);
        }
        outcomes.keySet().retainAll(new HashSet<>(partitions));
        return outcomes;
    }

    /** Finds leaders, by topic and partition; what has none, or is not known, is refused here. */
    private static <T> Map<TopicPartition, Integer> leaders(
            Cluster cluster,
            Set<TopicPartition> partitions,
            Map<TopicPartition, Answer<T>> outcomes,
            Deadline deadline) {
        Map<TopicPartition, Integer> leaders = new TreeMap<>();
        Set<String> topics = new TreeSet<>();
        for (TopicPartition partition : partitions) {
            topics.add(partition.topic());
            outcomes.put(
                    partition,
                    Answer.refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code(), "there is no partition " + partition));
        }
        for (var topic : cluster.metadata(List.copyOf(topics), deadline).topics()) {
            String name = topic.name();
            if (name == null) continue;
            for (var it : topic.partitions()) {
                TopicPartition partition = new TopicPartition(name, it.partitionIndex());
                if (!partitions.contains(partition)) continue;
                if (it.leaderId() >= 0) leaders.put(partition, it.leaderId());
                else
                    outcomes.put(
                            partition,
                            Answer.refused(ErrorCode.LEADER_NOT_AVAILABLE.code(), partition + " has no leader now"));
            }
        }
        return leaders;
    }
}
