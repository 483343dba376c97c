package io.millrace.coordinators.shard;

/**
 * The time, in the two kinds a coordinator needs.
 *
 * @param nowMs monotonic milliseconds: deadlines and durations
 * @param wallMs milliseconds since 1970: commit time stamps, expiry of offsets, batch time stamps
 */
public record Moment(long nowMs, long wallMs) {}
