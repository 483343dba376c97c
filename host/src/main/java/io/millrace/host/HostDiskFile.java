package io.millrace.host;

import io.millrace.environment.DiskFile;
import io.millrace.environment.DiskFull;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A file behind a {@link FileChannel}, used only at stated positions. Every failure names the file. */
final class HostDiskFile implements DiskFile {
    /**
     * Most bytes of a heap buffer handed to the channel at once. The JDK copies heap buffers through a direct buffer of
     * the same size that it keeps for the thread, so one large write would pin that much memory for good.
     */
    private static final int MAX_HEAP_CHUNK_BYTES = 128 * 1024;

    private final Path path;
    private final FileChannel channel;

    private final @Nullable PageRecycler recycler;
    private final Runnable whenClosed;
    private final @Nullable WrittenWindow window;

    /** {@code whenClosed} is run once, when the channel is closed. */
    HostDiskFile(Path path, FileChannel channel, @Nullable PageRecycler recycler, Runnable whenClosed) {
        this.path = path;
        this.channel = channel;
        this.recycler = recycler;
        this.whenClosed = whenClosed;
        this.window = recycler == null ? null : new WrittenWindow(path, recycler);
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public long sizeBytes() throws IOException {
        try {
            return channel.size();
        } catch (IOException e) {
            throw failed("cannot tell the size", e);
        }
    }

    @Override
    public int read(long position, ByteBuffer into) throws IOException {
        int start = into.position();
        int end = into.limit();
        try {
            while (into.position() < end) {
                into.limit(chunkEnd(into, end));
                int readBytes = channel.read(into, position + (into.position() - start));
                into.limit(end);
                if (readBytes < 0) break;
            }
        } catch (IOException e) {
            throw failed("cannot read " + (end - start) + " bytes at " + position, e);
        } finally {
            into.limit(end);
        }
        return into.position() - start;
    }

    @Override
    public void write(long position, ByteBuffer from) throws IOException {
        int start = from.position();
        int end = from.limit();
        long startNanos = window == null ? 0 : System.nanoTime();
        try {
            while (from.position() < end) {
                from.limit(chunkEnd(from, end));
                channel.write(from, position + (from.position() - start));
                from.limit(end);
            }
        } catch (IOException e) {
            String what = "cannot write " + (end - start) + " bytes at " + position;
            throw WantOfSpace.isReasonOf(e, path) ? new DiskFull(path, what, e) : failed(what, e);
        } finally {
            from.limit(end);
        }
        if (window != null) window.written(position, end - start, System.nanoTime() - startNanos);
    }

    private static int chunkEnd(ByteBuffer buffer, int end) {
        if (buffer.isDirect() || end - buffer.position() <= MAX_HEAP_CHUNK_BYTES) return end;
        return buffer.position() + MAX_HEAP_CHUNK_BYTES;
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
        try {
            channel.truncate(sizeBytes);
        } catch (IOException e) {
            throw failed("cannot truncate to " + sizeBytes + " bytes", e);
        }
    }

    @Override
    public void force() throws IOException {
        try {
            channel.force(true);
        } catch (IOException e) {
            throw failed("cannot force to stable storage", e);
        }
    }

    @Override
    public void close() throws IOException {
        if (window != null) window.ended();
        if (!channel.isOpen()) return;
        whenClosed.run();
        try {
            channel.close();
        } catch (IOException e) {
            throw failed("cannot close", e);
        }
    }

    /**
     * Hands bytes of the file to a socket inside the kernel.
     *
     * @return bytes taken; 0 when the socket is full
     * @throws EOFException if the file ends before {@code position}
     */
    long transferTo(long position, long byteCount, WritableByteChannel target) throws IOException {
        long takenBytes = channel.transferTo(position, byteCount, target);
        if (takenBytes == 0 && position >= channel.size()) {
            throw new EOFException(path + ": the file ends at " + channel.size() + ", wanted bytes from " + position);
        }
        if (recycler != null) tellRead(recycler, position, takenBytes);
        return takenBytes;
    }

    private void tellRead(PageRecycler told, long position, long byteCount) {
        long window = PageRecycler.windowOf(position + byteCount);
        if (position == 0 || window != PageRecycler.windowOf(position)) told.read(path, window);
    }

    private IOException failed(String what, IOException cause) {
        String why = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return new IOException(path + ": " + what + ": " + why, cause);
    }
}
