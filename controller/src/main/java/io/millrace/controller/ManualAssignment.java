package io.millrace.controller;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.ClusterImage;
import io.millrace.protocol.ErrorCode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Replica lists that somebody wrote by hand. */
final class ManualAssignment {
    private ManualAssignment() {}

    /**
     * Why these cannot be a partition's replicas.
     *
     * @param replicationFactor how many there have to be; -1 if that is open
     */
    static @Nullable Refusal refusal(List<Integer> replicas, int replicationFactor, ClusterImage cluster) {
        if (replicas.isEmpty()) return refusal("The manual partition assignment includes an empty replica list.");
        Set<Integer> seen = new HashSet<>();
        for (int broker : replicas) {
            if (!seen.add(broker))
                return refusal("The manual partition assignment includes the broker " + broker + " more than once.");
            BrokerImage registered = cluster.broker(broker);
            if (registered == null)
                return refusal("The manual partition assignment includes broker " + broker
                        + ", but no such broker is registered.");
            if (registered.isCordoned())
                return refusal("The manual partition assignment includes broker " + broker
                        + ", but all its log directories are cordoned.");
        }
        if (replicationFactor >= 0 && replicas.size() != replicationFactor)
            return refusal("The manual partition assignment includes a partition with " + replicas.size()
                    + " replica(s), but this is not consistent with previous partitions, which have "
                    + replicationFactor + " replica(s).");
        return null;
    }

    static Refusal refusal(String message) {
        return new Refusal(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
    }
}
