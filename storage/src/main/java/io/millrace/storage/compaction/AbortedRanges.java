package io.millrace.storage.compaction;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** Which stretches of which producers were aborted. */
public final class AbortedRanges {
    private final Map<Long, TreeMap<Long, Long>> byProducer = new HashMap<>();

    /** Notes a transaction of a producer, from its first offset to its marker. */
    public void add(long producerId, long firstOffset, long lastOffset) {
        byProducer.computeIfAbsent(producerId, id -> new TreeMap<>()).merge(firstOffset, lastOffset, Math::max);
    }

    /** Whether a transactional batch of a producer at this offset was aborted. */
    public boolean contains(long producerId, long baseOffset) {
        TreeMap<Long, Long> ranges = byProducer.get(producerId);
        if (ranges == null) return false;
        Map.Entry<Long, Long> range = ranges.floorEntry(baseOffset);
        return range != null && baseOffset <= range.getValue();
    }
}
