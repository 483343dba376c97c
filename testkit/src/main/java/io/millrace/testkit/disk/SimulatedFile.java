package io.millrace.testkit.disk;

import io.millrace.environment.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** An open file of a {@link SimulatedDisk}, up to the end of the machine's present life. */
final class SimulatedFile implements DiskFile {
    private final SimulatedDisk disk;
    private final Path path;
    private final FileContent content;
    private final boolean isWritable;
    private final int startOfFile;
    private boolean isClosed;

    SimulatedFile(SimulatedDisk disk, Path path, FileContent content, boolean isWritable) {
        this.disk = disk;
        this.path = path;
        this.content = content;
        this.isWritable = isWritable;
        this.startOfFile = disk.startNumber();
    }

    private void begin(DiskOperation operation, long detail) throws IOException {
        if (disk.startNumber() != startOfFile) throw new MachineStopped();
        if (isClosed) throw new IOException(path + " is closed");
        if (!isWritable && (operation == DiskOperation.WRITE || operation == DiskOperation.TRUNCATE))
            throw new IOException(path + " was opened for reading");
        disk.operation(operation, path, detail);
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public long sizeBytes() throws IOException {
        begin(DiskOperation.SIZE, content.sizeBytes());
        return content.sizeBytes();
    }

    @Override
    public int read(long position, ByteBuffer into) throws IOException {
        begin(DiskOperation.READ, position);
        int from = into.position();
        int count = content.read(position, into);
        disk.faults().afterRead(path, into, from);
        return count;
    }

    @Override
    public void write(long position, ByteBuffer from) throws IOException {
        begin(DiskOperation.WRITE, position);
        if (position < 0 || position > content.sizeBytes())
            throw new IOException(path + ": a write at " + position + " of " + content.sizeBytes() + " bytes");
        disk.trace(from.hashCode());
        long moreBytes = Math.max(0, position + from.remaining() - content.sizeBytes());
        if (disk.lacksSpaceFor(moreBytes)) throw DiskFaults.noSpace(path);
        int written = disk.faults().writtenBytes(path, from.remaining(), moreBytes);
        ByteBuffer part = from.slice(from.position(), written);
        if (written > 0) content.write(Math.toIntExact(position), part, disk.wallMs());
        from.position(from.position() + written);
        disk.faults().afterWrite();
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
        begin(DiskOperation.TRUNCATE, sizeBytes);
        if (sizeBytes >= content.sizeBytes()) return;
        content.truncate((int) sizeBytes, disk.wallMs());
        disk.isShorter(path);
    }

    @Override
    public void force() throws IOException {
        begin(DiskOperation.FORCE, content.sizeBytes());
        disk.faults().beforeForce(path, content);
        content.force();
    }

    @Override
    public void close() {
        isClosed = true;
    }
}
