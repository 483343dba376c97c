package io.millrace.storage;

import io.millrace.environment.DiskFile;
import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.records.LegacyBatch;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads the batches of a range, the last one to its end, and looks for old formats and for damage: each is checked with its CRC. */
final class FormatScan {
    static final int IO_BYTES = 64 << 10;

    private FormatScan() {}

    /**
     * Where the first batch begins that cannot be sent as it is, because it is of an old format or damaged; or, as
     * {@code ~position}, up to where all of them can.
     */
    static long firstUnsound(FileRecords range) throws IOException {
        DiskFile file = range.file();
        long fileBytes = file.sizeBytes();
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(IO_BYTES, Math.max(fileBytes, BatchHeader.HEADER_BYTES)));
        chunk.limit(0);
        long chunkPosition = range.position();
        long end = range.position() + range.sizeBytes();
        long position = range.position();
        while (position < end) {
            int at = (int) (position - chunkPosition);
            long wanted = IO_BYTES;
            if (at < chunk.limit()) {
                switch (StoredBatch.check(chunk, at)) {
                    case BatchCheck.Whole(int sizeBytes) -> {
                        if (LegacyBatch.isLegacy(chunk, at)) return position;
                        position += sizeBytes;
                        continue;
                    }
                    case BatchCheck.Corrupt ignored -> {
                        return position;
                    }
                    case BatchCheck.Torn(int missing) -> {
                        long needed = (long) chunk.limit() - at + missing;
                        if (position + needed > fileBytes) return position;
                        wanted = Math.max(wanted, needed);
                    }
                }
            }
            if (position >= fileBytes) break; // It was cut meanwhile; whoever sends it meets its end.
            int bytes = (int) Math.min(wanted, fileBytes - position);
            if (chunk.capacity() < bytes) chunk = ByteBuffer.allocate(bytes);
            chunk.clear().limit(bytes);
            if (file.read(position, chunk) < bytes) break;
            chunk.flip();
            chunkPosition = position;
        }
        return ~position;
    }
}
