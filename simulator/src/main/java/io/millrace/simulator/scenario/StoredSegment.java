package io.millrace.simulator.scenario;

import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.testkit.disk.StoredFile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which whole batches a file of a log, or a snapshot, begins with. Looked into from the beginning once, then only behind what is known,
 * as long as the file has done nothing but grow.
 */
final class StoredSegment {
    private static final int FIRST_CAPACITY = 16;

    private long rewriteCount = -1;
    private int[] positions = new int[FIRST_CAPACITY];
    private long[] lastOffsets = new long[FIRST_CAPACITY];
    private int count;
    private int endPosition;
    private final List<Integer> control = new ArrayList<>();

    /** Takes in what the file holds now; the same one each time. */
    void look(StoredFile file) {
        if (file.rewriteCount() != rewriteCount) {
            rewriteCount = file.rewriteCount();
            count = 0;
            endPosition = 0;
            control.clear();
        }
        ByteBuffer bytes = file.bytes();
        while (isWhole(bytes, endPosition)) {
            add(endPosition, BatchHeader.lastOffset(bytes, endPosition));
            if (BatchHeader.isControl(bytes, endPosition)) control.add(endPosition);
            endPosition += BatchHeader.sizeBytes(bytes, endPosition);
        }
    }

    private static boolean isWhole(ByteBuffer bytes, int at) {
        return bytes.limit() - at >= BatchHeader.HEADER_BYTES
                && BatchHeader.check(bytes, at) instanceof BatchCheck.Whole;
    }

    private void add(int position, long lastOffset) {
        if (count == positions.length) {
            positions = Arrays.copyOf(positions, 2 * count);
            lastOffsets = Arrays.copyOf(lastOffsets, 2 * count);
        }
        positions[count] = position;
        lastOffsets[count++] = lastOffset;
    }

    /** The offset of the last record; {@code otherwise} if there is none. */
    long lastOffset(long otherwise) {
        return count == 0 ? otherwise : lastOffsets[count - 1];
    }

    /** Where the batches without data are. */
    List<Integer> control() {
        return control;
    }

    /** The first batch that reaches to an offset; null if there is none, or it begins behind it. */
    @Nullable
    ByteBuffer batchWith(ByteBuffer bytes, long offset) {
        for (int i = 0; i < count; i++) {
            if (lastOffsets[i] < offset) continue;
            if (BatchHeader.baseOffset(bytes, positions[i]) > offset) return null;
            return bytes.slice(positions[i], BatchHeader.sizeBytes(bytes, positions[i]));
        }
        return null;
    }
}
