package io.millrace.cli.cluster;

import io.millrace.client.TopicDescription;
import io.millrace.client.TopicDescription.PartitionDescription;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * How the partitions of a cluster are.
 *
 * @param underReplicated those with a replica out of sync
 * @param underMinIsr those with fewer replicas in sync than {@code min.insync.replicas}, so that acks=all is refused
 * @param offline those that nobody can read or write
 */
record ClusterHealth(
        int topicCount,
        int partitionCount,
        int replicaCount,
        List<TopicPartition> underReplicated,
        List<TopicPartition> underMinIsr,
        List<TopicPartition> offline) {
    /**
     * Counts.
     *
     * @param minIsr by topic; a topic it lacks counts as having 1
     */
    static ClusterHealth of(List<TopicDescription> topics, Map<String, Integer> minIsr) {
        int partitions = 0;
        int replicas = 0;
        List<TopicPartition> underReplicated = new ArrayList<>();
        List<TopicPartition> underMinIsr = new ArrayList<>();
        List<TopicPartition> offline = new ArrayList<>();
        for (TopicDescription topic : topics) {
            for (PartitionDescription it : topic.partitions()) {
                TopicPartition name = new TopicPartition(topic.name(), it.partition());
                partitions++;
                replicas += it.replicas().size();
                if (it.isUnderReplicated()) underReplicated.add(name);
                if (it.isr().size() < minIsr.getOrDefault(topic.name(), 1)) underMinIsr.add(name);
                if (it.isUnavailable()) offline.add(name);
            }
        }
        return new ClusterHealth(topics.size(), partitions, replicas, underReplicated, underMinIsr, offline);
    }
}
