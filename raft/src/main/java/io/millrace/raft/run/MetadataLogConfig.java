package io.millrace.raft.run;

/**
 * Sizes and times of the metadata log.
 *
 * @param segmentBytes {@code metadata.log.segment.bytes}: a segment is rolled before it gets larger
 * @param segmentMs {@code metadata.log.segment.ms}: a segment is rolled when it gets older
 * @param retentionBytes {@code metadata.max.retention.bytes}: log and snapshots together may have this many bytes before
 *     old snapshots, and the log before the oldest that stays, are deleted; below 0 without limit
 * @param retentionMs {@code metadata.max.retention.ms}: a snapshot this old is deleted if there is a later one; below 0
 *     without limit
 * @param maxBatchBytes largest batch that is appended; Kafka's is 8 MiB
 */
public record MetadataLogConfig(
        int segmentBytes, long segmentMs, long retentionBytes, long retentionMs, int maxBatchBytes) {
    /** Kafka's defaults. */
    public static final MetadataLogConfig DEFAULT =
            new MetadataLogConfig(1 << 30, 604_800_000L, 104_857_600L, 604_800_000L, 8 << 20);

    /** Checks the sizes. */
    public MetadataLogConfig {
        if (maxBatchBytes < 1024) throw new IllegalArgumentException("metadata batches of " + maxBatchBytes + " bytes");
        if (segmentBytes < maxBatchBytes) {
            throw new IllegalArgumentException("metadata.log.segment.bytes is " + segmentBytes
                    + ", less than one batch of " + maxBatchBytes + " bytes");
        }
    }
}
