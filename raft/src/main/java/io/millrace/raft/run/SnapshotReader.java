package io.millrace.raft.run;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import io.millrace.raft.VoterSet;
import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.records.ControlRecord;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.storage.CorruptLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads whole snapshots, of this program or of Kafka; format in {@link SnapshotWriter}. */
public final class SnapshotReader {
    private SnapshotReader() {}

    /**
     * A snapshot in memory.
     *
     * @param lastContainedLogTimeMs append time of the last record it holds
     * @param kraftVersion 0 if it does not say
     * @param voters empty if it does not say
     * @param values of the data records, in order
     */
    public record Snapshot(
            OffsetAndEpoch id,
            long lastContainedLogTimeMs,
            short kraftVersion,
            Optional<VoterSet> voters,
            List<ByteBuffer> values) {}

    /** Size of a snapshot, and the time its header gives. */
    record Header(long sizeBytes, long lastContainedLogTimeMs) {}

    /** Reads no more than a snapshot's first batch. Blocks. */
    static Header readHeader(Disk disk, Path path) throws IOException {
        try (DiskFile file = disk.open(path, OpenMode.READ)) {
            long sizeBytes = file.sizeBytes();
            ByteBuffer batch = readBatch(file, 0, sizeBytes);
            for (ControlRecord record : QuorumBatches.readControl(batch)) {
                if (record instanceof ControlRecord.SnapshotHeader(var header)) {
                    return new Header(sizeBytes, header.lastContainedLogTimestamp());
                }
            }
            throw new CorruptLog(path, 0, "the header is missing");
        }
    }

    /**
     * Reads a snapshot of the metadata log. Blocks.
     *
     * @throws CorruptLog if it is not whole: a batch is damaged, header or footer is missing
     */
    public static Snapshot read(Disk disk, Path logDirectory, OffsetAndEpoch id) throws IOException {
        return readFile(disk, SnapshotFiles.path(logDirectory, id), id);
    }

    /**
     * Reads a file of that format under another name, such as {@code bootstrap.checkpoint}. Blocks.
     *
     * @throws CorruptLog as above
     */
    public static Snapshot readBootstrap(Disk disk, Path file) throws IOException {
        return readFile(disk, file, SnapshotFiles.BOOTSTRAP);
    }

    static Snapshot readFile(Disk disk, Path path, OffsetAndEpoch id) throws IOException {
        try (DiskFile file = disk.open(path, OpenMode.READ)) {
            var content = new Content(path, id);
            long position = 0;
            long sizeBytes = file.sizeBytes();
            while (position < sizeBytes) position += content.batch(readBatch(file, position, sizeBytes), position);
            return content.whole(sizeBytes);
        }
    }

    private static ByteBuffer readBatch(DiskFile file, long position, long fileBytes) throws IOException {
        ByteBuffer overhead = ByteBuffer.allocate(BatchHeader.LOG_OVERHEAD);
        if (fileBytes - position < BatchHeader.HEADER_BYTES) {
            throw new CorruptLog(file.path(), position, (fileBytes - position) + " bytes are too few for a batch");
        }
        file.read(position, overhead);
        long batchBytes = BatchHeader.sizeBytes(overhead.flip(), 0);
        if (batchBytes < BatchHeader.HEADER_BYTES || batchBytes > fileBytes - position) {
            throw new CorruptLog(
                    file.path(),
                    position,
                    "a batch of " + batchBytes + " bytes where " + (fileBytes - position) + " are left");
        }
        ByteBuffer batch = ByteBuffer.allocate((int) batchBytes);
        file.read(position, batch);
        batch.flip();
        if (BatchHeader.check(batch, 0) instanceof BatchCheck.Whole) return batch;
        throw new CorruptLog(file.path(), position, BatchHeader.check(batch, 0).toString());
    }

    /** Gathers what the batches say. */
    private static final class Content {
        private final Path path;
        private final OffsetAndEpoch id;
        private final List<ByteBuffer> values = new ArrayList<>();
        private Optional<VoterSet> voters = Optional.empty();
        private short kraftVersion;
        private long lastContainedLogTimeMs;
        private boolean begun;
        private boolean ended;

        Content(Path path, OffsetAndEpoch id) {
            this.path = path;
            this.id = id;
        }

        /** Takes a batch and returns its size. */
        int batch(ByteBuffer batch, long position) {
            if (ended) throw new CorruptLog(path, position, "a batch after the footer");
            if (BatchHeader.isControl(batch, 0)) {
                for (ControlRecord record : QuorumBatches.readControl(batch)) control(record, position);
            } else {
                if (!begun) throw new CorruptLog(path, position, "records before the header");
                values.addAll(QuorumBatches.readValues(batch));
            }
            return batch.limit();
        }

        private void control(ControlRecord record, long position) {
            if (begun == record instanceof ControlRecord.SnapshotHeader) {
                throw new CorruptLog(path, position, begun ? "a second header" : "the header is missing");
            }
            switch (record) {
                case ControlRecord.SnapshotHeader(var header) -> {
                    begun = true;
                    lastContainedLogTimeMs = header.lastContainedLogTimestamp();
                }
                case ControlRecord.KRaftVersion(var version) -> kraftVersion = version.kRaftVersion();
                case ControlRecord.KRaftVoters(var message) -> voters = Optional.of(VoterSet.fromRecord(message));
                case ControlRecord.SnapshotFooter ignored -> ended = true;
                case ControlRecord.LeaderChange ignored ->
                    throw new CorruptLog(path, position, "a leader change within a snapshot");
                case ControlRecord.EndTransaction ignored ->
                    throw new CorruptLog(path, position, "a transaction marker within a snapshot");
                case ControlRecord.Unknown ignored -> {}
            }
        }

        Snapshot whole(long sizeBytes) {
            if (!ended) throw new CorruptLog(path, sizeBytes, "the footer is missing");
            return new Snapshot(id, lastContainedLogTimeMs, kraftVersion, voters, List.copyOf(values));
        }
    }
}
