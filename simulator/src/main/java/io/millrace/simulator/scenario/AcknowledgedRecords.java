package io.millrace.simulator.scenario;

import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.records.BatchHeader;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.RecordIterator;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Looks into the nodes' disks whenever a producer is told that its records are written: all replicas that are in sync by what is committed
 * of the metadata have them, whoever leads meanwhile, whoever is down (R1, R4, R8). So what is lost later was there, and what was never there
 * is told at once. Whoever becomes in-sync has all that was acknowledged before (R7).
 */
final class AcknowledgedRecords {
    private final ClusterNodes nodes;
    private final MetadataHistory metadata;
    private final String topic;
    private final Map<Integer, Long> ends = new TreeMap<>();

    AcknowledgedRecords(ClusterNodes nodes, MetadataHistory metadata, String topic) {
        this.nodes = nodes;
        this.metadata = metadata;
        this.topic = topic;
        metadata.whenJoined(this::joined);
    }

    private void joined(String name, int index, int id) {
        if (!name.equals(topic) || nodes.mayLack(id)) return;
        long acknowledged = ends.getOrDefault(index, 0L);
        long has = nodes.log(id, name + "-" + index).endOffset();
        if (has < acknowledged)
            throw new AssertionError("R7: node " + id + " becomes in-sync of " + name + "-" + index + " and has it to "
                    + has + ", of " + acknowledged + " records that are acknowledged");
    }

    /** A producer is told that these records were written from that offset on. */
    void acknowledged(int index, long baseOffset, List<String> values) {
        TopicImage image = metadata.newest().topics().topic(topic);
        PartitionImage partition = image == null ? null : image.partition(index);
        if (partition == null) throw new AssertionError("R1: " + topic + "-" + index + " is not there any more");
        ends.merge(index, baseOffset + values.size(), Math::max);
        String name = topic + "-" + index;
        for (int id : partition.isr()) {
            if (nodes.mayLack(id)) continue;
            ByteBuffer batch = nodes.log(id, name).batchWith(baseOffset);
            if (batch == null)
                throw new AssertionError("R1: records of " + name + " are acknowledged at " + baseOffset
                        + " and are not on node " + id + ", which is in sync: " + partition);
            if (BatchHeader.baseOffset(batch, 0) != baseOffset
                    || !valuesOf(batch).equals(values))
                throw new AssertionError("R2: what is acknowledged at " + baseOffset + " of " + name
                        + " is something else on node " + id + ", which is in sync: " + partition);
        }
    }

    /** The values of a batch, in their order. */
    static List<String> valuesOf(ByteBuffer batch) {
        List<String> values = new ArrayList<>();
        RecordIterator records = new RecordIterator(batch, 0, DecompressionLimit.DEFAULT);
        while (records.hasNext())
            values.add(StandardCharsets.UTF_8
                    .decode(Objects.requireNonNull(records.next().value()).duplicate())
                    .toString());
        return values;
    }
}
