package io.millrace.raft.run;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.records.ControlRecord;
import io.millrace.records.InvalidBatch;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.storage.CorruptLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a node would replay from a metadata log directory, read without changing anything in it: no recovery, no lock, no
 * file. For looking before {@link MetadataQuorum#open}, which changes things from its first step. Blocks.
 */
public final class StoredMetadata {
    private static final Pattern SEGMENT = Pattern.compile("(\\d{20})\\.log");
    private static final int CHUNK_BYTES = 1 << 20;

    /** Many times what a quorum appends at once (8 MB); a batch beyond is damage, and its length must not claim the heap. */
    private static final int MAX_BATCH_BYTES = 64 << 20;

    private StoredMetadata() {}

    /** Is told what is found, in the order it would be replayed in. */
    public interface Visitor {
        /** A record; {@code value} is to be read before this returns. */
        void record(Path file, ByteBuffer value);

        /** The level that {@code kraft.version} has from here on. */
        void kraftVersion(Path file, short level);
    }

    /**
     * Reads the election state, the latest snapshot and the log behind it. The first place of a segment that is no whole
     * batch ends that segment: whether it is torn or damaged is for the recovery to say.
     *
     * @param metadataLogDirectory the log directory that holds {@code __cluster_metadata-0}, or may do so
     * @throws CorruptLog if the snapshot, or a batch whose checksum holds, cannot be read
     * @throws IOException if the disk fails, or the election state cannot be understood
     */
    public static void visit(Disk disk, Path metadataLogDirectory, Visitor visitor) throws IOException {
        Path directory = metadataLogDirectory.resolve(MetadataLog.DIRECTORY);
        if (!disk.isDirectory(directory)) return;
        new QuorumStateFile(disk, directory).read();
        long fromOffset = visitSnapshot(disk, metadataLogDirectory, directory, visitor);
        List<String> segments = new ArrayList<>();
        for (String name : disk.list(directory)) if (SEGMENT.matcher(name).matches()) segments.add(name);
        for (int i = 0; i < segments.size(); i++) {
            boolean isBefore = i + 1 < segments.size() && baseOffset(segments.get(i + 1)) <= fromOffset;
            if (!isBefore) visitSegment(disk, directory.resolve(segments.get(i)), fromOffset, visitor);
        }
    }

    private static long baseOffset(String segment) {
        try {
            return Long.parseLong(segment.substring(0, segment.indexOf('.')));
        } catch (NumberFormatException tooLarge) {
            return Long.MAX_VALUE;
        }
    }

    /** Returns the offset that the log goes on from. */
    private static long visitSnapshot(Disk disk, Path metadataLogDirectory, Path directory, Visitor visitor)
            throws IOException {
        List<OffsetAndEpoch> ids = SnapshotFiles.list(disk, directory);
        Path file;
        SnapshotReader.Snapshot snapshot;
        if (!ids.isEmpty()) {
            file = SnapshotFiles.path(directory, ids.getLast());
            snapshot = SnapshotReader.read(disk, directory, ids.getLast());
        } else {
            file = metadataLogDirectory.resolve(SnapshotFiles.BOOTSTRAP_CHECKPOINT);
            if (!disk.exists(file)) return 0;
            snapshot = SnapshotReader.readBootstrap(disk, file);
        }
        visitor.kraftVersion(file, snapshot.kraftVersion());
        for (ByteBuffer value : snapshot.values()) visitor.record(file, value.duplicate());
        return snapshot.id().offset();
    }

    private static void visitSegment(Disk disk, Path file, long fromOffset, Visitor visitor) throws IOException {
        try (DiskFile segment = disk.open(file, OpenMode.READ)) {
            long sizeBytes = segment.sizeBytes();
            long position = 0;
            ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, sizeBytes));
            while (sizeBytes - position >= BatchHeader.HEADER_BYTES) {
                chunk.clear();
                segment.read(position, chunk);
                chunk.flip();
                int visitedBytes = visitBatches(file, position, chunk, fromOffset, visitor);
                position += visitedBytes;
                if (visitedBytes > 0) continue;
                int wantedBytes = chunk.limit() < BatchHeader.HEADER_BYTES ? 0 : BatchHeader.sizeBytes(chunk, 0);
                boolean isLargeOne = wantedBytes > chunk.capacity()
                        && wantedBytes <= MAX_BATCH_BYTES
                        && wantedBytes <= sizeBytes - position;
                if (!isLargeOne) return;
                chunk = ByteBuffer.allocate(wantedBytes);
            }
        }
    }

    /** Visits the whole batches at the beginning of a chunk and returns how many bytes they take. */
    private static int visitBatches(Path file, long position, ByteBuffer chunk, long fromOffset, Visitor visitor) {
        int at = 0;
        while (BatchHeader.check(chunk, at) instanceof BatchCheck.Whole(int batchBytes)) {
            if (BatchHeader.lastOffset(chunk, at) >= fromOffset) {
                try {
                    visitBatch(file, chunk.slice(at, batchBytes), visitor);
                } catch (InvalidBatch invalid) {
                    throw new CorruptLog(file, position + at, String.valueOf(invalid.getMessage()));
                }
            }
            at += batchBytes;
        }
        return at;
    }

    private static void visitBatch(Path file, ByteBuffer batch, Visitor visitor) {
        if (!BatchHeader.isControl(batch, 0)) {
            for (ByteBuffer value : QuorumBatches.readValues(batch)) visitor.record(file, value.duplicate());
            return;
        }
        for (ControlRecord record : QuorumBatches.readControl(batch)) {
            if (record instanceof ControlRecord.KRaftVersion(var message)) {
                visitor.kraftVersion(file, message.kRaftVersion());
            }
        }
    }
}
