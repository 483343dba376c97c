package io.millrace.storage;

/**
 * A record found by time.
 *
 * @param timestamp   its time stamp, in milliseconds since the epoch
 * @param offset      its offset
 * @param leaderEpoch epoch of the leader that wrote it, or -1 if unknown
 */
public record TimestampOffset(long timestamp, long offset, int leaderEpoch) {}
