package io.millrace.client.fetching;

import io.millrace.protocol.Uuid;

/**
 * What a fetch says of one partition.
 *
 * @param topicId {@link Uuid#ZERO} if it is not known
 */
public record WantedPartition(Uuid topicId, long offset, int leaderEpoch, int maxBytes) {}
