package io.millrace.storage;

import io.millrace.environment.DiskFile;
import io.millrace.environment.DiskFull;
import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The scan of a log after a crash: every batch from the segment that holds the recovery point on is checked with its
 * CRC; indexes, epochs and producers are made anew on the way (what the file says of epochs that began where compaction
 * left nothing stays); the first place that does not hold a whole batch that continues the log ends it. At the end what
 * was kept is forced, so that nobody reads what another power cut could take back (KAFKA-10101); what was scanned is
 * written again before, so that the force cannot be an empty one ({@link Rewriting}).
 */
final class SegmentScan {
    private static final int CHUNK_BYTES = 1 << 20;

    private final LogFolder folder;
    private final Segments segments;
    private final LeaderEpochs epochs;
    private final ProducerStates producers;
    private final ProducerSnapshots snapshots;
    private final List<String> notes;
    private final boolean mayHaveGaps;
    /** What the file says; it holds for offsets whose records compaction took away. */
    private List<LeaderEpochs.Entry> epochsTold = List.of();

    /** Behind the last batch so far, in whichever segment: from here to the next one there may be nothing left. */
    private long gapFrom;

    private ByteBuffer chunk = ByteBuffer.allocate(0);
    private int segmentsScanned;
    private long bytesScanned;
    private long bytesCut;
    private long nextOffset;
    private long recoveryPoint;

    /**
     * @param mayHaveGaps whether compaction may have removed the last offsets of a segment; if not, a segment that ends
     *                    before the next one begins has lost its end in a power cut
     */
    SegmentScan(
            LogFolder folder,
            Segments segments,
            LeaderEpochs epochs,
            ProducerStates producers,
            ProducerSnapshots snapshots,
            List<String> notes,
            boolean mayHaveGaps) {
        this.folder = folder;
        this.segments = segments;
        this.epochs = epochs;
        this.producers = producers;
        this.snapshots = snapshots;
        this.notes = notes;
        this.mayHaveGaps = mayHaveGaps;
    }

