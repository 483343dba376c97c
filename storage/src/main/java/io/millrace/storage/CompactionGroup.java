package io.millrace.storage;

import java.util.ArrayList;
import java.util.List;

/** Segments in a row that become one. */
record CompactionGroup(List<Source> sources) {
    private static final int LARGEST_INDEX_ENTRY_BYTES = TimeIndex.ENTRY_BYTES;

    /**
     * A segment to be compacted, as it was when the compaction began.
     *
     * @param segment    belongs to the log's lane; here only to recognise it
     * @param nextOffset where the next segment begins
     */
    record Source(Segment segment, long baseOffset, int sizeBytes, long nextOffset) {}

    long baseOffset() {
        return sources.getFirst().baseOffset();
    }

    long nextOffset() {
        return sources.getLast().nextOffset();
    }

    /** Puts segments together as long as the result surely fits a segment and its indexes. */
    static List<CompactionGroup> of(List<Source> sources, LogConfig config) {
        List<CompactionGroup> groups = new ArrayList<>();
        List<Source> group = new ArrayList<>();
        long groupBytes = 0;
        for (Source source : sources) {
            long together = groupBytes + source.sizeBytes();
            boolean fits = together <= config.segmentBytes()
                    && (together / Math.max(1, config.indexIntervalBytes()) + 2) * LARGEST_INDEX_ENTRY_BYTES
                            <= config.segmentIndexBytes()
                    && (group.isEmpty()
                            || source.nextOffset() - 1 - group.getFirst().baseOffset() <= Integer.MAX_VALUE);
            if (!fits && !group.isEmpty()) {
                groups.add(new CompactionGroup(List.copyOf(group)));
                group.clear();
                together = source.sizeBytes();
            }
            group.add(source);
            groupBytes = together;
        }
        if (!group.isEmpty()) groups.add(new CompactionGroup(List.copyOf(group)));
        return groups;
    }
}
