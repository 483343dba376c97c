package io.millrace.storage;

import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The files of a log that is being copied, byte for byte, before the copy is opened as a log ({@link LogCopy}): segment by segment,
 * each of them forced with its indexes and its producer snapshot before the next one is begun.
 *
 * <p>Belongs to the lane of the log; what a {@link CopyWork} does is done by a helper, one at a time.
 */
final class FileCopy {
    private static final List<String> COMPANIONS = List.of(
            SegmentFileNames.INDEX,
            SegmentFileNames.TIME_INDEX,
            SegmentFileNames.TRANSACTION_INDEX,
            SegmentFileNames.SNAPSHOT);
    /** An empty file in the directory of a copy whose original has been cut since. */
    private static final String STALE_FILE_NAME = "millrace-stale";

    private static final int SMALL_FILE_BYTES = 1 << 30;

    private final PartitionLog source;
    private final LogFolder folder;
    private final long foundationBase;
    private final long foundationBytes;
    private long segmentBase;
    private long position;
    private long copiedBytes;
    private @Nullable DiskFile out;

    FileCopy(PartitionLog source, LogFolder folder) {
        this.source = source;
        this.folder = folder;
        this.segmentBase = source.segments().first().baseOffset();
        this.foundationBase = source.segments().active().baseOffset();
        this.foundationBytes = source.segments().active().sizeBytes();
    }

    /** As {@link LogCopy#hasFoundation}. */
    boolean hasFoundation() {
        return segmentBase > foundationBase || (segmentBase == foundationBase && position >= foundationBytes);
    }

    /** Bytes of batches that have been copied. */
    long copiedBytes() {
        return copiedBytes;
    }

    /** Base offset of the segment that is being copied. */
    long segmentBase() {
        return segmentBase;
    }

    /** Whether a part of the last segment has been copied. */
    boolean isWithinSegment() {
        return position > 0;
    }

    /** Bytes of batches that the original has and the copy has not. */
    long lagBytes() {
        return bytesBehind(segmentBase) - (isThere(segmentBase) ? position : 0);
    }

    private long bytesBehind(long baseOffset) {
        long bytes = 0;
        for (Segment segment : source.segments().all())
            if (segment.baseOffset() >= baseOffset) bytes += segment.sizeBytes();
        return bytes;
    }

    private boolean isThere(long baseOffset) {
        Segments segments = source.segments();
        return segments.at(segments.floorIndex(baseOffset)).baseOffset() == baseOffset;
    }

