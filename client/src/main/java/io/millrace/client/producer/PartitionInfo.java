package io.millrace.client.producer;

/**
 * A partition of a topic.
 *
 * @param hasLeader whether somebody leads it just now
 */
public record PartitionInfo(String topic, int partition, boolean hasLeader) {}
