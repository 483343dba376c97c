package io.millrace.storage;

import io.millrace.environment.DiskFile;
import io.millrace.protocol.RecordsPayload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Whole or cut batches as a range of a segment file, ready for a zero-copy send.
 *
 * <p>The file stays open until {@link #release}, whatever the log does meanwhile: roll, close its idle files, rename the
 * segment to {@code .deleted} or delete it. Whoever got the range calls {@code release} once, from any thread, when the
 * bytes are sent or given up. A truncation on a follower can shorten the file under a range; a sender that meets the end
 * of the file early drops its connection.
 */
public final class FileRecords implements RecordsPayload {
    private static final AtomicBoolean RELEASED = new AtomicBoolean(true);

    private final @Nullable SharedFile shared;
    private final long position;
    private final int sizeBytes;
    private final AtomicBoolean released;
    private final @Nullable FormatKnowledge unlooked;

    private FileRecords(
            @Nullable SharedFile shared,
            long position,
            int sizeBytes,
            AtomicBoolean released,
            @Nullable FormatKnowledge unlooked) {
        this.shared = shared;
        this.position = position;
        this.sizeBytes = sizeBytes;
        this.released = released;
        this.unlooked = unlooked;
    }

    /** No bytes; needs no release. */
    public static final FileRecords EMPTY = new FileRecords(null, 0, 0, RELEASED, null);

    /** A range of a segment, which knows something of the formats in it. */
    static FileRecords of(SharedFile file, long position, int sizeBytes, FormatKnowledge formats) {
        boolean isSound = formats.isSound(position, position + sizeBytes);
        return new FileRecords(file.retain(), position, sizeBytes, new AtomicBoolean(), isSound ? null : formats);
    }

    /**
     * Whether there may be damage or batches of format 0 or 1 in it, as nobody has read it since the start. If so, whoever sends
     * it to a reader has {@link FormatConversion} look at it first.
     */
    public boolean needsLook() {
        return unlooked != null;
    }

    /** Remembers for later reads that there was neither up to a position. Called on the log's lane. */
    public void noteSound(long untilPosition) {
        if (unlooked != null) unlooked.noteSound(position, untilPosition);
    }

    /**
     * The segment file, open at least until {@link #release}.
     *
     * @throws IllegalStateException for an empty range, which has none
     */
    public DiskFile file() {
        if (shared == null) throw new IllegalStateException("an empty range has no file");
        return shared.file();
    }

    /** First byte of the range within the file. */
    public long position() {
        return position;
    }

    @Override
    public int sizeBytes() {
        return sizeBytes;
    }

    /** Copies the range into a new heap buffer; less than {@link #sizeBytes} if the file was cut meanwhile. */
    public ByteBuffer toBuffer() {
        ByteBuffer bytes = ByteBuffer.allocate(sizeBytes);
        if (sizeBytes == 0) return bytes;
        try {
            file().read(position, bytes);
        } catch (IOException e) {
            throw new LogDirectoryFailed(file().path(), "read", e);
        }
        return bytes.flip();
    }

    /** Gives the file back; a second call has no effect. */
    public void release() {
        if (shared == null || released.getAndSet(true)) return;
        try {
            shared.release();
        } catch (IOException e) {
            throw new LogDirectoryFailed(shared.file().path(), "close", e);
        }
    }
}
