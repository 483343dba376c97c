package io.millrace.client;

/**
 * A group there is.
 *
 * @param type {@code classic}, {@code consumer}, {@code share} or {@code streams}; empty where the cluster is too old to tell
 * @param protocolType {@code consumer} for groups of consumers; empty for a simple group, which only commits offsets
 * @param state as Kafka names it, such as {@code Stable}; empty where the cluster is too old to tell
 */
public record GroupListing(String groupId, String type, String protocolType, String state) {}
