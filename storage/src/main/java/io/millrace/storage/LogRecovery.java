package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.DiskFull;
import io.millrace.environment.OpenMode;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Opens a log. After a clean shutdown it trusts the files and reads only the end of the last segment; after a crash it
 * scans from the segment that holds the recovery point. Every step may be cut off by a crash and done again.
 */
final class LogRecovery {
    private final LogFolder folder;
    private final Disk disk;
    private final TopicPartition partition;
    private final @Nullable Uuid topicId;
    private final LogConfig config;
    private final ProducerStateConfig producerConfig;
    private final long nowMs;
    private final List<String> notes = new ArrayList<>();
    private final Segments segments = new Segments();
    private final LeaderEpochs epochs = new LeaderEpochs();
    private final ProducerStates producers = new ProducerStates();
    private final ProducerSnapshots snapshots;

    LogRecovery(
            Disk disk,
            Path directory,
            TopicPartition partition,
            @Nullable Uuid topicId,
            LogConfig config,
            ProducerStateConfig producerConfig,
            long nowMs) {
        this.folder = new LogFolder(disk, directory);
        this.disk = disk;
        this.partition = partition;
        this.topicId = topicId;
        this.config = config;
        this.producerConfig = producerConfig;
        this.nowMs = nowMs;
        this.snapshots = new ProducerSnapshots(folder, producerConfig, nowMs);
    }

    OpenedLog open(long recoveryPoint, long logStartOffset, boolean cleanShutdown) throws IOException {
        Set<String> names = new HashSet<>(disk.list(folder.directory()));
        if (LeftoverFiles.settle(folder, names, notes)) names = new HashSet<>(disk.list(folder.directory()));
        collect(names);
        boolean hasEpochs = names.contains(LeaderEpochs.FILE_NAME) && loadEpochs();
        if (segments.isEmpty()) return finished(startAt(logStartOffset), logStartOffset, 0, cleanShutdown, null);
        if (!hasEpochs) rereadEpochs(cleanShutdown ? Long.MAX_VALUE : recoveryPoint);
        return cleanShutdown ? trust(recoveryPoint, logStartOffset) : scan(recoveryPoint, logStartOffset);
    }

    /** False if the file is damaged. */
    private boolean loadEpochs() throws IOException {
        try {
            epochs.load(LeaderEpochs.read(disk, folder.file(LeaderEpochs.FILE_NAME)));
            return true;
        } catch (CorruptLog e) {
            notes.add(e.getMessage());
            return false;
        }
    }

    /**
     * Takes the epochs of batches that are not scanned from them, up to the offset. A follower that knew none would take its log
     * for one from before leader epochs, and cut it to what it knows to be committed.
     */
    private void rereadEpochs(long until) throws IOException {
        for (Segment segment : segments.all()) {
            long next = segment.baseOffset();
            if (segment.sizeBytes() == 0 || next >= until) continue;
            BatchCursor cursor = segment.scan();
            while (next < until && cursor.next()) {
                epochs.assign(cursor.leaderEpoch(), cursor.baseOffset());
                next = cursor.lastOffset() + 1;
            }
        }
        if (epochs.latestEpoch() >= 0) notes.add("leader epochs were taken from the batches");
    }

    private void collect(Set<String> names) throws IOException {
        TreeSet<Long> baseOffsets = new TreeSet<>();
        for (String name : names) {
            SegmentFileNames.offsetIn(name, SegmentFileNames.LOG).ifPresent(baseOffsets::add);
            SegmentFileNames.offsetIn(name, SegmentFileNames.SNAPSHOT).ifPresent(snapshots::found);
        }
        for (String name : names) removeOrphan(name, baseOffsets);
        for (long baseOffset : baseOffsets) segments.add(segment(baseOffset, names));
    }

    private void removeOrphan(String name, Set<Long> baseOffsets) throws IOException {
        for (String suffix : SegmentFiles.SUFFIXES) {
            OptionalLong offset = SegmentFileNames.offsetIn(name, suffix);
            if (offset.isEmpty() || baseOffsets.contains(offset.getAsLong())) continue;
            disk.delete(folder.file(name));
            notes.add("deleted " + name + ", whose segment is gone");
        }
    }

    private Segment segment(long baseOffset, Set<String> names) throws IOException {
        Path log = folder.file(SegmentFileNames.of(baseOffset, SegmentFileNames.LOG));
        long sizeBytes;
        try (DiskFile file = disk.open(log, OpenMode.READ)) {
            sizeBytes = file.sizeBytes();
        }
        if (sizeBytes > Integer.MAX_VALUE)
            throw new CorruptLog(log, Integer.MAX_VALUE, "a segment of " + sizeBytes + " bytes is larger than 2^31-1");
        Segment.Found found = new Segment.Found(
                true,
                names.contains(SegmentFileNames.of(baseOffset, SegmentFileNames.INDEX)),
                names.contains(SegmentFileNames.of(baseOffset, SegmentFileNames.TIME_INDEX)),
                names.contains(SegmentFileNames.of(baseOffset, SegmentFileNames.TRANSACTION_INDEX)));
        return new Segment(folder, baseOffset, found, (int) sizeBytes, disk.lastModifiedMs(log));
    }

