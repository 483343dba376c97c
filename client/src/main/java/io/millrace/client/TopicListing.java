package io.millrace.client;

import io.millrace.protocol.Uuid;

/**
 * A topic there is.
 *
 * @param id {@link Uuid#ZERO} where the cluster is too old to have topic ids
 * @param isInternal whether it is the cluster's own, such as {@code __consumer_offsets}
 */
public record TopicListing(String name, Uuid id, boolean isInternal, int partitionCount) {}
