package io.millrace.storage;

/**
 * What of a log may be compacted now.
 *
 * @param firstDirtyOffset below it the log is compacted already
 * @param untilOffset      the first offset that is not to be touched: the active segment, what is not committed or decided or
 *                         forced, and what is younger than {@code min.compaction.lag.ms}
 * @param cleanBytes       of segments that are compacted already
 * @param dirtyBytes       of segments that hold something between the two offsets
 * @param isOverdue        whether {@code max.compaction.lag.ms} has passed for some of it (KIP-354)
 */
public record CompactionRange(
        long firstDirtyOffset, long untilOffset, long cleanBytes, long dirtyBytes, boolean isOverdue) {
    /** The share of dirty bytes in all of them, 0 to 1. */
    public double dirtyRatio() {
        return dirtyBytes == 0 ? 0 : (double) dirtyBytes / (cleanBytes + dirtyBytes);
    }

    /** Whether it is worth it: more than {@code min.cleanable.dirty.ratio} is dirty, or some of it overdue. */
    public boolean isDue(double minDirtyRatio) {
        return dirtyBytes > 0 && (isOverdue || dirtyRatio() > minDirtyRatio);
    }
}
