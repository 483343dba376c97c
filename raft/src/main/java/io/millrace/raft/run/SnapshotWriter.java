package io.millrace.raft.run;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.DiskFull;
import io.millrace.environment.OpenMode;
import io.millrace.protocol.messages.KRaftVersionRecord;
import io.millrace.protocol.messages.SnapshotFooterRecord;
import io.millrace.protocol.messages.SnapshotHeaderRecord;
import io.millrace.raft.VoterSet;
import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import io.millrace.records.OffsetAndEpoch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a snapshot (KIP-630): a control batch with the header, and from kraft.version 1 on kraft.version and voters; data
 * batches; a control batch with the footer. Offsets count from 0 within the file, every batch carries the epoch in its
 * name. It is written under a {@code .part} name, forced, and renamed, so that a complete name means complete content.
 */
public final class SnapshotWriter {
    /** A data batch is closed when it has grown this far; bounds memory here and with whoever reads it. */
    private static final int BATCH_BYTES = 1 << 20;

    private final Disk disk;
    private final Path logDirectory;

    /** @param logDirectory the directory of the metadata log, {@code __cluster_metadata-0}; must exist */
    public SnapshotWriter(Disk disk, Path logDirectory) {
        this.disk = disk;
        this.logDirectory = logDirectory;
    }

    /**
     * What of the quorum goes into a snapshot.
     *
     * @param kraftVersion below 1 nothing is written
     */
    public record QuorumInfo(short kraftVersion, VoterSet voters) {
        /** Of a static quorum. */
        public static final QuorumInfo STATIC = new QuorumInfo((short) 0, VoterSet.NONE);
    }

    /**
     * Writes the snapshot and returns when it survives a power cut. Blocks.
     *
     * @param id end offset and epoch of what it holds
     * @param lastContainedLogTimeMs append time of the last record in it
     * @param nowMs wall-clock time for its batches
     * @param values the records' values; read from position to limit
     * @return its size in bytes
     * @throws IOException if the disk failed; where the log uses the directory, a failed force is final
     */
    public long write(
            OffsetAndEpoch id, long lastContainedLogTimeMs, QuorumInfo quorum, long nowMs, Iterable<ByteBuffer> values)
            throws IOException {
        Path part = SnapshotFiles.partPath(logDirectory, id);
        disk.delete(part);
        long sizeBytes;
        try (DiskFile file = disk.open(part, OpenMode.CREATE_NEW)) {
            sizeBytes = writeBatches(file, id, lastContainedLogTimeMs, quorum, nowMs, values);
            settle(file::force);
        } catch (DiskFull full) {
            disk.delete(part);
            throw full;
        }
        settle(() -> {
            disk.rename(part, SnapshotFiles.path(logDirectory, id));
            disk.forceDirectory(logDirectory);
        });
        return sizeBytes;
    }

    interface Settling {
        void run() throws IOException;
    }

    static void settle(Settling step) throws IOException {
        try {
            step.run();
        } catch (IOException e) {
            throw new ForceFailed(e);
        }
    }

    private static long writeBatches(
            DiskFile file,
            OffsetAndEpoch id,
            long lastContainedLogTimeMs,
            QuorumInfo quorum,
            long nowMs,
            Iterable<ByteBuffer> values)
            throws IOException {
        var out = new BatchesOut(file, id.leaderEpoch(), nowMs);
        out.control(header(lastContainedLogTimeMs, quorum));
        for (ByteBuffer value : values) out.value(value);
        out.endBatch();
        out.control(List.of(new ControlRecord.SnapshotFooter(
                SnapshotFooterRecord.builder().version((short) 0).build())));
        return out.position;
    }

    private static List<ControlRecord> header(long lastContainedLogTimeMs, QuorumInfo quorum) {
        var header = new ControlRecord.SnapshotHeader(SnapshotHeaderRecord.builder()
                .version((short) 0)
                .lastContainedLogTimestamp(lastContainedLogTimeMs)
                .build());
        if (quorum.kraftVersion() < 1) return List.of(header);
        var version = new ControlRecord.KRaftVersion(KRaftVersionRecord.builder()
                .version((short) 0)
                .kRaftVersion(quorum.kraftVersion())
                .build());
        if (quorum.voters().voters().isEmpty()) return List.of(header, version);
        return List.of(
                header, version, new ControlRecord.KRaftVoters(quorum.voters().toRecord()));
    }

    /** Puts batches one behind the other into a file. */
    private static final class BatchesOut {
        private final DiskFile file;
        private final int epoch;
        private final long nowMs;
        private long nextOffset;
        private long position;
        private List<ByteBuffer> pending = new ArrayList<>();
        private int pendingBytes;

        BatchesOut(DiskFile file, int epoch, long nowMs) {
            this.file = file;
            this.epoch = epoch;
            this.nowMs = nowMs;
        }

        void value(ByteBuffer value) throws IOException {
            if (!pending.isEmpty() && pendingBytes + value.remaining() > BATCH_BYTES) endBatch();
            pending.add(value);
            pendingBytes += value.remaining();
        }

        void endBatch() throws IOException {
            if (pending.isEmpty()) return;
            int recordCount = pending.size();
            put(QuorumBatches.data(pending, nextOffset, epoch, nowMs), recordCount);
            pending = new ArrayList<>();
            pendingBytes = 0;
        }

        void control(List<ControlRecord> records) throws IOException {
            put(ControlRecords.batch(nextOffset, epoch, nowMs, records), records.size());
        }

        private void put(ByteBuffer batch, int recordCount) throws IOException {
            int sizeBytes = batch.remaining();
            file.write(position, batch);
            position += sizeBytes;
            nextOffset += recordCount;
        }
    }
}
