package io.millrace.storage;

import java.util.ArrayList;
import java.util.List;

/** The segments of a log by base offset. There is always a last one, the active segment. */
final class Segments {
    private final ArrayList<Segment> byBaseOffset = new ArrayList<>(1);

    void add(Segment segment) {
        if (!byBaseOffset.isEmpty() && segment.baseOffset() <= active().baseOffset())
            throw new IllegalStateException(
                    "segment " + segment.baseOffset() + " does not follow segment " + active().baseOffset());
        byBaseOffset.add(segment);
    }

    Segment active() {
        return byBaseOffset.getLast();
    }

    Segment first() {
        return byBaseOffset.getFirst();
    }

    int count() {
        return byBaseOffset.size();
    }

    Segment at(int index) {
        return byBaseOffset.get(index);
    }

    boolean isEmpty() {
        return byBaseOffset.isEmpty();
    }

    /** Index of the segment that holds an offset, or of the first one if the offset is before all. */
    int floorIndex(long offset) {
        int low = 0;
        int high = byBaseOffset.size();
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (byBaseOffset.get(middle).baseOffset() <= offset) low = middle;
            else high = middle;
        }
        return low;
    }

    /** Takes segments {@code [from, until)} out and returns them, oldest first. */
    List<Segment> remove(int from, int until) {
        List<Segment> range = byBaseOffset.subList(from, until);
        List<Segment> removed = List.copyOf(range);
        range.clear();
        return removed;
    }

    /** Puts one segment in the place of {@code [from, until)}, of which the last one is not the active segment. */
    void replace(int from, int until, Segment with) {
        List<Segment> range = byBaseOffset.subList(from, until);
        range.clear();
        byBaseOffset.add(from, with);
    }

    List<Segment> all() {
        return byBaseOffset;
    }

    long sizeBytes() {
        long sum = 0;
        for (Segment segment : byBaseOffset) sum += segment.sizeBytes();
        return sum;
    }
}