    /** As {@link LogCopy#markStale}. */
    void markStale() {
        try {
            folder.disk().replace(folder.file(STALE_FILE_NAME), new byte[0]);
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "mark the copy in", e);
        }
    }

    /** As {@link LogCopy#resuming}. */
    CopyWork resuming() {
        List<Long> bases = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        for (Segment segment : source.segments().all()) {
            bases.add(segment.baseOffset());
            sizes.add(segment.sizeBytes());
        }
        return new Resuming(bases, sizes);
    }

    private final class Resuming extends CopyWork {
        private final List<Long> bases;
        private final List<Integer> sizes;
        private int kept;

        private Resuming(List<Long> bases, List<Integer> sizes) {
            super(folder.directory(), 0);
            this.bases = bases;
            this.sizes = sizes;
        }

        @Override
        void doIt() throws IOException {
            closeOut();
            TreeSet<Long> found = new TreeSet<>();
            for (String name : folder.disk().list(folder.directory()))
                SegmentFileNames.offsetIn(name, SegmentFileNames.LOG).ifPresent(found::add);
            Path stale = folder.file(STALE_FILE_NAME);
            boolean isStale = folder.disk().exists(stale);
            // The last one may not be whole; the active one is copied anew in any case.
            while (!isStale && kept < Math.min(found.size(), bases.size()) - 1 && isSame(kept)) kept++;
            boolean isPrefix = kept == 0 || found.first().equals(bases.getFirst());
            if (!isPrefix) kept = 0;
            wipeFrom(kept == 0 ? Long.MIN_VALUE : bases.get(kept));
            if (!isStale) return;
            folder.disk().delete(stale);
            folder.disk().forceDirectory(folder.directory());
        }

        private boolean isSame(int index) throws IOException {
            Path file = folder.file(SegmentFileNames.of(bases.get(index), SegmentFileNames.LOG));
            if (!folder.disk().exists(file)) return false;
            try (DiskFile log = folder.disk().open(file, OpenMode.READ)) {
                return log.sizeBytes() == sizes.get(index);
            }
        }

        @Override
        void ran() {
            segmentBase = bases.get(kept);
            position = 0;
            copiedBytes = 0;
            for (int i = 0; i < kept; i++) copiedBytes += sizes.get(i);
        }
    }

    /**
     * Deletes the files of segments from an offset on; all files but {@code partition.metadata} if that is the least there is. Whether the rest is stale
     * is known as long as anything is left.
     */
    void wipeFrom(long fromOffset) throws IOException {
        for (String name : folder.disk().list(folder.directory())) {
            boolean isDue = fromOffset == Long.MIN_VALUE
                    && !name.equals(PartitionMetadata.FILE_NAME)
                    && !name.equals(STALE_FILE_NAME);
            for (String suffix : SegmentFiles.SUFFIXES)
                isDue |= SegmentFileNames.offsetIn(name, suffix).orElse(Long.MIN_VALUE) >= fromOffset
                        && SegmentFileNames.offsetIn(name, suffix).isPresent();
            isDue |= SegmentFileNames.offsetIn(name, SegmentFileNames.SNAPSHOT).orElse(Long.MIN_VALUE) > fromOffset;
            isDue |= name.equals(MoveMarker.FILE_NAME);
            if (isDue) folder.disk().delete(folder.file(name));
        }
        folder.disk().forceDirectory(folder.directory());
    }

    /** As {@link LogCopy#nextSlice}. */
    CopyWork nextSlice(int maxBytes) {
        Segments segments = source.segments();
        int index = segments.floorIndex(segmentBase);
        Segment segment = segments.at(index);
        // Retention has taken the segment that was being copied, and with it all that was copied before.
        if (segment.baseOffset() != segmentBase)
            return new Restart(segments.first().baseOffset());
        int bytes = (int) Math.min(maxBytes, segment.sizeBytes() - position);
        boolean ends = index + 1 < segments.count() && position + bytes == segment.sizeBytes();
        try {
            FileRecords range = bytes == 0
                    ? FileRecords.EMPTY
                    : FileRecords.of(segment.log().shared(), position, bytes, segment.formats());
            return new Slice(
                    segmentBase,
                    position,
                    range,
                    ends ? segments.at(index + 1).baseOffset() : segmentBase,
                    source.directory());
        } catch (IOException e) {
            throw new LogDirectoryFailed(source.directory(), "read from", e);
        }
    }

    private final class Restart extends CopyWork {
        private final long firstBase;

        private Restart(long firstBase) {
            super(folder.directory(), 0);
            this.firstBase = firstBase;
        }

        @Override
        void doIt() throws IOException {
            closeOut();
            wipeFrom(Long.MIN_VALUE);
        }

        @Override
        void ran() {
            segmentBase = firstBase;
            position = 0;
            copiedBytes = 0;
        }
    }

    private final class Slice extends CopyWork {
        private final long base;
        private final long from;
        private final FileRecords range;
        private final long nextBase;
        private final Path sourceDirectory;

        private Slice(long base, long from, FileRecords range, long nextBase, Path sourceDirectory) {
            super(folder.directory(), range.sizeBytes());
            this.base = base;
            this.from = from;
            this.range = range;
            this.nextBase = nextBase;
            this.sourceDirectory = sourceDirectory;
        }

        @Override
        void doIt() throws IOException {
            ByteBuffer bytes;
            try {
                bytes = range.toBuffer();
            } finally {
                range.release();
            }
            if (bytes.remaining() < range.sizeBytes())
                throw new CorruptLog(
                        sourceDirectory.resolve(SegmentFileNames.of(base, SegmentFileNames.LOG)),
                        from + bytes.remaining(),
                        "the file is shorter than it was");
            if (bytes.hasRemaining()) out(base, from).write(from, bytes);
            if (nextBase == base) return;
            DiskFile file = out;
            if (file != null) file.force();
            closeOut();
            for (String suffix : COMPANIONS) copySmall(sourceDirectory, SegmentFileNames.of(base, suffix));
            // The producer snapshot that the next segment begins with.
            copySmall(sourceDirectory, SegmentFileNames.of(nextBase, SegmentFileNames.SNAPSHOT));
            folder.disk().forceDirectory(folder.directory());
        }

        @Override
        void ran() {
            copiedBytes += range.sizeBytes();
            position = nextBase == base ? from + range.sizeBytes() : 0;
            segmentBase = nextBase;
        }

        @Override
        public void drop() {
            range.release();
        }
    }

    private DiskFile out(long base, long from) throws IOException {
        DiskFile file = out;
        if (file == null) {
            file = folder.disk()
                    .open(
                            folder.file(SegmentFileNames.of(base, SegmentFileNames.LOG)),
                            from == 0 ? OpenMode.CREATE : OpenMode.READ_WRITE);
            out = file;
            if (from == 0) file.truncate(0);
        }
        return file;
    }

    /** Closes the file that is being written, if one is. */
    void closeOut() throws IOException {
        DiskFile file = out;
        out = null;
        if (file != null) file.close();
    }

    /** Copies and forces a file of the original, if it is there. */
    void copySmall(Path sourceDirectory, String name) throws IOException {
        byte[] content;
        try {
            content = folder.disk().readAll(sourceDirectory.resolve(name), SMALL_FILE_BYTES);
        } catch (NoSuchFileException notThere) {
            return;
        } catch (IOException e) {
            throw new LogDirectoryFailed(sourceDirectory, "copy " + name + " from", e);
        }
        try (DiskFile file = folder.disk().open(folder.file(name), OpenMode.CREATE)) {
            file.truncate(0);
            file.write(0, ByteBuffer.wrap(content));
            file.force();
        }
    }
}
