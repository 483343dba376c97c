package io.millrace.client.cluster;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import java.util.List;

/**
 * What is known of one topic.
 *
 * @param id {@link Uuid#ZERO} from brokers without topic ids
 * @param error what the cluster says instead of partitions; {@link ErrorCode#NONE} if it told them
 * @param leaders by partition number, without gaps
 */
public record ClusterTopic(String name, Uuid id, ErrorCode error, List<PartitionLeader> leaders) {
    /** Keeps its own copy of the list. */
    public ClusterTopic {
        leaders = List.copyOf(leaders);
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
}
