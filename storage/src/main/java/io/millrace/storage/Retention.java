package io.millrace.storage;

import java.io.IOException;

/** Decides how many of a log's oldest segments are no longer kept. */
final class Retention {
    private Retention() {}

    /** Segments from the oldest on that are due, in an unbroken row; all of them if the active one is due as well. */
    static int dueCount(
            Segments segments,
            LogConfig config,
            long logStartOffset,
            long logEndOffset,
            long highWatermark,
            long wallMs)
            throws IOException {
        long excessBytes = config.isDeleting() && config.retentionBytes() >= 0
                ? segments.sizeBytes() - config.retentionBytes()
                : 0;
        int due = 0;
        while (due < segments.count()) {
            Segment segment = segments.at(due);
            boolean isActive = due == segments.count() - 1;
            long endOffset = isActive ? logEndOffset : segments.at(due + 1).baseOffset();
            if (isActive && segment.sizeBytes() == 0) break;
            if (endOffset > highWatermark) break;
            boolean isBelowStart = !isActive && endOffset <= logStartOffset;
            boolean isTooMuch = excessBytes > 0 && excessBytes - segment.sizeBytes() >= 0;
            if (!isBelowStart && !isTooMuch && !isTooOld(segment, config, wallMs)) break;
            excessBytes -= segment.sizeBytes();
            due++;
        }
        return due;
    }

    private static boolean isTooOld(Segment segment, LogConfig config, long wallMs) throws IOException {
        return config.isDeleting()
                && config.retentionMs() >= 0
                && wallMs - segment.retentionTimestamp() > config.retentionMs();
    }
}
