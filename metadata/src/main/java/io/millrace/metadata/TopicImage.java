package io.millrace.metadata;

import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.TopicRecord;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One topic and its partitions, found by number. Immutable. */
public final class TopicImage {
    private final String name;
    private final Uuid id;
    private final @Nullable PartitionImage[] partitions;
    private final int partitionCount;

    /** Takes the array over. */
    TopicImage(String name, Uuid id, @Nullable PartitionImage[] partitions) {
        this.name = name;
        this.id = id;
        this.partitions = partitions;
        int count = 0;
        for (PartitionImage partition : partitions) if (partition != null) count++;
        this.partitionCount = count;
    }

    /** The topic's name. */
    public String name() {
        return name;
    }

    /** The topic's id, given at its creation and never again. */
    public Uuid id() {
        return id;
    }

    /** How many partitions there are. */
    public int partitionCount() {
        return partitionCount;
    }

    /** The partition of this number, or null. Allocates nothing. */
    public @Nullable PartitionImage partition(int partition) {
        return partition < 0 || partition >= partitions.length ? null : partitions[partition];
    }

    /** What a loop over partitions calls. */
    @FunctionalInterface
    public interface PartitionVisitor {
        /** One partition and its number. */
        void visit(int partitionId, PartitionImage partition);
    }

    /** Shows every partition, in order of number. */
    public void forEachPartition(PartitionVisitor visitor) {
        for (int i = 0; i < partitions.length; i++) {
            PartitionImage partition = partitions[i];
            if (partition != null) visitor.visit(i, partition);
        }
    }

    /** A copy of the partitions for a delta to work on. */
    @Nullable
    PartitionImage[] copyOfPartitions() {
        return partitions.clone();
    }

    void writeTo(Consumer<VersionedRecord> out, MetadataVersion metadataVersion) {
        out.accept(
                VersionedRecord.v0(TopicRecord.builder().name(name).topicId(id).build()));
        forEachPartition((number, partition) -> out.accept(partition.toRecord(id, number, metadataVersion)));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TopicImage that
                && name.equals(that.name)
                && id.equals(that.id)
                && Arrays.equals(partitions, that.partitions);
    }

    @Override
    public int hashCode() {
        return id.hashCode();
    }

    @Override
    public String toString() {
        return name + "(" + id + ", " + partitionCount + " partitions)";
    }
}
