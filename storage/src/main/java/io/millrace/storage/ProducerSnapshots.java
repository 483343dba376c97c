package io.millrace.storage;

import io.millrace.environment.DiskFile;
import io.millrace.environment.DiskFull;
import io.millrace.environment.OpenMode;
import io.millrace.records.BatchHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The producer snapshots of a log: one at each segment's base offset, and one at its end after a clean shutdown. What
 * lies behind the newest whole one is replayed from the batches.
 */
final class ProducerSnapshots {
    private static final int REPLAY_WINDOW_BYTES = 64 << 10;

    /** How many index entries before a snapshot batches are recalled: 64 batches, or 256 KB of small ones. */
    private static final int RECALLED_ENTRIES = 64;

    private final LogFolder folder;
    private final ProducerStateConfig config;
    private final TreeSet<Long> offsets = new TreeSet<>();
    private final List<Path> unforced = new ArrayList<>(0);
    private final long openedAtMs;

    /** @param nowMs wall time; producers that had expired by then are not restored */
    ProducerSnapshots(LogFolder folder, ProducerStateConfig config, long nowMs) {
        this.folder = folder;
        this.config = config;
        this.openedAtMs = nowMs;
    }

    void found(long offset) {
        offsets.add(offset);
    }

    /** Whether there is one at an offset. */
    boolean hasAt(long offset) {
        return offsets.contains(offset);
    }

    void write(long offset, ProducerStates producers) throws IOException {
        byte[] content = producers.toSnapshot();
        Path path = path(offset);
        try (DiskFile file = folder.disk().open(path, OpenMode.CREATE)) {
            file.truncate(0);
            file.write(0, ByteBuffer.wrap(content));
        } catch (DiskFull full) {
            delete(offset);
            throw full;
        }
        offsets.add(offset);
        unforced.add(path);
    }

    /**
     * Sees to it that there is a snapshot at an offset and that it is forced with the rest: the batches it stands for may be
     * let go from now on. A process that was killed may have written it and not come to force it.
     */
    void keepAt(long offset, ProducerStates producers) throws IOException {
        if (offsets.contains(offset)) {
            try (DiskFile file = folder.disk().open(path(offset), OpenMode.READ_WRITE)) {
                Rewriting.rewrite(file, 0, file.sizeBytes());
            }
            unforced.add(path(offset));
        } else if (offset > 0) {
            write(offset, producers);
        }
    }

    /** Snapshots written since the last call, for a flush to force. */
    List<Path> takeUnforced() {
        List<Path> taken = List.copyOf(unforced);
        unforced.clear();
        return taken;
    }

    /** The directory has another name: what is not forced yet is found under it. */
    void directoryRenamed() {
        unforced.replaceAll(path -> folder.file(path.getFileName().toString()));
    }

    /** The newest snapshot that is whole, of those up to an offset, or -1. */
    long newestWhole(long offset) throws IOException {
        for (Long at = offsets.floor(offset); at != null; at = offsets.lower(at)) {
            try {
                ProducerSnapshot.read(folder.disk(), path(at));
                return at;
            } catch (CorruptLog torn) {
                delete(at);
            }
        }
        return -1;
    }

    /**
     * A flush has written and forced a snapshot at an offset. The one of an earlier flush goes, those at the beginning of
     * a segment stay.
     */
    void flushedAt(long offset, Segments segments) throws IOException {
        Long before = offsets.lower(offset);
        if (before != null && segments.at(segments.floorIndex(before)).baseOffset() != before) delete(before);
        offsets.add(offset);
    }

    /** Deletes a snapshot that says nothing true, or was not written whole. */
    void discard(long offset) throws IOException {
        delete(offset);
    }

    void deleteBefore(long offset) throws IOException {
        for (long old : List.copyOf(offsets.headSet(offset))) delete(old);
    }

    void deleteFrom(long offset) throws IOException {
        for (long later : List.copyOf(offsets.tailSet(offset))) delete(later);
    }

    /** Deletes those from one offset up to another. */
    void deleteBetween(long fromOffset, long untilOffset) throws IOException {
        for (long old : List.copyOf(offsets.subSet(fromOffset, untilOffset))) delete(old);
    }

    private void delete(long offset) throws IOException {
        folder.disk().delete(path(offset));
        offsets.remove(offset);
        unforced.remove(path(offset));
    }

    Path path(long offset) {
        return folder.file(SegmentFileNames.of(offset, SegmentFileNames.SNAPSHOT));
    }

    /** Brings the producers to what the log says of them at an offset. */
    void restore(ProducerStates producers, Segments segments, long logStartOffset, long endOffset) throws IOException {
        long from = loadNewest(producers, logStartOffset, endOffset);
        if (producers.count() > 0) recall(producers, segments, from);
        if (from >= endOffset) return;
        for (int i = segments.floorIndex(from); i < segments.count(); i++) {
            Segment segment = segments.at(i);
            if (segment.baseOffset() >= endOffset) return;
            Segment.Place first = segment.find(from);
            if (first == null) continue;
            BatchCursor cursor = segment.cursor(first.position(), ByteBuffer.allocate(REPLAY_WINDOW_BYTES));
            while (cursor.next() && cursor.baseOffset() < endOffset) replay(producers, cursor);
        }
    }

    /**
     * A snapshot has the last batch of each producer; those before it are looked for close to the end it was made at, in
     * that segment and the one before.
     */
    private static void recall(ProducerStates producers, Segments segments, long untilOffset) throws IOException {
        if (untilOffset <= segments.first().baseOffset()) return;
        int last = segments.floorIndex(untilOffset - 1);
        for (int i = Math.max(0, last - 1); i <= last; i++) recall(producers, segments.at(i), untilOffset);
    }

    private static void recall(ProducerStates producers, Segment segment, long untilOffset) throws IOException {
        if (segment.sizeBytes() == 0) return;
        BatchCursor cursor = segment.cursor(
                segment.positionOfEntryBefore(untilOffset, RECALLED_ENTRIES), ByteBuffer.allocate(REPLAY_WINDOW_BYTES));
        // What lies behind that offset may be torn: it is not looked at.
        while (cursor.next()) {
            if (cursor.producerId() != BatchHeader.NO_PRODUCER_ID && !cursor.isControl())
                producers.recall(cursor.header(), cursor.headerAt());
            if (cursor.lastOffset() + 1 >= untilOffset) return;
        }
    }

    /** Notes the current batch of a cursor; returns the transaction it ended, or null. */
    static ProducerStates.@Nullable Ended replay(ProducerStates producers, BatchCursor cursor) throws IOException {
        if (cursor.producerId() == BatchHeader.NO_PRODUCER_ID) return null;
        return cursor.isControl()
                ? producers.replay(cursor.batch(), 0)
                : producers.replay(cursor.header(), cursor.headerAt());
    }

    private long loadNewest(ProducerStates producers, long logStartOffset, long endOffset) throws IOException {
        for (Long at = offsets.floor(endOffset); at != null; at = offsets.lower(at)) {
            try {
                producers.load(
                        ProducerSnapshot.read(folder.disk(), path(at)), openedAtMs, config.producerIdExpirationMs());
                return at;
            } catch (CorruptLog torn) {
                // Snapshots are copies of what the batches say: a torn one gives way to an older one and a replay.
                delete(at);
            }
        }
        producers.clear();
        return logStartOffset;
    }
}
