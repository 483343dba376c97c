package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.records.BatchHeader;
import io.millrace.records.InvalidBatch;
import io.millrace.storage.compaction.AbortedRanges;
import io.millrace.storage.compaction.BatchFilter;
import io.millrace.storage.compaction.KeyScan;
import io.millrace.storage.compaction.LastOfProducer;
import io.millrace.storage.compaction.LatestOffsets;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One run of compaction through a log: the keys between the first dirty offset and the end are noted, as far as they find room;
 * then the log is written anew from its beginning, group of segments by group.
 *
 * <p>Made on the log's lane by {@link LogCompaction#begin}. {@link #step} blocks and belongs on a disk helper, one call at a time;
 * it reads files through handles of its own and writes {@code .cleaned} files, which it forces and renames {@code .swap} once
 * they are whole. When it says {@link Step#SWAP} the lane puts them in place with {@link LogCompaction#swap}, and lets it go on.
 * Cut off anywhere, the next start finds the log before or after a swap.
 */
public final class Compaction {
    /** What comes next. */
    public enum Step {
        /** Call {@link #step} again. */
        MORE,
        /** Call {@link LogCompaction#swap} on the lane, then {@link #step} again. */
        SWAP,
        /** Call {@link LogCompaction#finished} on the lane; it is over. */
        DONE,
        /** It was cancelled, or a segment it wanted to read has been removed; it is over, and nothing was changed. */
        GONE
    }

    private final LogFolder folder;
    private final LogConfig config;
    private final CompactionRange range;
    private final CompactionLimits limits;
    private final List<CompactionGroup.Source> sources;
    private final List<Long> allBaseOffsets;
    private final Map<Long, LastOfProducer> lastOfProducers;
    private final long wallMs;
    private final LatestOffsets latest;
    private final AbortedRanges aborted = new AbortedRanges();
    private final Map<Long, AbortedTransaction> abortedByMarker = new HashMap<>();
    private final KeyScan scan;
    private final ByteBuffer out;
    private final Object promotion = new Object();
    private volatile boolean isCancelled;
    private long promoted = -1;

    private @Nullable BatchReader reader;
    private @Nullable Segment target;
    private @Nullable BatchFilter filter;
    private List<CompactionGroup> groups = List.of();
    private int groupIndex;
    private int sourceIndex;
    private boolean hasReadTransactions;
    private boolean namesAreForced = true;
    private boolean hasChanged;
    private long endOffset;
    private int targetBytes;
    private long bytesDone;
    private long bytesRead;
    private long bytesWritten;

    Compaction(
            LogFolder folder,
            LogConfig config,
            CompactionRange range,
            CompactionLimits limits,
            List<CompactionGroup.Source> sources,
            List<Long> allBaseOffsets,
            Map<Long, LastOfProducer> lastOfProducers,
            long wallMs,
            long secret0,
            long secret1) {
        this.folder = folder;
        this.config = config;
        this.range = range;
        this.limits = limits;
        this.sources = sources;
        this.allBaseOffsets = allBaseOffsets;
        this.lastOfProducers = lastOfProducers;
        this.wallMs = wallMs;
        this.endOffset = range.firstDirtyOffset();
        this.latest = new LatestOffsets(
                secret0,
                secret1,
                limits.mapBytes(),
                limits.loadFactor(),
                range.untilOffset() - range.firstDirtyOffset());
        this.scan = new KeyScan(latest, aborted, config.decompressionLimit());
        this.out = ByteBuffer.allocate(Math.max(limits.ioBytes(), BatchHeader.HEADER_BYTES));
    }

    /** What it was begun for. */
    public CompactionRange range() {
        return range;
    }

    /** The properties it goes by, those of its beginning. */
    public LogConfig config() {
        return config;
    }

    /** Everything below is compacted once it is {@link Step#DONE}; less than was asked for if the map became full. */
    public long endOffset() {
        return endOffset;
    }

    /** Bytes read so far, those of both passes. */
    public long bytesRead() {
        return bytesRead;
    }

    /** Bytes written so far. */
    public long bytesWritten() {
        return bytesWritten;
    }

    /** Records met so far, and those of them that stay. */
    public long recordsRead() {
        return filter == null ? 0 : filter.recordsRead();
    }

    /** Records that stay. */
    public long recordsKept() {
        return filter == null ? 0 : filter.recordsKept();
    }

    void cancel() {
        isCancelled = true;
    }

    boolean isCancelled() {
        return isCancelled;
    }

    CompactionGroup group() {
        return groups.get(groupIndex);
    }

    int targetBytes() {
        return targetBytes;
    }

    boolean targetHasTransactions() {
        return target != null && target.hasTransactions();
    }

    /**
     * Does a part of the work. Blocks.
     *
     * @param maxBytes about how much is read and written before it returns
     * @throws CorruptLog         if a batch is damaged or cannot be read; the log cannot be compacted
     * @throws LogDirectoryFailed if the disk failed
     */
    public Step step(int maxBytes) {
        boolean goesOn = false;
        try {
            bytesDone = 0;
            Step next = isCancelled ? Step.GONE : filter == null ? map(maxBytes) : write(maxBytes);
            if (isCancelled) next = Step.GONE;
            goesOn = next == Step.MORE || next == Step.SWAP;
            return next;
        } catch (NoSuchFileException e) {
            return Step.GONE;
        } catch (IOException e) {
            if (isCancelled) return Step.GONE;
            throw new LogDirectoryFailed(folder.directory(), "compact", e);
        } catch (InvalidBatch e) {
            throw new CorruptLog(
                    reader == null ? folder.directory() : reader.path(),
                    reader == null ? 0 : reader.position(),
                    String.valueOf(e.getMessage()));
        } finally {
            if (!goesOn) abandon();
        }
    }

    /** Lets go of files and deletes what was written and not put in place; a disk that cannot do that has failed. */
    private void abandon() {
        try {
            closeReader();
            Segment unfinished = target;
            target = null;
            if (unfinished == null) return;
            unfinished.closeFiles();
            deleteCleaned(unfinished.baseOffset());
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "delete what a compaction has left", e);
        }
    }

    private void deleteCleaned(long baseOffset) throws IOException {
        for (String suffix : SegmentFiles.SUFFIXES)
            folder.disk().delete(folder.file(SegmentFileNames.of(baseOffset, suffix) + SegmentFileNames.CLEANED));
    }

    // First pass

    private Step map(int maxBytes) throws IOException {
        if (!hasReadTransactions) readTransactions();
        while (bytesDone < maxBytes) {
            BatchReader batches = reader;
            if (batches == null) {
                while (sourceIndex < sources.size()
                        && sources.get(sourceIndex).nextOffset() <= range.firstDirtyOffset()) sourceIndex++;
                if (sourceIndex == sources.size()) return mapped(range.untilOffset());
                batches = open(sources.get(sourceIndex));
            }
            if (!batches.next()) {
                closeReader();
                sourceIndex++;
                continue;
            }
            count(batches.storedBytes());
            long lastOffset = BatchHeader.lastOffset(batches.buffer(), batches.at());
            if (lastOffset < range.firstDirtyOffset()) continue;
            if (lastOffset >= range.untilOffset()) return mapped(range.untilOffset());
            if (!scan.note(batches.buffer(), batches.at(), range.firstDirtyOffset())) {
                if (endOffset == range.firstDirtyOffset())
                    throw new CorruptLog(
                            batches.path(),
                            batches.position(),
                            BatchHeader.recordCount(batches.buffer(), batches.at())
                                    + " records of one batch find no room in log.cleaner.dedupe.buffer.size, of which"
                                    + " one thread has " + limits.mapBytes() + " bytes");
                return mapped(endOffset);
            }
            endOffset = lastOffset + 1;
        }
        return Step.MORE;
    }

    private void readTransactions() throws IOException {
        hasReadTransactions = true;
        Disk disk = folder.disk();
        for (long baseOffset : allBaseOffsets) {
            Path file = folder.file(SegmentFileNames.of(baseOffset, SegmentFileNames.TRANSACTION_INDEX));
            if (!disk.exists(file)) continue;
            for (AbortedTransaction transaction : TransactionIndex.read(disk, file)) {
                aborted.add(transaction.producerId(), transaction.firstOffset(), transaction.lastOffset());
                abortedByMarker.put(transaction.lastOffset(), transaction);
            }
        }
    }

    private Step mapped(long untilOffset) throws IOException {
        closeReader();
        endOffset = untilOffset;
        List<CompactionGroup.Source> touched = sources.stream()
                .filter(source -> source.baseOffset() < untilOffset)
                .toList();
        groups = CompactionGroup.of(touched, config);
        filter = new BatchFilter(
                latest,
                untilOffset,
                aborted,
                lastOfProducers,
                wallMs,
                config.deleteRetentionMs(),
                config.decompressionLimit());
        sourceIndex = 0;
        return groups.isEmpty() ? Step.DONE : Step.MORE;
    }

    // Second pass

    private Step write(int maxBytes) throws IOException {
        if (!namesAreForced) {
            folder.disk().forceDirectory(folder.directory());
            namesAreForced = true;
            return nextGroup();
        }
        CompactionGroup group = group();
        Segment into = target;
        if (into == null) {
            deleteCleaned(group.baseOffset());
            into = Segment.cleaned(folder, group.baseOffset());
            target = into;
            into.createFile();
            sourceIndex = 0;
            hasChanged = group.sources().size() > 1;
        }
        while (bytesDone < maxBytes) {
            BatchReader batches = reader;
            if (batches == null) {
                if (sourceIndex == group.sources().size()) return written(into);
                batches = open(group.sources().get(sourceIndex));
            }
            if (batches.next()) {
                take(
                        batches,
                        into,
                        batches.isLast() && sourceIndex == group.sources().size() - 1);
            } else {
                closeReader();
                sourceIndex++;
            }
        }
        return Step.MORE;
    }

    private void take(BatchReader batches, Segment into, boolean isLast) throws IOException {
        BatchFilter decides = filter;
        if (decides == null) throw new IllegalStateException("the keys are not known yet");
        ByteBuffer batch = batches.buffer();
        int at = batches.at();
        count(batches.storedBytes());
        BatchFilter.Verdict verdict = decides.filter(batch, at, isLast);
        hasChanged |= verdict != BatchFilter.Verdict.STAYS || batches.isConverted();
        switch (verdict) {
            case STAYS -> add(batch, at, batches.sizeBytes(), into);
            case REWRITTEN -> add(decides.rewritten(), 0, decides.rewritten().limit(), into);
            case GOES -> {
                return;
            }
        }
        if (BatchHeader.isControl(batch, at) && decides.endsData()) {
            AbortedTransaction transaction = abortedByMarker.get(BatchHeader.baseOffset(batch, at));
            if (transaction != null) into.abort(transaction);
        }
    }

    private void add(ByteBuffer from, int at, int sizeBytes, Segment into) throws IOException {
        // Old messages may need more room in format 2 than they had.
        if ((long) into.sizeBytes() + out.position() + sizeBytes > Integer.MAX_VALUE)
            throw new InvalidBatch("what is left of the segment has more than 2 GiB as batches of format 2");
        if (sizeBytes > out.remaining()) drain(into);
        if (sizeBytes > out.capacity()) {
            into.append(from.duplicate().limit(at + sizeBytes).position(at), config.indexIntervalBytes());
            wrote(sizeBytes);
        } else {
            out.put(out.position(), from, at, sizeBytes).position(out.position() + sizeBytes);
        }
    }

    private void drain(Segment into) throws IOException {
        if (out.position() == 0) return;
        wrote(out.position());
        into.append(out.flip(), config.indexIntervalBytes());
        out.clear();
    }

    private Step written(Segment into) throws IOException {
        if (!hasChanged) {
            out.clear();
            into.closeFiles();
            target = null;
            deleteCleaned(into.baseOffset());
            return nextGroup();
        }
        drain(into);
        into.finish();
        into.force();
        into.forceIndexes();
        into.closeFiles();
        targetBytes = into.sizeBytes();
        promote(into.baseOffset());
        namesAreForced = false;
        return Step.SWAP;
    }

    /** The batches' file is renamed last: where there is a {@code .log.swap}, everything is whole. */
    private void promote(long baseOffset) throws IOException {
        synchronized (promotion) {
            if (isCancelled) return;
            promoted = baseOffset;
            for (String suffix : SegmentFiles.SUFFIXES.reversed()) {
                Path cleaned = folder.file(SegmentFileNames.of(baseOffset, suffix) + SegmentFileNames.CLEANED);
                if (folder.disk().exists(cleaned)) folder.disk().rename(cleaned, swapFile(baseOffset, suffix));
            }
            folder.disk().forceDirectory(folder.directory());
        }
    }

    private Path swapFile(long baseOffset, String suffix) {
        return folder.file(SegmentFileNames.of(baseOffset, suffix) + SegmentFileNames.SWAP);
    }

    /** Cancels it so that not even a crash puts anything in place any more: the log is about to be cut below its end. */
    void cancelForTruncation() throws IOException {
        synchronized (promotion) {
            isCancelled = true;
            if (promoted < 0) return;
            for (String suffix : SegmentFiles.SUFFIXES) folder.disk().delete(swapFile(promoted, suffix));
        }
    }

    private Step nextGroup() {
        target = null;
        groupIndex++;
        return groupIndex == groups.size() ? Step.DONE : Step.MORE;
    }

    private BatchReader open(CompactionGroup.Source source) throws IOException {
        BatchReader opened = BatchReader.ofSegment(
                folder.disk(),
                folder.file(SegmentFileNames.of(source.baseOffset(), SegmentFileNames.LOG)),
                source.sizeBytes(),
                limits.ioBytes(),
                range.untilOffset(),
                config.decompressionLimit());
        reader = opened;
        return opened;
    }

    private void closeReader() throws IOException {
        BatchReader open = reader;
        reader = null;
        if (open != null) open.close();
    }

    private void count(int bytes) {
        bytesRead += bytes;
        bytesDone += bytes;
    }

    private void wrote(int bytes) {
        bytesWritten += bytes;
        bytesDone += bytes;
    }
}
