package io.millrace.replication;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which partitions of a topic a broker is to keep to a replication throttle in, as leader or as follower (KIP-73).
 *
 * @param isAll      whether all of them
 * @param partitions otherwise which
 */
public record ThrottledReplicas(boolean isAll, Set<Integer> partitions) {
    /** None of them. */
    public static final ThrottledReplicas NONE = new ThrottledReplicas(false, Set.of());

    private static final ThrottledReplicas ALL = new ThrottledReplicas(true, Set.of());

    /** Its partitions do not change. */
    public ThrottledReplicas {
        partitions = Set.copyOf(partitions);
    }

    /**
     * Reads {@code leader.replication.throttled.replicas} or {@code follower.replication.throttled.replicas} of a topic: {@code *}, or a list of
     * {@code partition:broker}. What is no such pair names nobody.
     *
     * @param list     null if the topic has none of its own
     * @param brokerId for whom
     */
    public static ThrottledReplicas of(@Nullable String list, int brokerId) {
        if (list == null || list.isBlank() || brokerId < 0) return NONE;
        if (list.strip().equals("*")) return ALL;
        Set<Integer> partitions = new HashSet<>();
        for (String pair : list.split(",", -1)) {
            int colon = pair.indexOf(':');
            if (colon >= 0 && number(pair.substring(colon + 1)) == brokerId)
                partitions.add(number(pair.substring(0, colon)));
        }
        partitions.remove(-1);
        return new ThrottledReplicas(false, partitions);
    }

    /** -1 for none. */
    private static int number(String text) {
        try {
            return Math.max(-1, Integer.parseInt(text.strip()));
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /** Whether the partition is one of them. */
    public boolean has(int partition) {
        return isAll || partitions.contains(partition);
    }
}
