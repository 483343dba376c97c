package io.millrace.replication;

import io.millrace.protocol.Uuid;

/**
 * A partition as fetches name it (KIP-516). From the wire it may be any.
 *
 * @param topicId   of the topic, which no later topic of the same name shares
 * @param partition its number
 */
public record PartitionId(Uuid topicId, int partition) {}
