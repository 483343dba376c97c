package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFull;
import io.millrace.environment.OpenMode;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The copy of a log that is to take its place in another log directory (KIP-113): the future replica, in a directory named
 * {@code topic-partition.uniqueId-future}.
 *
 * <p>First the files are copied byte for byte, segment by segment ({@link #nextSlice}); then the copy is opened as a log, which scans its
 * last segment ({@link #opening}); then what was appended meanwhile is appended to it ({@link #nextTail}); then it is forced
 * ({@link #prepareFlush}, {@link #sealing}); and in one turn of the lane it takes the original's place ({@link #swap}). A segment
 * is forced, with its indexes and its producer snapshot, before the next one is begun, so that after a crash all but the last one can be
 * kept ({@link #resuming}).
 *
 * <p>Work that a full disk refused ({@link LogDirectoryFailed#isWantOfSpace}) may be asked for again and goes on where it was; only after
 * a refused {@link #opening} the copy is to be looked at again ({@link #resuming}), as its last segment may have been cut.
 *
 * <p>Belongs to the lane of the log that is copied. What a {@link CopyWork} does blocks, and is run on a helper: one at a time; the lane
 * touches nothing but the original meanwhile, and tells {@link #ran} afterwards. The original must not be compacted from beginning to
 * end, and once it is cut ({@link #markStale}) the copy is to be discarded.
 */
public final class LogCopy {
    private static final long MARKS_NOTHING = -1;

    private final PartitionLog source;
    private final LogDirectory target;
    private final LogFolder folder;
    private final ProducerStateConfig producerConfig;
    private final FileCopy files;
    private long futureBytes;
    private long futureEndOffset;
    private @Nullable PartitionLog future;
    private long generation = MARKS_NOTHING;

    /**
     * Begins a copy.
     *
     * @param source what is copied
     * @param target where to
     * @param directory the copy's directory there, made by {@link LogDirectory#createFuture} or found by a start
     */
    public LogCopy(PartitionLog source, LogDirectory target, Path directory, ProducerStateConfig producerConfig) {
        this.source = source;
        this.target = target;
        this.folder = new LogFolder(target.disk(), directory);
        this.producerConfig = producerConfig;
        this.files = new FileCopy(source, folder);
    }

    /** Where the copy is: its own directory, until it takes the original's name. */
    public Path directory() {
        return folder.directory();
    }

    /** The copy as a log, once it is open. */
    public Optional<PartitionLog> future() {
        return Optional.ofNullable(future);
    }

    /**
     * Whether everything has been copied that was there when the copy began: what came later is of the present format, and may be
     * appended instead.
     */
    public boolean hasFoundation() {
        return files.hasFoundation();
    }

    /** Bytes of batches in the copy. */
    public long sizeBytes() {
        return future == null ? files.copiedBytes() : futureBytes;
    }

    /** How far the copy has come: the next offset it lacks; before it is open, the beginning of the segment that is being copied. */
    public long endOffset() {
        return future == null ? Math.min(files.segmentBase(), source.logEndOffset()) : futureEndOffset;
    }

    /** What may be asked while a helper is appending. */
    private void noteFuture(PartitionLog copy) {
        futureBytes = copy.sizeBytes();
        futureEndOffset = copy.logEndOffset();
    }

    /** Bytes that the copy lacks. */
    public long lagBytes() {
        if (future == null) return files.lagBytes();
        long end = future.logEndOffset();
        if (end >= source.logEndOffset()) return 0;
        Segments segments = source.segments();
        int index = segments.floorIndex(end);
        try {
            Segment.Place place = segments.at(index).find(end);
            long within = place == null ? 0 : segments.at(index).sizeBytes() - place.position();
            for (int i = index + 1; i < segments.count(); i++)
                within += segments.at(i).sizeBytes();
            return within;
        } catch (IOException e) {
            throw new LogDirectoryFailed(source.directory(), "look an offset up in", e);
        }
    }

    /**
     * Looks at what an earlier run, or another broker, has copied, and keeps the segments that are whole. Nothing is copied before it has
     * run.
     */
    public CopyWork resuming() {
        return files.resuming();
    }

    /**
     * Says in the copy's directory that the original has other records from now on, so that {@link #resuming} keeps nothing of it, in this run or a
     * later one. To be called before the original is cut; may be called while work is under way.
     */
    public void markStale() {
        files.markStale();
    }

    /** The next bytes to copy; nothing more to do may be seen by {@link #lagBytes}. The copy must not be open. */
    public CopyWork nextSlice(int maxBytes) {
        if (future != null) throw new IllegalStateException("the copy of " + source.partition() + " is open");
        return files.nextSlice(maxBytes);
    }

    /**
     * Opens the copy as a log; its last segment is scanned.
     *
     * @param nowMs wall time, for what expires
     */
    public CopyWork opening(long nowMs) {
        return new Opening(
                files.segmentBase(),
                source.logStartOffset(),
                source.encodedEpochs(),
                source.config(),
                source.directory(),
                nowMs);
    }

    private final class Opening extends CopyWork {
        private final long lastBase;
        private final long logStartOffset;
        private final byte[] epochs;
        private final LogConfig config;
        private final Path sourceDirectory;
        private final long nowMs;
        private @Nullable PartitionLog opened;

        private Opening(
                long lastBase, long logStartOffset, byte[] epochs, LogConfig config, Path sourceDirectory, long nowMs) {
            super(folder.directory(), 0);
            this.lastBase = lastBase;
            this.logStartOffset = logStartOffset;
            this.epochs = epochs;
            this.config = config;
            this.sourceDirectory = sourceDirectory;
            this.nowMs = nowMs;
        }

        @Override
        void doIt() throws IOException {
            files.closeOut();
            Path last = folder.file(SegmentFileNames.of(lastBase, SegmentFileNames.LOG));
            if (lastBase > 0 && !folder.disk().exists(last))
                folder.disk().open(last, OpenMode.CREATE).close();
            files.copySmall(sourceDirectory, SegmentFileNames.of(lastBase, SegmentFileNames.SNAPSHOT));
            folder.disk().replace(folder.file(LeaderEpochs.FILE_NAME), epochs);
            opened = PartitionLog.open(
                    folder.disk(),
                    folder.directory(),
                    source.partition(),
                    source.topicId().orElse(null),
                    config,
                    producerConfig,
                    lastBase,
                    logStartOffset,
                    false,
                    nowMs);
        }

        @Override
        void ran() {
            PartitionLog copy = opened;
            if (copy == null) throw new IllegalStateException("the copy has not been opened");
            future = copy;
            noteFuture(copy);
        }
    }

    /**
     * The next batches that the open copy lacks; nothing if it has them all.
     *
     * @param wallMs wall time, for a new segment
     * @param nowMs monotonic time, for {@code flush.ms}
     */
    public Optional<CopyWork> nextTail(int maxBytes, long wallMs, long nowMs) {
        PartitionLog copy = opened();
        long from = copy.logEndOffset();
        if (from >= source.logEndOffset()) return Optional.empty();
        Segments segments = source.segments();
        if (from < segments.first().baseOffset())
            throw new CorruptLog(
                    copy.directory(),
                    0,
                    "the log begins at offset " + segments.first().baseOffset() + " by now, and the copy ends at "
                            + from);
        ReadOutcome.Slice slice = source.readBeyondStart(from, maxBytes);
        long base = segments.at(segments.floorIndex(slice.batchBaseOffset())).baseOffset();
        return Optional.of(new Tail(copy, slice, base, wallMs, nowMs));
    }

    private PartitionLog opened() {
        PartitionLog copy = future;
        if (copy == null) throw new IllegalStateException("the copy of " + source.partition() + " is not open");
        return copy;
    }

    private final class Tail extends CopyWork {
        private final PartitionLog copy;
        private final ReadOutcome.Slice slice;
        private final long base;
        private final long wallMs;
        private final long nowMs;

        private Tail(PartitionLog copy, ReadOutcome.Slice slice, long base, long wallMs, long nowMs) {
            super(copy.directory(), slice.records().sizeBytes());
            this.copy = copy;
            this.slice = slice;
            this.base = base;
            this.wallMs = wallMs;
            this.nowMs = nowMs;
        }

        @Override
        void doIt() throws IOException {
            ByteBuffer bytes;
            try {
                bytes = slice.records().toBuffer();
            } finally {
                slice.records().release();
            }
            long before = copy.logEndOffset();
            if (base > copy.activeSegmentBaseOffset() && base <= before) copy.roll(wallMs);
            AppendOutcome outcome = copy.append(bytes, AppendOrigin.REPLICATION, Integer.MAX_VALUE, wallMs, nowMs);
            // A copy is asked by nobody whether there is space: the disk itself has refused.
            if (outcome instanceof AppendOutcome.Refused refused && refused.error() == ErrorCode.KAFKA_STORAGE_ERROR)
                throw new DiskFull(copy.directory(), "cannot append to the copy");
            if (outcome instanceof AppendOutcome.Refused refused)
                throw new CorruptLog(
                        copy.directory(),
                        0,
                        "a batch from offset " + before + " on cannot be copied: " + refused.message());
            if (copy.logEndOffset() == before)
                throw new CorruptLog(copy.directory(), 0, "no whole batch follows offset " + before);
        }

        @Override
        void ran() {
            noteFuture(copy);
        }

        @Override
        public void drop() {
            slice.records().release();
        }
    }

    /** Takes note on the lane of work that has run. */
    public void ran(CopyWork work) {
        work.ran();
    }

    /** Collects what has to be forced of the open copy; as {@link PartitionLog#prepareFlush}. */
    public Flush prepareFlush() {
        return opened().prepareFlush();
    }

    /** What a flush has forced; as {@link PartitionLog#flushed}. */
    public void flushed(Flush flush) {
        opened().flushed(flush);
    }

    /** Writes into the copy that it is whole up to what was forced, so that a start knows which of two logs to believe. */
    public CopyWork sealing() {
        return new Sealing(opened().recoveryPoint(), source.logStartOffset(), source.directory());
    }

    private final class Sealing extends CopyWork {
        private final long recoveryPoint;
        private final long logStartOffset;
        private final Path sourceDirectory;
        private long written;

        private Sealing(long recoveryPoint, long logStartOffset, Path sourceDirectory) {
            super(folder.directory(), 0);
            this.recoveryPoint = recoveryPoint;
            this.logStartOffset = logStartOffset;
            this.sourceDirectory = sourceDirectory;
        }

        @Override
        void doIt() throws IOException {
            written = generationOf(folder.disk(), sourceDirectory) + 1;
            new MoveMarker(written, recoveryPoint, logStartOffset).write(folder.disk(), folder.directory());
            folder.disk().forceDirectory(target.path());
        }

        @Override
        void ran() {
            generation = written;
        }
    }

    private static long generationOf(Disk disk, Path directory) {
        try {
            return MoveMarker.read(disk, directory).map(MoveMarker::generation).orElse(0L);
        } catch (IOException e) {
            throw new LogDirectoryFailed(directory, "read the marker of", e);
        }
    }

    /**
     * Whether the copy may take the original's place: it is sealed, has every record, and all that was forced in the original was forced in
     * it.
     */
    public boolean isReady() {
        PartitionLog copy = future;
        return copy != null
                && generation != MARKS_NOTHING
                && copy.logEndOffset() == source.logEndOffset()
                && copy.recoveryPoint() >= source.recoveryPoint();
    }

    /** How a swap ended. */
    public sealed interface Swap {
        /** The copy is the partition's log now. The original lies aside and is to be deleted, at {@code aside}. */
        record Done(PartitionLog log, Path aside) implements Swap {}

        /** As {@link Done}, but the original could not be set aside, as its directory has failed. */
        record SourceFailed(PartitionLog log, LogDirectoryFailed failure) implements Swap {}

        /** The target has failed: the original goes on being the partition's log. */
        record TargetFailed(LogDirectoryFailed failure) implements Swap {}
    }

    /**
     * Puts the copy in the original's place: two renames, each of them forced, while nobody appends. The caller appends to the log
     * that the outcome names from then on.
     *
     * @param home the log directory of the original
     * @param uniqueId a fresh id, for the name of the original
     * @throws IllegalStateException unless {@link #isReady}
     */
    public Swap swap(LogDirectory home, Uuid uniqueId) {
        PartitionLog copy = opened();
        if (!isReady()) throw new IllegalStateException("the copy of " + source.partition() + " is not whole");
        try {
            Path place = target.promote(folder.directory(), source.partition());
            copy.directoryRenamed(place);
            folder.movedTo(place);
        } catch (LogDirectoryFailed failure) {
            outrank();
            return new Swap.TargetFailed(failure);
        }
        copy.takeOver(source);
        try {
            Path aside = home.setAside(
                    source.directory(), source.partition(), PartitionDirectoryName.State.DELETE, uniqueId);
            source.directoryRenamed(aside);
            return new Swap.Done(copy, aside);
        } catch (LogDirectoryFailed failure) {
            return new Swap.SourceFailed(copy, failure);
        }
    }

    /** The name may have come to be on the failed disk: the original says that it is the newer one. */
    private void outrank() {
        try {
            new MoveMarker(generation + 1, source.recoveryPoint(), source.logStartOffset())
                    .write(source.disk(), source.directory());
        } catch (IOException e) {
            throw new LogDirectoryFailed(source.directory(), "write the marker of", e);
        }
    }

    /** Ends the copy for this run of the process, so that a later one can go on; blocks. Not while work is under way. */
    public void suspend() {
        try {
            files.closeOut();
            PartitionLog copy = future;
            if (copy != null) copy.close();
            // Kafka would trust a file that ends in the midst of a batch after a clean stop.
            else if (files.isWithinSegment()) files.wipeFrom(files.segmentBase());
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "close", e);
        }
    }

    /** Ends the copy and deletes it; blocks. Not while work is under way. */
    public void discard() {
        try {
            files.closeOut();
            PartitionLog copy = future;
            if (copy != null) copy.abandon();
            if (folder.disk().isDirectory(folder.directory())) target.delete(folder.directory());
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "delete", e);
        }
    }

    /** Lets go of the files without writing anything, since the target has failed. */
    public void abandon() {
        try {
            files.closeOut();
            PartitionLog copy = future;
            if (copy != null) copy.abandon();
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "close", e);
        }
    }
}
