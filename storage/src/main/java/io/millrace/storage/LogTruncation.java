package io.millrace.storage;

import java.io.IOException;

/** Cuts the end off a log, from the last segment backwards, so that a crash in between leaves an unbroken log. */
final class LogTruncation {
    private LogTruncation() {}

    /**
     * Removes every batch that holds this offset or a later one.
     *
     * @return the new log end offset
     */
    static long cut(LogFolder folder, Segments segments, long offset) throws IOException {
        int last = segments.floorIndex(offset);
        removeFrom(folder, segments, last + 1);
        Segment segment = segments.active();
        Segment.Place place = segment.find(offset);
        if (place == null) return offset;
        long firstOffset = segment.firstOffset(place);
        segment.truncate(firstOffset, place.position());
        segment.force();
        // Compaction may have left nothing between the offset and that batch.
        return Math.max(Math.min(firstOffset, offset), segment.baseOffset());
    }

    /** Removes whole segments from an index on. */
    static void removeFrom(LogFolder folder, Segments segments, int from) throws IOException {
        if (from == segments.count()) return;
        for (Segment segment : segments.remove(from, segments.count()).reversed()) SegmentFiles.delete(folder, segment);
        folder.disk().forceDirectory(folder.directory());
    }
}
