package io.millrace.server.partitions;

import io.millrace.protocol.Uuid;

/**
 * Where a log ended that this process has closed while it runs on.
 *
 * @param recoveryPoint its end, all of which was forced
 * @param logStartOffset its first offset
 * @param highWatermark everything below was known to be committed
 * @param topicId whose log it is
 */
public record ClosedLog(long recoveryPoint, long logStartOffset, long highWatermark, Uuid topicId) {}
