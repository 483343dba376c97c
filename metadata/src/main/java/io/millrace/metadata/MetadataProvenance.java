package io.millrace.metadata;

/**
 * How much of the metadata log an image contains.
 *
 * @param lastOffset offset of the last record in it, -1 for none
 * @param lastEpoch  leader epoch of that record, -1 for none
 */
public record MetadataProvenance(long lastOffset, int lastEpoch) {
    /** Nothing. */
    public static final MetadataProvenance EMPTY = new MetadataProvenance(-1, -1);
}
