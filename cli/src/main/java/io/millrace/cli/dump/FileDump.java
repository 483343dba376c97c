package io.millrace.cli.dump;

import io.millrace.environment.Disk;
import io.millrace.raft.run.SnapshotFiles;
import io.millrace.records.TopicPartition;
import io.millrace.storage.AbortedTransaction;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LeaderEpochs;
import io.millrace.storage.OffsetCheckpoint;
import io.millrace.storage.OffsetIndex;
import io.millrace.storage.ProducerSnapshot;
import io.millrace.storage.SegmentFileNames;
import io.millrace.storage.TimeIndex;
import io.millrace.storage.TransactionIndex;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** Dumps one file according to what its name says it is. */
final class FileDump {
    private static final List<String> TRANSITIONS =
            List.of(SegmentFileNames.DELETED, SegmentFileNames.SWAP, SegmentFileNames.CLEANED, ".part");
    private static final String CHECKPOINT_SUFFIX = ".checkpoint";
    private static final String OFFSET_CHECKPOINT_SUFFIX = "-offset-checkpoint";

    private final Disk disk;
    private final DumpOptions options;
    private final DumpOutput out;

    FileDump(Disk disk, DumpOptions options, DumpOutput out) {
        this.disk = disk;
        this.options = options;
        this.out = out;
    }

    /** Whether a file has a name that can be dumped. */
    static boolean isKnown(Path file) {
        String name = nameOf(file);
        return name.endsWith(SegmentFileNames.LOG)
                || name.endsWith(SegmentFileNames.INDEX)
                || name.endsWith(SegmentFileNames.TIME_INDEX)
                || name.endsWith(SegmentFileNames.TRANSACTION_INDEX)
                || name.endsWith(SegmentFileNames.SNAPSHOT)
                || name.endsWith(CHECKPOINT_SUFFIX)
                || name.equals(LeaderEpochs.FILE_NAME)
                || name.endsWith(OFFSET_CHECKPOINT_SUFFIX);
    }

    /** The name without what says that the file is on its way in or out. */
    private static String nameOf(Path file) {
        String name = String.valueOf(file.getFileName());
        for (String transition : TRANSITIONS) {
            if (name.endsWith(transition)) return name.substring(0, name.length() - transition.length());
        }
        return name;
    }

    /**
     * Dumps a file.
     *
     * @return whether it is whole
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if its name does not say what it is
     */
    boolean dump(Path file) throws IOException {
        out.begin(file);
        try {
            return dumpContent(file, nameOf(file));
        } catch (CorruptLog corrupt) {
            out.print(DumpItem.of("damage", "position", corrupt.position(), "error", corrupt.reason()));
            return false;
        }
    }

    private boolean dumpContent(Path file, String name) throws IOException {
        if (name.endsWith(SegmentFileNames.LOG)) {
            SegmentFileNames.offsetIn(name, SegmentFileNames.LOG)
                    .ifPresent(offset -> out.print(DumpItem.of("segment", "baseOffset", offset)));
            return new SegmentDump(disk, options, out).dump(file);
        }
        if (name.endsWith(CHECKPOINT_SUFFIX)) {
            SnapshotFiles.parse(name)
                    .ifPresent(id -> out.print(
                            DumpItem.of("metadataSnapshot", "endOffset", id.offset(), "epoch", id.leaderEpoch())));
            return new SegmentDump(disk, options, out).dump(file);
        }
        if (name.endsWith(SegmentFileNames.INDEX)) return dumpIndex(file, baseOffset(name, SegmentFileNames.INDEX));
        if (name.endsWith(SegmentFileNames.TIME_INDEX)) {
            return dumpTimeIndex(file, baseOffset(name, SegmentFileNames.TIME_INDEX));
        }
        if (name.endsWith(SegmentFileNames.TRANSACTION_INDEX)) return dumpTransactionIndex(file);
        if (name.endsWith(SegmentFileNames.SNAPSHOT)) return dumpProducers(file);
        if (name.equals(LeaderEpochs.FILE_NAME)) return dumpEpochs(file);
        if (name.endsWith(OFFSET_CHECKPOINT_SUFFIX)) return dumpCheckpoint(file);
        throw new IllegalArgumentException(file + ": its name says of no kind of file that can be dumped (.log, .index,"
                + " .timeindex, .txnindex, .snapshot, .checkpoint, a checkpoint)");
    }

    private static long baseOffset(String name, String suffix) {
        OptionalLong offset = SegmentFileNames.offsetIn(name, suffix);
        if (offset.isEmpty())
            throw new IllegalArgumentException(name + " does not begin with a base offset of 20 digits");
        return offset.getAsLong();
    }

    /** Entries behind the last one in use are zero: an index in use is made at its full size. */
    private boolean dumpIndex(Path file, long baseOffset) throws IOException {
        boolean first = true;
        for (OffsetIndex.Entry entry : OffsetIndex.read(disk, file, baseOffset)) {
            if (!first && entry.offset() == baseOffset) break;
            out.print(DumpItem.of("indexEntry", "offset", entry.offset(), "position", entry.position()));
            first = false;
        }
        return true;
    }

    private boolean dumpTimeIndex(Path file, long baseOffset) throws IOException {
        boolean first = true;
        for (TimeIndex.Entry entry : TimeIndex.read(disk, file, baseOffset)) {
            if (!first && entry.timestamp() == 0 && entry.offset() == baseOffset) break;
            out.print(DumpItem.of("timeIndexEntry", "timestamp", entry.timestamp(), "offset", entry.offset()));
            first = false;
        }
        return true;
    }

    private boolean dumpTransactionIndex(Path file) throws IOException {
        for (AbortedTransaction aborted : TransactionIndex.read(disk, file)) {
            out.print(DumpItem.of(
                    "abortedTransaction",
                    "producerId",
                    aborted.producerId(),
                    "firstOffset",
                    aborted.firstOffset(),
                    "lastOffset",
                    aborted.lastOffset(),
                    "lastStableOffset",
                    aborted.lastStableOffset()));
        }
        return true;
    }

    private boolean dumpProducers(Path file) throws IOException {
        for (ProducerSnapshot.Producer producer : ProducerSnapshot.read(disk, file)) {
            out.print(DumpItem.of(
                    "producer",
                    "producerId",
                    producer.producerId(),
                    "producerEpoch",
                    producer.epoch(),
                    "coordinatorEpoch",
                    producer.coordinatorEpoch(),
                    "currentTxnFirstOffset",
                    producer.currentTransactionFirstOffset(),
                    "lastTimestamp",
                    producer.timestamp(),
                    "lastSequence",
                    producer.lastSequence(),
                    "lastOffset",
                    producer.lastOffset(),
                    "offsetDelta",
                    producer.offsetDelta()));
        }
        return true;
    }

    private boolean dumpEpochs(Path file) throws IOException {
        for (LeaderEpochs.Entry entry : LeaderEpochs.read(disk, file)) {
            out.print(DumpItem.of("leaderEpoch", "epoch", entry.epoch(), "startOffset", entry.startOffset()));
        }
        return true;
    }

    private boolean dumpCheckpoint(Path file) throws IOException {
        for (Map.Entry<TopicPartition, Long> entry :
                OffsetCheckpoint.read(disk, file).entrySet()) {
            out.print(DumpItem.of(
                    "checkpoint",
                    "topic",
                    entry.getKey().topic(),
                    "partition",
                    entry.getKey().partition(),
                    "offset",
                    entry.getValue()));
        }
        return true;
    }
}
