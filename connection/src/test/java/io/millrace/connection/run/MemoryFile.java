package io.millrace.connection.run;

import io.millrace.environment.DiskFile;
import io.millrace.protocol.RecordsPayload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A file in memory, to be sent. */
final class MemoryFile implements DiskFile {
    private final byte[] content;

    MemoryFile(byte[] content) {
        this.content = content;
    }

    byte[] content() {
        return content;
    }

    /** A range of it, as the records of a response. */
    record Range(MemoryFile file, int position, int sizeBytes) implements RecordsPayload {}

    /** Finds the ranges. */
    static final PayloadFiles FILES = payload -> {
        if (payload instanceof Range(MemoryFile file, int position, int sizeBytes)) {
            return new FileRange(file, position, sizeBytes);
        }
        throw new IllegalArgumentException("not a range: " + payload);
    };

    @Override
    public Path path() {
        return Path.of("memory");
    }

    @Override
    public long sizeBytes() {
        return content.length;
    }

    @Override
    public int read(long position, ByteBuffer into) throws IOException {
        int count = (int) Math.max(0, Math.min(into.remaining(), content.length - position));
        into.put(content, (int) position, count);
        return count;
    }

    @Override
    public void write(long position, ByteBuffer from) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void truncate(long sizeBytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void force() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
