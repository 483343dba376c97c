package io.millrace.storage;

import io.millrace.environment.DiskFile;
import io.millrace.records.BatchHeader;
import io.millrace.records.LegacyBatch;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Looks at the headers of the batches in a range for old formats; reads no more of the file than it has to. */
final class FormatScan {
    static final int IO_BYTES = 64 << 10;

    /** Offset, size and what lies before the magic byte, and that. */
    private static final int SEEN_BYTES = 17;

    private static final int WINDOW_BYTES = 4 << 10;

    private FormatScan() {}

    /**
     * Where the first batch of an old format begins; or, as {@code ~position}, where the first batch begins that was not looked at,
     * with none of an old format before it. A range that begins with damage has none either: whoever reads it finds that out.
     */
    static long firstOldBatch(FileRecords range) throws IOException {
        DiskFile file = range.file();
        ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES).limit(0);
        long windowPosition = range.position();
        long end = range.position() + range.sizeBytes();
        long position = range.position();
        // The last batch may reach beyond the range; it is in the file all the same.
        while (position < end) {
            if (position + SEEN_BYTES > windowPosition + window.limit()) {
                window.clear();
                if (file.read(position, window) < SEEN_BYTES) break;
                window.flip();
                windowPosition = position;
            }
            int at = (int) (position - windowPosition);
            if (LegacyBatch.isLegacy(window, at)) return position;
            int sizeBytes = BatchHeader.sizeBytes(window, at);
            if (sizeBytes < BatchHeader.HEADER_BYTES) break;
            position += sizeBytes;
        }
        return ~position;
    }
}
