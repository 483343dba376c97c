package io.millrace.client.placement;

import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which partitions get which other replicas.
 *
 * @param changes those that are not as they should be, by topic and partition
 */
public record ReassignmentPlan(List<Change> changes) {
    /** Fixes the list. */
    public ReassignmentPlan {
        changes = List.copyOf(changes);
    }

    /**
     * Other replicas for one partition.
     *
     * @param after broker ids, the preferred leader first
     */
    public record Change(PlacedPartition before, List<Integer> after) {
        /** Fixes the list, and checks it as that of a {@link PlacedPartition}. */
        public Change {
            after = new PlacedPartition(before.partition(), after, before.inSync(), before.sizeBytes()).replicas();
        }

        /** Which partition. */
        public TopicPartition partition() {
            return before.partition();
        }

        /** Brokers that get a replica, in the order they will have. */
        public Set<Integer> adding() {
            Set<Integer> adding = new LinkedHashSet<>(after);
            adding.removeAll(new HashSet<>(before.replicas()));
            return adding;
        }

        /** Brokers whose replica goes. */
        public Set<Integer> removing() {
            Set<Integer> removing = new LinkedHashSet<>(before.replicas());
            removing.removeAll(new HashSet<>(after));
            return removing;
        }

        /** Bytes that are copied for it. */
        public long bytesToMove() {
            return before.sizeBytes() * adding().size();
        }

        /** Whether another broker is to lead. */
        public boolean movesLeader() {
            return !before.replicas().getFirst().equals(after.getFirst());
        }
    }

    /**
     * What a broker has before and after.
     *
     * @param leaders partitions whose first replica it has
     */
    public record Load(int replicas, int leaders, long bytes) {
        static final Load NONE = new Load(0, 0, 0);

        Load plus(boolean isLeader, long sizeBytes) {
            return new Load(replicas + 1, leaders + (isLeader ? 1 : 0), bytes + sizeBytes);
        }
    }

    /** Bytes that are copied from broker to broker in all. */
    public long bytesToMove() {
        return changes.stream().mapToLong(Change::bytesToMove).sum();
    }

    /** Replicas that are made on brokers that had none. */
    public int replicasToMove() {
        return changes.stream().mapToInt(change -> change.adding().size()).sum();
    }

    /** Bytes that come to each broker that gets replicas, by its id. */
    public SortedMap<Integer, Long> bytesInto() {
        SortedMap<Integer, Long> bytes = new TreeMap<>();
        for (Change change : changes)
            for (int broker : change.adding())
                bytes.merge(broker, change.before().sizeBytes(), Long::sum);
        return bytes;
    }

    /** The partitions as the plan leaves them; those it does not change as they are. */
    public List<PlacedPartition> after(List<PlacedPartition> before) {
        SortedMap<TopicPartition, List<Integer>> changed = new TreeMap<>();
        for (Change change : changes) changed.put(change.partition(), change.after());
        List<PlacedPartition> after = new ArrayList<>();
        for (PlacedPartition each : before)
            after.add(new PlacedPartition(
                    each.partition(),
                    changed.getOrDefault(each.partition(), each.replicas()),
                    each.inSync(),
                    each.sizeBytes()));
        return after;
    }

    /** What brokers with replicas have, by id. */
    public static SortedMap<Integer, Load> loads(List<PlacedPartition> partitions) {
        SortedMap<Integer, Load> loads = new TreeMap<>();
        for (PlacedPartition each : partitions)
            for (int broker : each.replicas())
                loads.put(
                        broker,
                        loads.getOrDefault(broker, Load.NONE)
                                .plus(broker == each.replicas().getFirst(), each.sizeBytes()));
        return loads;
    }
}