    /** Scans and returns the log end offset. */
    long from(long recoveryPoint, long logStartOffset) throws IOException {
        this.recoveryPoint = recoveryPoint;
        int first = segments.floorIndex(recoveryPoint);
        long resume = resumeOffset(segments.at(first), recoveryPoint);
        int firstPosition = resume < 0 ? -1 : segments.at(first).resumeAt(resume);
        if (resume >= 0 && firstPosition < 0) {
            // Its promise does not hold; gone for good before an index is touched.
            snapshots.discard(resume);
            folder.disk().forceDirectory(folder.directory());
        }
        for (int i = 0; i < first; i++) segments.at(i).mendIndexes();
        long scanStart = firstPosition < 0 ? segments.at(first).baseOffset() : resume;
        epochsTold = epochs.entries();
        gapFrom = scanStart;
        epochs.truncateFromEnd(scanStart);
        snapshots.deleteFrom(scanStart + 1);
        snapshots.restore(producers, segments, Math.min(logStartOffset, scanStart), scanStart);
        keepSnapshot(scanStart);
        nextOffset = scanStart;
        chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, Math.max(largest(first), BatchHeader.HEADER_BYTES)));
        for (int i = first; i < segments.count(); i++) {
            Segment segment = segments.at(i);
            if (i > first) {
                if (!continues(segment)) {
                    dropFrom(i, segment);
                    break;
                }
                snapshots.write(segment.baseOffset(), producers);
            }
            Invalid invalid =
                    i == first && firstPosition >= 0 ? scan(segment, firstPosition, scanStart) : scan(segment);
            if (invalid != null) {
                if (nextOffset < recoveryPoint)
                    throw new CorruptLog(segment.log().path(), invalid.position(), invalid.reason());
                cut(i, segment, invalid);
            }
            segment.endRebuild();
            if (i < segments.count() - 1) segment.finish();
        }
        if (nextOffset < recoveryPoint)
            notes.add("the log ends at " + nextOffset + ", below its recovery point " + recoveryPoint
                    + ": it was cut after its checkpoint, or has lost its end");
        force(first, Math.max(firstPosition, 0));
        long logEndOffset = Math.max(nextOffset, segments.active().baseOffset());
        epochs.assignWithin(epochsTold, Integer.MAX_VALUE, gapFrom, logEndOffset);
        return logEndOffset;
    }

    private boolean continues(Segment segment) {
        return segment.baseOffset() == nextOffset || (mayHaveGaps && segment.baseOffset() > nextOffset);
    }

    private void dropFrom(int index, Segment segment) throws IOException {
        long lost = 0;
        for (int i = index; i < segments.count(); i++) lost += segments.at(i).sizeBytes();
        notes.add("deleted " + segment.log().path() + " and later ones with " + lost
                + " bytes: the segment before ends at " + nextOffset);
        LogTruncation.removeFrom(folder, segments, index);
        bytesCut += lost;
    }

    private long largest(int first) {
        long largest = 0;
        for (int i = first; i < segments.count(); i++)
            largest = Math.max(largest, segments.at(i).sizeBytes());
        return largest;
    }

    /** Where a segment stops holding batches that continue the log, and why. */
    private record Invalid(int position, String reason) {}

    /** The newest place below the recovery point from which batches can be scanned, or -1 for the segment's beginning. */
    private long resumeOffset(Segment segment, long recoveryPoint) throws IOException {
        long newest = snapshots.newestWhole(recoveryPoint);
        return newest > segment.baseOffset() ? newest : -1;
    }

    private @Nullable Invalid scan(Segment segment) throws IOException {
        segment.startRebuild();
        segment.resetTransactions();
        return scan(segment, 0, segment.baseOffset());
    }

    private @Nullable Invalid scan(Segment segment, int fromPosition, long fromOffset) throws IOException {
        segmentsScanned++;
        nextOffset = fromOffset;
        DiskFile file = segment.log().existing();
        int sizeBytes = segment.sizeBytes();
        int position = fromPosition;
        while (position < sizeBytes) {
            read(file, position, sizeBytes);
            int at = 0;
            String torn = null;
            while (at < chunk.limit() && torn == null) {
                switch (StoredBatch.check(chunk, at)) {
                    case BatchCheck.Whole(int batchBytes) -> {
                        Optional<String> wrong = discontinuity(segment, at);
                        if (wrong.isPresent()) return new Invalid(position + at, wrong.get());
                        take(segment, at, position + at, batchBytes);
                        at += batchBytes;
                    }
                    case BatchCheck.Corrupt(String why) -> {
                        return new Invalid(position + at, why);
                    }
                    case BatchCheck.Torn(int missing) -> {
                        long needed = (long) chunk.limit() - at + missing;
                        if (position + at + needed > sizeBytes)
                            return new Invalid(
                                    position + at, "the batch lacks " + missing + " bytes at the end of the file");
                        if (at == 0) grow((int) needed);
                        torn = "read on";
                    }
                }
            }
            position += at;
        }
        return null;
    }

    private void read(DiskFile file, int position, int sizeBytes) throws IOException {
        chunk.clear().limit(Math.min(chunk.capacity(), sizeBytes - position));
        file.read(position, chunk);
        chunk.flip();
    }

    private void grow(int neededBytes) {
        chunk = ByteBuffer.allocate(neededBytes);
    }

    private Optional<String> discontinuity(Segment segment, int at) {
        long baseOffset = StoredBatch.baseOffset(chunk, at);
        long lastOffset = StoredBatch.lastOffset(chunk, at);
        int epoch = StoredBatch.leaderEpoch(chunk, at);
        if (baseOffset < nextOffset) return Optional.of("base offset " + baseOffset + ", want at least " + nextOffset);
        if (lastOffset < baseOffset)
            return Optional.of("last offset " + lastOffset + " before base offset " + baseOffset);
        if (!mayHaveGaps && baseOffset > nextOffset && nextOffset < recoveryPoint && lastOffset >= recoveryPoint)
            return Optional.of("offsets " + baseOffset + " to " + lastOffset + " follow " + (nextOffset - 1)
                    + ", and a batch ended at the recovery point " + recoveryPoint);
        if (lastOffset - segment.baseOffset() > Integer.MAX_VALUE)
            return Optional.of("last offset " + lastOffset + " is too far from the segment's base offset");
        if (epoch >= 0 && epoch < epochs.latestEpoch())
            return Optional.of("leader epoch " + epoch + " after leader epoch " + epochs.latestEpoch());
        return Optional.empty();
    }

    private void take(Segment segment, int at, int position, int batchBytes) throws IOException {
        long baseOffset = StoredBatch.baseOffset(chunk, at);
        long lastOffset = StoredBatch.lastOffset(chunk, at);
        segment.reindex(lastOffset, StoredBatch.maxTimestamp(chunk, at), position, batchBytes);
        int epoch = StoredBatch.leaderEpoch(chunk, at);
        if (epoch > epochs.latestEpoch()) epochs.assignWithin(epochsTold, epoch, gapFrom, baseOffset);
        epochs.assign(epoch, baseOffset);
        gapFrom = lastOffset + 1;
        if (StoredBatch.producerId(chunk, at) != BatchHeader.NO_PRODUCER_ID) {
            ProducerStates.Ended ended = producers.replay(chunk, at);
            if (ended != null && ended.isAborted())
                segment.abort(new AbortedTransaction(
                        ended.producerId(),
                        ended.firstOffset(),
                        ended.markerOffset(),
                        producers.lastStableOffsetAfter(ended)));
        }
        nextOffset = lastOffset + 1;
        bytesScanned += batchBytes;
    }

    /** Later segments go first: after a crash in between, the same place is found and cut again. */
    private void cut(int index, Segment segment, Invalid invalid) throws IOException {
        long lost = (long) segment.sizeBytes() - invalid.position();
        for (int i = index + 1; i < segments.count(); i++)
            lost += segments.at(i).sizeBytes();
        LogTruncation.removeFrom(folder, segments, index + 1);
        segment.cut(invalid.position());
        bytesCut += lost;
        notes.add("cut " + lost + " bytes from byte " + invalid.position() + " of "
                + segment.log().path() + ", after offset " + (nextOffset - 1) + ": " + invalid.reason());
    }

    /** It is a copy of what the batches say; without space for it a later restart scans more. */
    private void keepSnapshot(long scanStart) throws IOException {
        try {
            snapshots.keepAt(scanStart, producers);
        } catch (DiskFull full) {
            notes.add("there was no space for a producer snapshot at offset " + scanStart);
        }
    }

    private void force(int first, int firstPosition) throws IOException {
        for (int i = first; i < segments.count(); i++) {
            segments.at(i).rewrite(i == first ? firstPosition : 0);
            segments.at(i).force();
            segments.at(i).forceIndexes();
        }
        for (var snapshot : snapshots.takeUnforced()) {
            try (DiskFile file = folder.disk().open(snapshot, io.millrace.environment.OpenMode.READ_WRITE)) {
                file.force();
            }
        }
        folder.disk().forceDirectory(folder.directory());
        // A process killed before its first flush leaves a directory whose own name was never forced.
        Path parent = folder.directory().getParent();
        if (parent != null) folder.disk().forceDirectory(parent);
    }

    /** Returns whether there was space for them: if not, a flush writes them later, and a restart before that scans again. */
    boolean forceEpochs() throws IOException {
        Optional<byte[]> changes = epochs.takeChanges();
        if (changes.isEmpty()) return true;
        try {
            folder.disk().replace(folder.file(LeaderEpochs.FILE_NAME), changes.get());
            return true;
        } catch (DiskFull full) {
            epochs.putBackChanges();
            notes.add("there was no space for " + LeaderEpochs.FILE_NAME);
            return false;
        }
    }

    int segmentsScanned() {
        return segmentsScanned;
    }

    long bytesScanned() {
        return bytesScanned;
    }

    long bytesCut() {
        return bytesCut;
    }
}
