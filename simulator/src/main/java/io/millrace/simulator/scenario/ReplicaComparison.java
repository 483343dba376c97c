package io.millrace.simulator.scenario;

import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.testkit.disk.SimulatedDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Holds the logs of a partition's replicas against each other, batch by batch, as they are on the disks (R2, R11), and against what the replicas know of
 * leader epochs (R6).
 */
final class ReplicaComparison {
    private record Stored(int node, ByteBuffer bytes) {}

    private ReplicaComparison() {}

    /**
     * Compares all replicas of a topic's partitions, in whichever log directories they are.
     *
     * @param ends below which offset each replica has to have everything, by partition
     * @throws AssertionError if one lacks a batch, or has another one than another replica
     */
    static void compare(ClusterNodes nodes, MetadataImage image, String topicName, Map<Integer, Long> ends) {
        TopicImage topic = image.topics().topic(topicName);
        if (topic == null) throw new AssertionError("R1: topic " + topicName + " is not there any more");
        ends.forEach((index, end) -> {
            PartitionImage partition = topic.partition(index);
            if (partition == null)
                throw new AssertionError("R1: " + topicName + "-" + index + " is not there any more");
            Map<Long, Stored> byOffset = new TreeMap<>();
            for (int node : partition.replicas())
                compare(node, nodes.node(node).disk(), topicName + "-" + index, end, byOffset);
        });
    }

    private static void compare(int node, SimulatedDisk disk, String name, long end, Map<Long, Stored> byOffset) {
        long next = 0;
        StoredEpochs epochs = null;
        for (Path file : segments(disk, name)) {
            if (epochs == null) epochs = new StoredEpochs(node, disk, file.resolveSibling(""));
            ByteBuffer batches = ByteBuffer.wrap(disk.content(file));
            for (int at = 0; at < batches.limit(); ) {
                if (!(BatchHeader.check(batches, at) instanceof BatchCheck.Whole))
                    break; // A torn tail, behind the end.
                int sizeBytes = BatchHeader.sizeBytes(batches, at);
                long offset = BatchHeader.baseOffset(batches, at);
                if (offset != next)
                    throw new AssertionError(
                            "R11: " + name + " on node " + node + " goes on at " + offset + " after " + next);
                next = BatchHeader.lastOffset(batches, at) + 1;
                epochs.check(batches, at);
                Stored mine = new Stored(node, batches.slice(at, sizeBytes));
                Stored other = byOffset.putIfAbsent(offset, mine);
                if (next <= end && other != null && !other.bytes().equals(mine.bytes()))
                    throw new AssertionError("R2: at " + offset + " of " + name + " node " + node
                            + " has another batch than node " + other.node());
                at += sizeBytes;
            }
        }
        if (next < end)
            throw new AssertionError("R1: " + name + " ends at " + next + " on node " + node + ", which is in sync; "
                    + end + " records were read");
    }

    private static List<Path> segments(SimulatedDisk disk, String name) {
        return disk.files().stream()
                .filter(file -> file.toString().contains("/" + name + "/")
                        && file.toString().endsWith(".log"))
                .sorted()
                .toList();
    }
}
