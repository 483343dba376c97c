package io.millrace.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How far one log is compacted, what may be compacted next, and the compaction under way, of which there is one at most. Belongs
 * to the log's lane.
 */
public final class LogCompaction {
    private final PartitionLog log;
    private final LogFolder folder;
    private final Segments segments;
    private final ProducerSnapshots snapshots;
    private final ProducerStates producers;
    private long firstDirtyOffset;
    private @Nullable Compaction running;
    private boolean isPaused;

    LogCompaction(
            PartitionLog log,
            LogFolder folder,
            Segments segments,
            ProducerSnapshots snapshots,
            ProducerStates producers) {
        this.log = log;
        this.folder = folder;
        this.segments = segments;
        this.snapshots = snapshots;
        this.producers = producers;
    }

    /** Below it the log is compacted, as far as anybody knows. */
    public long firstDirtyOffset() {
        return firstDirtyOffset;
    }

    /** Takes over what the checkpoint says; an offset that this log cannot have been compacted to begins it anew. */
    public void resumeAt(long offset) {
        firstDirtyOffset = offset > log.activeSegmentBaseOffset() || offset < 0 ? 0 : offset;
    }

    /** From now on nothing is compacted, until {@link #goOn}: the log is being copied. */
    public void pause() {
        cancel();
        isPaused = true;
    }

    /** Ends {@link #pause}. */
    public void goOn() {
        isPaused = false;
    }

    /** Whether nothing is compacted for the time being. */
    public boolean isPaused() {
        return isPaused;
    }

    /** Whether one is under way. */
    public boolean isRunning() {
        return running != null;
    }

