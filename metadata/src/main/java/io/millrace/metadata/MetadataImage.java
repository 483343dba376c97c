package io.millrace.metadata;

import io.millrace.protocol.messages.ProducerIdsRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Everything the cluster agreed on, up to some offset of the metadata log. Immutable, so it is handed to every lane as it is.
 *
 * <p>Cost of a change: proportional to what changed, times a few copied nodes of the maps; one copy of a topic's partition array for each changed topic in a
 * batch. Looking up a topic or partition allocates nothing.
 *
 * @param provenance   how far the log has been read
 * @param features     agreed levels
 * @param cluster      nodes
 * @param topics       topics and partitions
 * @param configs      properties set at run time
 * @param clientQuotas quotas
 * @param nextProducerId the first producer id that has not been given out
 * @param security     ACLs, SCRAM credentials, delegation tokens
 */
public record MetadataImage(
        MetadataProvenance provenance,
        FeaturesImage features,
        ClusterImage cluster,
        TopicsImage topics,
        ConfigsImage configs,
        ClientQuotasImage clientQuotas,
        long nextProducerId,
        SecurityImage security) {
    /** What is known before the first record. */
    public static final MetadataImage EMPTY = new MetadataImage(
            MetadataProvenance.EMPTY,
            FeaturesImage.EMPTY,
            ClusterImage.EMPTY,
            TopicsImage.EMPTY,
            ConfigsImage.EMPTY,
            ClientQuotasImage.EMPTY,
            0,
            SecurityImage.EMPTY);

    /**
     * The image after more records.
     *
     * @param records in the order of the log, transactions already resolved (see {@link TransactionBuffer})
     * @throws IllegalStateException if a record speaks of something that is not there: the log or this code is wrong
     */
    public MetadataImage apply(List<VersionedRecord> records, MetadataProvenance newProvenance) {
        MetadataDelta delta = new MetadataDelta(this);
        for (VersionedRecord record : records) delta.replay(record.message());
        return delta.apply(newProvenance);
    }

    /** Writes the records from which this image can be made again, always in the same order. */
    public void writeTo(Consumer<VersionedRecord> out) {
        MetadataVersion metadataVersion = features.metadataVersion();
        features.writeTo(out);
        cluster.writeTo(out, metadataVersion);
        topics.writeTo(out, metadataVersion);
        configs.writeTo(out);
        clientQuotas.writeTo(out);
        if (nextProducerId > 0)
            out.accept(VersionedRecord.v0(ProducerIdsRecord.builder()
                    .brokerId(-1)
                    .nextProducerId(nextProducerId)
                    .build()));
        security.writeTo(out);
    }

    /** What {@link #writeTo} writes, as a list: the content of a snapshot. */
    public List<VersionedRecord> records() {
        List<VersionedRecord> records = new ArrayList<>();
        writeTo(records::add);
        return records;
    }
}
