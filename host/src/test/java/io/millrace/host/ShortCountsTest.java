package io.millrace.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A kernel may take, or give, fewer bytes than it was asked to. */
class ShortCountsTest {
    @TempDir
    Path directory;

    @Test
    void whatTheKernelTakesAndGivesInPiecesIsWrittenAndReadWhole() {
        Property.check(40, random -> {
            Path path = directory.resolve(random.word(12));
            byte[] bytes = random.bytes(1 + random.nextInt(5_000));
            try (HostDiskFile file = new HostDiskFile(path, new Dribble(path, random), null, () -> {})) {
                ByteBuffer from = ByteBuffer.wrap(bytes);
                file.write(0, from);
                assertFalse(from.hasRemaining());
                ByteBuffer into = ByteBuffer.allocate(bytes.length + 10);
                assertEquals(bytes.length, file.read(0, into));
                assertArrayEquals(bytes, Arrays.copyOf(into.array(), bytes.length));
            }
        });
    }

    /** A channel that moves at most some of the bytes it is asked for. */
    private static final class Dribble extends FileChannel {
        private final FileChannel file;
        private final SeededRandom random;

        Dribble(Path path, SeededRandom random) throws IOException {
            this.file = FileChannel.open(
                    path, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
            this.random = random;
        }

        private ByteBuffer some(ByteBuffer of) {
            return of.slice(of.position(), of.remaining() == 0 ? 0 : random.nextInt(of.remaining() + 1));
        }

        @Override
        public int read(ByteBuffer into, long position) throws IOException {
            ByteBuffer some = some(into);
            int count = some.hasRemaining() || position >= file.size() ? file.read(some, position) : 0;
            if (position >= file.size()) return -1;
            into.position(into.position() + Math.max(0, count));
            return count;
        }

        @Override
        public int write(ByteBuffer from, long position) throws IOException {
            int count = file.write(some(from), position);
            from.position(from.position() + count);
            return count;
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        protected void implCloseChannel() throws IOException {
            file.close();
        }

        @Override
        public int read(ByteBuffer into) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long read(ByteBuffer[] into, int offset, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int write(ByteBuffer from) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long write(ByteBuffer[] from, int offset, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long position() {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileChannel position(long newPosition) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileChannel truncate(long size) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void force(boolean metaData) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long transferTo(long position, long count, WritableByteChannel target) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long transferFrom(ReadableByteChannel source, long position, long count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public MappedByteBuffer map(MapMode mode, long position, long size) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileLock lock(long position, long size, boolean shared) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileLock tryLock(long position, long size, boolean shared) {
            throw new UnsupportedOperationException();
        }
    }
}