    /**
     * What may be compacted.
     *
     * @param wallMs wall time, for the lags
     */
    public CompactionRange range(long wallMs) {
        try {
            long from = Math.max(firstDirtyOffset, log.logStartOffset());
            long until = Math.min(
                    Math.min(log.activeSegmentBaseOffset(), log.recoveryPoint()),
                    Math.min(log.highWatermark(), log.lastStableOffset()));
            if (log.config().minCompactionLagMs() > 0) until = Math.min(until, firstYoung(from, wallMs));
            return measure(from, Math.max(from, until), wallMs);
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "look what to compact in", e);
        }
    }

    private long firstYoung(long from, long wallMs) throws IOException {
        for (int i = segments.floorIndex(from); i < segments.count() - 1; i++)
            if (segments.at(i).maxTimestamp() > wallMs - log.config().minCompactionLagMs())
                return segments.at(i).baseOffset();
        return segments.active().baseOffset();
    }

    private CompactionRange measure(long from, long until, long wallMs) throws IOException {
        long cleanBytes = 0;
        long dirtyBytes = 0;
        boolean isOverdue = false;
        long maxLagMs = log.config().maxCompactionLagMs();
        for (int i = 0; i < segments.count() - 1; i++) {
            Segment segment = segments.at(i);
            if (segments.at(i + 1).baseOffset() <= from) {
                cleanBytes += segment.sizeBytes();
            } else if (segment.baseOffset() < until && from < until) {
                dirtyBytes += segment.sizeBytes();
                if (maxLagMs < Long.MAX_VALUE) {
                    long oldest = segment.firstBatchTimestamp();
                    isOverdue |= oldest >= 0 && wallMs - oldest > maxLagMs;
                }
            }
        }
        return new CompactionRange(from, until, cleanBytes, dirtyBytes, isOverdue);
    }

    /**
     * Begins a compaction of a range that {@link #range} has just given.
     *
     * @param secret0 random, for the hash of keys
     * @param secret1 random too
     * @throws IllegalStateException if one is under way
     */
    public Compaction begin(CompactionRange range, CompactionLimits limits, long wallMs, long secret0, long secret1) {
        if (running != null) throw new IllegalStateException("a compaction of " + log.partition() + " is under way");
        List<CompactionGroup.Source> sources = new ArrayList<>();
        List<Long> baseOffsets = new ArrayList<>(segments.count());
        for (int i = 0; i < segments.count(); i++) {
            Segment segment = segments.at(i);
            baseOffsets.add(segment.baseOffset());
            if (i < segments.count() - 1 && segment.baseOffset() < range.untilOffset())
                sources.add(new CompactionGroup.Source(
                        segment,
                        segment.baseOffset(),
                        segment.sizeBytes(),
                        segments.at(i + 1).baseOffset()));
        }
        Compaction begun = new Compaction(
                new LogFolder(folder.disk(), folder.directory()),
                log.config(),
                range,
                limits,
                List.copyOf(sources),
                baseOffsets,
                producers.lastOfEach(),
                wallMs,
                secret0,
                secret1);
        running = begun;
        return begun;
    }

    /**
     * Puts the segment a compaction has written in the place of those it was made of.
     *
     * @return their files, to be deleted after {@code file.delete.delay.ms}; nothing if one of them has been removed meanwhile: the
     *         compaction is cancelled then
     */
    public Optional<List<PendingDeletion>> swap(Compaction compaction) {
        List<CompactionGroup.Source> sources = compaction.group().sources();
        long baseOffset = compaction.group().baseOffset();
        int from = segments.floorIndex(baseOffset);
        try {
            if (compaction.isCancelled() || !isThere(from, sources)) {
                compaction.cancel();
                dropSwap(baseOffset);
                return Optional.empty();
            }
            List<PendingDeletion> pending = new ArrayList<>(sources.size());
            for (CompactionGroup.Source source : sources)
                pending.add(SegmentFiles.markDeleted(folder, source.segment()));
            for (String suffix : SegmentFiles.SUFFIXES) {
                Path swap = swapFile(baseOffset, suffix);
                if (folder.disk().exists(swap))
                    folder.disk().rename(swap, folder.file(SegmentFileNames.of(baseOffset, suffix)));
            }
            Segment.Found found = new Segment.Found(true, true, true, compaction.targetHasTransactions());
            Segment replaced = sources.getLast().segment();
            Segment made = new Segment(folder, baseOffset, found, compaction.targetBytes(), replaced.createdMs());
            made.formats().noteSound(0, compaction.targetBytes());
            segments.replace(from, from + sources.size(), made);
            snapshots.deleteBetween(baseOffset + 1, compaction.group().nextOffset());
            log.namesChanged();
            return Optional.of(pending);
        } catch (IOException e) {
            throw LogDirectoryFailed.halfDone(folder.directory(), "put compacted segments in place in", e);
        }
    }

    private boolean isThere(int from, List<CompactionGroup.Source> sources) {
        if (from + sources.size() >= segments.count()) return false;
        for (int i = 0; i < sources.size(); i++)
            if (segments.at(from + i) != sources.get(i).segment()) return false;
        return true;
    }

    private void dropSwap(long baseOffset) throws IOException {
        for (String suffix : SegmentFiles.SUFFIXES) folder.disk().delete(swapFile(baseOffset, suffix));
    }

    private Path swapFile(long baseOffset, String suffix) {
        return folder.file(SegmentFileNames.of(baseOffset, suffix) + SegmentFileNames.SWAP);
    }

    /** A compaction has come to its end, done or not. */
    public void finished(Compaction compaction, boolean isDone) {
        if (running != compaction) return;
        running = null;
        if (isDone && !compaction.isCancelled()) firstDirtyOffset = compaction.endOffset();
    }

    /** Lets the compaction under way end without any further effect. */
    public void cancel() {
        if (running != null) running.cancel();
    }

    /** The log is about to be cut to an offset. */
    void truncated(long offset) {
        firstDirtyOffset = Math.min(firstDirtyOffset, offset);
        if (running == null || offset >= running.range().untilOffset()) return;
        try {
            running.cancelForTruncation();
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "cancel the compaction of", e);
        }
    }
}
