package io.millrace.simulator.scenario;

import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Looks into the nodes' disks whenever a client is told of a higher high watermark than anybody before: all below it is on every replica
 * that is in sync, and on {@code min.insync.replicas} of them (R4). What a replica has had of that, it has as long as it is a replica,
 * looked at then, and whenever a file of its log becomes shorter (R5).
 */
final class HighWatermarks {
    private final ClusterNodes nodes;
    private final MetadataHistory metadata;
    private final String topic;
    private final int minInSync;
    private final Map<Integer, Long> highest = new TreeMap<>();
    private final Map<Integer, Map<Integer, Held>> held = new TreeMap<>();

    /** What a node has had of a partition, before it lost anything so often. */
    private record Held(long endOffset, int losses) {}

    /** @param minInSync what {@code min.insync.replicas} says */
    HighWatermarks(ClusterNodes nodes, MetadataHistory metadata, String topic, int minInSync) {
        this.nodes = nodes;
        this.metadata = metadata;
        this.topic = topic;
        this.minInSync = minInSync;
        metadata.whenLeft((name, index, broker) -> {
            if (name.equals(topic)) held.getOrDefault(index, new TreeMap<>()).remove(broker);
        });
        nodes.whenShortened(this::shortened);
    }

    private void shortened(int id, Path file) {
        Path directory = file.getParent();
        if (directory == null || !file.toString().endsWith(StoredLog.SUFFIX) || nodes.mayLack(id)) return;
        held.forEach((index, its) -> {
            if (!directory.endsWith(topic + "-" + index)) return;
            requireHeld(
                    index, id, its.get(id), nodes.log(id, topic + "-" + index).endOffset(), file);
        });
    }

    /** A client is told that all below this offset is on all in-sync replicas. */
    void told(int index, long offset) {
        long before = highest.getOrDefault(index, 0L);
        if (offset <= before) return;
        highest.put(index, offset);
        TopicImage image = metadata.newest().topics().topic(topic);
        PartitionImage partition = image == null ? null : image.partition(index);
        if (partition == null) return;
        int holding = 0;
        for (int id : partition.replicas()) {
            long end = nodes.log(id, topic + "-" + index).endOffset();
            boolean mayLack = nodes.mayLack(id);
            if (end >= offset || mayLack) holding++;
            if (mayLack) continue;
            boolean isInSync = partition.isr().contains(id);
            if (isInSync && end < offset)
                throw new AssertionError("R4: the high watermark of " + topic + "-" + index + " is " + offset
                        + ", and node " + id + ", which is in sync, has it to " + end + ": " + partition);
            hold(index, id, isInSync, isInSync ? offset : end, partition);
        }
        if (holding < minInSync)
            throw new AssertionError("R4: the high watermark of " + topic + "-" + index + " is " + offset + ", and "
                    + holding + " replicas have that, not " + minInSync + ": " + partition);
    }

    /** Who is not in sync may have other records there than those that count, and is to lose them. */
    private void hold(int index, int id, boolean isInSync, long end, PartitionImage partition) {
        Map<Integer, Held> its = held.computeIfAbsent(index, _ -> new TreeMap<>());
        Held before = its.get(id);
        requireHeld(index, id, before, end, partition);
        if (isInSync) its.put(id, new Held(end, nodes.losses(id)));
    }

    private void requireHeld(int index, int id, @Nullable Held before, long end, Object what) {
        if (before != null && before.losses() == nodes.losses(id) && end < before.endOffset())
            throw new AssertionError("R5: node " + id + " has had " + topic + "-" + index + " to " + before.endOffset()
                    + ", all of it on all in-sync replicas, and has it to " + end + ": " + what);
    }
}
