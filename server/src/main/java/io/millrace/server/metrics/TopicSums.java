package io.millrace.server.metrics;

import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.partitions.BrokerLane;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Sums over the partitions of each topic, added up lane by lane. */
final class TopicSums {
    /** Topics that get series of their own; a cluster may have a hundred thousand, and a scrape must stay small. */
    static final int MAX_TOPICS_SHOWN = 500;

    /**
     * Silence after which nobody may be left to end a transaction: the default of {@code transaction.max.timeout.ms}, and
     * five minutes for its coordinator to notice.
     */
    private static final long LATE_TRANSACTION_MS = 20 * 60_000;

    /** What is known of one topic's partitions that are led here. */
    static final class Sum {
        private long partitions;
        private long logEndOffsets;
        private long logStartOffsets;
        private long sizeBytes;
        private long openTransactions;
        private long lateTransactions;
        private long underReplicated;
        private long underMinIsr;
        private long atMinIsr;

        void add(LeaderPartition partition, long wallMs) {
            partitions++;
            logEndOffsets += partition.log().logEndOffset();
            logStartOffsets += partition.log().logStartOffset();
            sizeBytes += partition.log().sizeBytes();
            openTransactions += partition.log().openTransactionCount();
            lateTransactions += partition.log().lateTransactionCount(wallMs, LATE_TRANSACTION_MS);
            if (partition.missingFromIsr() > 0) underReplicated++;
            if (partition.sparedInSync() < 0) underMinIsr++;
            if (partition.sparedInSync() == 0) atMinIsr++;
        }

        void add(Sum other) {
            partitions += other.partitions;
            logEndOffsets += other.logEndOffsets;
            logStartOffsets += other.logStartOffsets;
            sizeBytes += other.sizeBytes;
            openTransactions += other.openTransactions;
            lateTransactions += other.lateTransactions;
            underReplicated += other.underReplicated;
            underMinIsr += other.underMinIsr;
            atMinIsr += other.atMinIsr;
        }

        long partitions() {
            return partitions;
        }

        long logEndOffsets() {
            return logEndOffsets;
        }

        long logStartOffsets() {
            return logStartOffsets;
        }

        long sizeBytes() {
            return sizeBytes;
        }

        long openTransactions() {
            return openTransactions;
        }

        long lateTransactions() {
            return lateTransactions;
        }

        /** Partitions with fewer replicas in sync than they have. */
        long underReplicated() {
            return underReplicated;
        }

        /** Partitions with fewer replicas in sync than {@code min.insync.replicas} asks for. */
        long underMinIsr() {
            return underMinIsr;
        }

        /** Partitions with just as many. */
        long atMinIsr() {
            return atMinIsr;
        }
    }

    private final Map<String, Sum> byTopic = new TreeMap<>();

    /** Those of a lane; called on it. */
    static TopicSums of(BrokerLane lane) {
        TopicSums sums = new TopicSums();
        long wallMs = lane.clock().wallMs();
        for (LeaderPartition partition : lane.partitions().all())
            sums.byTopic
                    .computeIfAbsent(partition.name().topic(), topic -> new Sum())
                    .add(partition, wallMs);
        return sums;
    }

    void add(TopicSums others) {
        others.byTopic.forEach((topic, sum) ->
                byTopic.computeIfAbsent(topic, name -> new Sum()).add(sum));
    }

    /** Over all topics. */
    Sum total() {
        Sum total = new Sum();
        for (Sum sum : byTopic.values()) total.add(sum);
        return total;
    }

    int topicCount() {
        return byTopic.size();
    }

    /** The largest topics, at most {@link #MAX_TOPICS_SHOWN}, by name. */
    Map<String, Sum> shown() {
        if (byTopic.size() <= MAX_TOPICS_SHOWN) return byTopic;
        List<Map.Entry<String, Sum>> largest = byTopic.entrySet().stream()
                .sorted(Comparator.comparingLong((Map.Entry<String, Sum> entry) ->
                                -entry.getValue().sizeBytes())
                        .thenComparing(Map.Entry::getKey))
                .limit(MAX_TOPICS_SHOWN)
                .toList();
        Map<String, Sum> shown = new TreeMap<>();
        for (Map.Entry<String, Sum> entry : largest) shown.put(entry.getKey(), entry.getValue());
        return shown;
    }
}
