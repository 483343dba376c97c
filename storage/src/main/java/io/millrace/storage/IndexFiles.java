package io.millrace.storage;

import io.millrace.environment.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Reads index files as a whole. */
final class IndexFiles {
    /** More than any index Kafka makes: {@code segment.index.bytes} is an int and 10 MiB by default. */
    private static final int MAX_BYTES = 1 << 30;

    private IndexFiles() {}

    static ByteBuffer readWhole(Disk disk, Path file, int entryBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(disk.readAll(file, MAX_BYTES));
        int extra = bytes.remaining() % entryBytes;
        if (extra != 0)
            throw new CorruptLog(
                    file,
                    bytes.remaining() - extra,
                    bytes.remaining() + " bytes are not a whole number of entries of " + entryBytes);
        return bytes;
    }
}
