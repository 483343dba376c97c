package io.millrace.client;

import io.millrace.protocol.Uuid;
import java.util.List;

/**
 * A topic and where its partitions are.
 *
 * @param id {@link Uuid#ZERO} where the cluster is too old to have topic ids
 * @param partitions ascending by number
 */
public record TopicDescription(String name, Uuid id, boolean isInternal, List<PartitionDescription> partitions) {
    /** Fixes the list. */
    public TopicDescription {
        partitions = List.copyOf(partitions);
    }

    /** Replicas of the partition that has most. */
    public int replicationFactor() {
        return partitions.stream().mapToInt(it -> it.replicas().size()).max().orElse(0);
    }

    /**
     * One partition.
     *
     * @param leader broker id, -1 if there is none
     * @param leaderEpoch -1 where the cluster is too old to tell
     * @param replicas broker ids, the preferred leader first
     * @param isr those in sync
     * @param eligibleLeaders not in sync, but holding all that was acknowledged (KIP-966)
     * @param lastKnownEligibleLeaders who was eligible before all were lost (KIP-966)
     * @param offline replicas whose broker or log directory is down
     */
    public record PartitionDescription(
            int partition,
            int leader,
            int leaderEpoch,
            List<Integer> replicas,
            List<Integer> isr,
            List<Integer> eligibleLeaders,
            List<Integer> lastKnownEligibleLeaders,
            List<Integer> offline) {
        /** Fixes the lists. */
        public PartitionDescription {
            replicas = List.copyOf(replicas);
            isr = List.copyOf(isr);
            eligibleLeaders = List.copyOf(eligibleLeaders);
            lastKnownEligibleLeaders = List.copyOf(lastKnownEligibleLeaders);
            offline = List.copyOf(offline);
        }

        /** Whether a replica is missing from the ISR. */
        public boolean isUnderReplicated() {
            return isr.size() < replicas.size();
        }

        /** Whether nobody can read or write it now. */
        public boolean isUnavailable() {
            return leader < 0 || offline.contains(leader);
        }
    }
}
