package io.millrace.server.storage;

/**
 * What a lane's compactions have done since the process started, and how its logs stand.
 *
 * @param runs compactions that came to their end
 * @param failed those that set their log aside
 * @param bytesRead of segments, both passes counted
 * @param bytesWritten of segments
 * @param recordsRead records looked at in the second pass
 * @param recordsKept those of them that stayed
 * @param running compactions under way
 * @param setAside logs that cannot be compacted
 * @param setAsideBytes their size
 * @param largestDirtyRatio of the logs that are compacted, 0 to 1
 */
public record CompactionNumbers(
        long runs,
        long failed,
        long bytesRead,
        long bytesWritten,
        long recordsRead,
        long recordsKept,
        long running,
        long setAside,
        long setAsideBytes,
        double largestDirtyRatio) {}
