package io.millrace.client;

/**
 * What a group has committed for a partition.
 *
 * @param offset the next one to be read, at least 0
 * @param leaderEpoch of the last record read, -1 if the member did not say
 * @param metadata whatever the member added
 */
public record CommittedOffset(long offset, int leaderEpoch, String metadata) {}
