package io.millrace.coordinators.group.offsets;

import io.millrace.protocol.Uuid;

/**
 * What a group has committed for one partition.
 *
 * @param offset the next offset to consume
 * @param leaderEpoch of the last record consumed; -1 where the client did not say
 * @param metadata the client's own words; never null
 * @param commitTimestampMs wall-clock time of the commit
 * @param expireTimestampMs wall-clock time at which it expires, from clients that said so (OffsetCommit up to v4); -1 for
 *     the broker's retention
 * @param topicId {@link Uuid#ZERO} where it was not known
 */
public record CommittedOffset(
        long offset, int leaderEpoch, String metadata, long commitTimestampMs, long expireTimestampMs, Uuid topicId) {}
