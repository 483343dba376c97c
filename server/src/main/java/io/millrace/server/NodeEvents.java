package io.millrace.server;

import io.millrace.metadata.MetadataImage;

/** What whoever started a node is told, on one of its lanes: the first two things have to be acted on, the others are for looking on. */
public interface NodeEvents {
    /** It serves. */
    void ready(Ready ready);

    /** It cannot go on, now or ever: the process should end. */
    void failed(Exception why);

    /** It has read committed metadata records, or a snapshot of them, and this is what they say; on the metadata lane. */
    default void metadataRead(MetadataImage image) {}

    /** It is the active controller in that epoch of the quorum; on the metadata lane. */
    default void leadsQuorum(int epoch) {}

    /** It leads the quorum no more, if it did; on the metadata lane. */
    default void resignsQuorum() {}
}
