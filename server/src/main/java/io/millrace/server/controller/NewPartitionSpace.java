package io.millrace.server.controller;

import java.util.Optional;

/** Says whether there is room for new partitions; any thread may ask. */
public interface NewPartitionSpace {
    /** Of a node that nobody watches. */
    NewPartitionSpace UNWATCHED = Optional::empty;

    /** Why none can be made for clients now, as a sentence; nothing if they can. */
    Optional<String> whyNoNewPartitions();
}