    private long startAt(long offset) throws IOException {
        Segment segment = new Segment(folder, offset, Segment.Found.NOTHING, 0, nowMs);
        if (offset > 0) {
            segment.createFile();
            disk.forceDirectory(folder.directory());
        }
        segments.add(segment);
        return offset;
    }

    private OpenedLog trust(long recoveryPoint, long logStartOffset) throws IOException {
        for (Segment segment : segments.all()) {
            if (!segment.lacksIndexes()) continue;
            segment.mendIndexes();
            notes.add("made the indexes of segment " + segment.baseOffset() + " anew, as they were missing");
        }
        long logEndOffset = segments.active().nextOffset();
        if (recoveryPoint > 0 && logEndOffset > recoveryPoint)
            // No CRC covers a batch's offset; but whoever closed the log wrote down where it ended.
            throw new CorruptLog(
                    segments.active().log().path(),
                    segments.active().sizeBytes(),
                    "the log ends at " + logEndOffset + ", and was closed at " + recoveryPoint);
        if (logEndOffset < recoveryPoint)
            notes.add("the log ends at " + logEndOffset + ", and was closed at " + recoveryPoint
                    + ": its last records are lost");
        epochs.truncateFromEnd(logEndOffset);
        long start = Math.max(logStartOffset, segments.first().baseOffset());
        snapshots.restore(producers, segments, start, logEndOffset);
        mendTransactionIndexes(segments.count(), start, logEndOffset);
        return finished(logEndOffset, logStartOffset, recoveryPoint, true, null);
    }

    private OpenedLog scan(long recoveryPoint, long logStartOffset) throws IOException {
        SegmentScan scan =
                new SegmentScan(folder, segments, epochs, producers, snapshots, notes, config.isCompacting());
        long start = Math.max(logStartOffset, segments.first().baseOffset());
        int scannedFrom = segments.floorIndex(recoveryPoint);
        long logEndOffset = scan.from(recoveryPoint, start);
        mendTransactionIndexes(Math.min(scannedFrom, segments.count()), start, logEndOffset);
        if (topicId != null) keep(topicId);
        return finished(logEndOffset, logStartOffset, recoveryPoint, false, scan);
    }

    /** The id is known without the file, so a full disk need not keep the log from being opened. */
    private void keep(Uuid id) throws IOException {
        try {
            PartitionMetadata.keep(disk, folder.directory(), id);
        } catch (DiskFull full) {
            notes.add("there was no space for " + PartitionMetadata.FILE_NAME);
        }
    }

    /** Aborted records would be shown as committed if a damaged index were passed over (KAFKA-13727). */
    private void mendTransactionIndexes(int untilSegment, long start, long logEndOffset) throws IOException {
        for (int i = 0; i < untilSegment; i++) {
            Segment segment = segments.at(i);
            long next = i + 1 < segments.count() ? segments.at(i + 1).baseOffset() : logEndOffset;
            String damage = segment.transactionDamage(next);
            if (damage == null) continue;
            segment.replaceTransactions(abortedIn(segment, start));
            notes.add("made " + SegmentFileNames.of(segment.baseOffset(), SegmentFileNames.TRANSACTION_INDEX)
                    + " anew from the batches: " + damage);
        }
    }

    private List<AbortedTransaction> abortedIn(Segment segment, long start) throws IOException {
        ProducerStates before = new ProducerStates();
        snapshots.restore(before, segments, Math.min(start, segment.baseOffset()), segment.baseOffset());
        List<AbortedTransaction> aborted = new ArrayList<>();
        BatchCursor cursor = segment.scan();
        while (cursor.next()) {
            ProducerStates.Ended ended = ProducerSnapshots.replay(before, cursor);
            if (ended != null && ended.isAborted())
                aborted.add(new AbortedTransaction(
                        ended.producerId(),
                        ended.firstOffset(),
                        ended.markerOffset(),
                        before.lastStableOffsetAfter(ended)));
        }
        return aborted;
    }

    private OpenedLog finished(
            long logEndOffset, long logStartOffset, long recoveryPoint, boolean wasClean, @Nullable SegmentScan scan)
            throws IOException {
        long start = Math.max(logStartOffset, segments.first().baseOffset());
        long end = logEndOffset;
        if (start > end) {
            notes.add("the log ended at " + end + ", before its log start offset " + start + "; it begins there anew");
            LogTruncation.removeFrom(folder, segments, 0);
            snapshots.deleteFrom(0);
            producers.clear();
            epochs.clear();
            end = startAt(start);
        }
        epochs.truncateFromStart(start);
        boolean isWhole = scan == null || scan.forceEpochs();
        RecoveryReport report = new RecoveryReport(
                wasClean,
                scan == null ? 0 : scan.segmentsScanned(),
                scan == null ? 0 : scan.bytesScanned(),
                scan == null ? 0 : scan.bytesCut(),
                List.copyOf(notes));
        return new OpenedLog(
                folder,
                partition,
                topicId,
                config,
                producerConfig,
                segments,
                epochs,
                producers,
                snapshots,
                start,
                end,
                isWhole ? end : Math.clamp(recoveryPoint, start, end),
                report);
    }
}
