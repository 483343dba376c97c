package io.millrace.client.assignor;

import io.millrace.records.TopicPartition;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What has been moved so far, so that two partitions of a topic do not change places where leaving both would do as well. */
final class PartitionMoves {
    private record Move(String topic, String from, String to) {}

    private final Map<TopicPartition, Move> byPartition = new HashMap<>();
    /**
     * A partition that hashes as in the official client: which of several moves is taken back is left to the order of a hash set
     * there, and so it is here.
     */
    private record Moved(TopicPartition partition) {
        @Override
        public int hashCode() {
            return 31 * (31 + partition.partition()) + partition.topic().hashCode();
        }
    }

    private final Map<Move, Set<Moved>> byMove = new HashMap<>();

    /** The partition of the same topic that should go from one member to another: one that came the other way, if there is any. */
    TopicPartition insteadOf(TopicPartition partition, String from, String to) {
        Move earlier = byPartition.get(partition);
        String origin = earlier == null ? from : earlier.from();
        Set<Moved> came = byMove.get(new Move(partition.topic(), to, origin));
        return came == null ? partition : came.iterator().next().partition();
    }

    void note(TopicPartition partition, String from, String to) {
        Move earlier = byPartition.remove(partition);
        String origin = from;
        if (earlier != null) {
            Set<Moved> alike = byMove.get(earlier);
            if (alike != null) {
                alike.remove(new Moved(partition));
                if (alike.isEmpty()) byMove.remove(earlier);
            }
            origin = earlier.from();
            if (origin.equals(to)) return;
        }
        Move move = new Move(partition.topic(), origin, to);
        byPartition.put(partition, move);
        byMove.computeIfAbsent(move, ignored -> new HashSet<>()).add(new Moved(partition));
    }
}
