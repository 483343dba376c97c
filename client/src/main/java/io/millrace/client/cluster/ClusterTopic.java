package io.millrace.client.cluster;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import java.util.List;

/**
 * What is known of one topic.
 *
 * @param id {@link Uuid#ZERO} from brokers without topic ids
 * @param error what the cluster says instead of partitions; {@link ErrorCode#NONE} if it told them
 * @param isInternal whether it is one of those that brokers keep for themselves
 * @param leaders by partition number, without gaps
 * @param replicas the brokers of each partition, by partition number
 */
public record ClusterTopic(
        String name,
        Uuid id,
        ErrorCode error,
        boolean isInternal,
        List<PartitionLeader> leaders,
        List<List<Integer>> replicas) {
    /** Keeps its own copy of the lists. */
    public ClusterTopic {
        leaders = List.copyOf(leaders);
        replicas = List.copyOf(replicas);
        if (leaders.size() != replicas.size())
            throw new IllegalArgumentException(leaders.size() + " leaders, but replicas of " + replicas.size());
    }

    /** How many partitions it has; 0 if there is an error. */
    public int partitionCount() {
        return leaders.size();
    }

    /** The leader of a partition, {@link PartitionLeader#UNKNOWN} if there is no such partition. */
    public PartitionLeader leader(int partition) {
        return partition >= 0 && partition < leaders.size() ? leaders.get(partition) : PartitionLeader.UNKNOWN;
    }

    /** Whether asking later can give another answer than the error it has. */
    boolean mayChange() {
        return error.isRetriable();
    }

    ClusterTopic withError(ErrorCode its) {
        return new ClusterTopic(name, id, its, isInternal, leaders, replicas);
    }

    ClusterTopic withLeaders(List<PartitionLeader> its) {
        return new ClusterTopic(name, id, error, isInternal, its, replicas);
    }
}
