package io.millrace.simulator.scenario;

import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.testkit.disk.SimulatedDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A log as it lies on a disk, looked at from outside, whatever state its machine is in. */
final class StoredLog {
    private static final String SUFFIX = ".log";
    private static final Path LOG_DIRECTORY = Path.of("/data");

    private final SimulatedDisk disk;
    private final List<Path> segments;

    /** @param name of the directory within the log directory, such as {@code orders-0} */
    StoredLog(SimulatedDisk disk, String name) {
        this.disk = disk;
        this.segments = disk.filesIn(LOG_DIRECTORY.resolve(name)).stream()
                .filter(file -> file.getFileName().toString().endsWith(SUFFIX))
                .toList();
    }

    /** The batch that holds an offset; null if there is none. */
    @Nullable
    ByteBuffer batchWith(long offset) {
        for (Path segment : segments.reversed()) {
            if (baseOffset(segment) > offset) continue;
            ByteBuffer batches = ByteBuffer.wrap(disk.content(segment));
            for (int at = 0; isWhole(batches, at); at += BatchHeader.sizeBytes(batches, at))
                if (BatchHeader.lastOffset(batches, at) >= offset)
                    return BatchHeader.baseOffset(batches, at) > offset
                            ? null
                            : batches.slice(at, BatchHeader.sizeBytes(batches, at));
            return null;
        }
        return null;
    }

    /** The offset after the last whole batch, 0 if there is nothing at all. */
    long endOffset() {
        if (segments.isEmpty()) return 0;
        Path last = segments.getLast();
        long end = baseOffset(last);
        ByteBuffer batches = ByteBuffer.wrap(disk.content(last));
        for (int at = 0; isWhole(batches, at); at += BatchHeader.sizeBytes(batches, at))
            end = BatchHeader.lastOffset(batches, at) + 1;
        return end;
    }

    private static boolean isWhole(ByteBuffer batches, int at) {
        return batches.limit() - at >= BatchHeader.HEADER_BYTES
                && BatchHeader.check(batches, at) instanceof BatchCheck.Whole;
    }

    private static long baseOffset(Path segment) {
        String name = segment.getFileName().toString();
        return Long.parseLong(name.substring(0, name.length() - SUFFIX.length()));
    }
}
