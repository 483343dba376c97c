package io.millrace.client.fetching.run;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;

/**
 * What a leader said about a partition's offset at some time.
 *
 * @param error {@link ErrorCode#NONE} if it said anything
 * @param offset -1 if there is no record that young
 * @param timestamp of the record in milliseconds since 1970; -1 if none was asked for or found
 * @param leaderEpoch of the record; -1 if it is not known
 */
public record FoundOffset(TopicPartition partition, ErrorCode error, long offset, long timestamp, int leaderEpoch) {}
