package io.millrace.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * Files that a crash left between two states. Deletions are completed; a compaction that had not finished is dropped; one
 * that had finished is put in place of the segments it covers.
 */
final class LeftoverFiles {
    private static final int WINDOW_BYTES = 64 << 10;
    private static final String TRANSACTION_SWAP = SegmentFileNames.TRANSACTION_INDEX + SegmentFileNames.SWAP;
    private static final String LOG_SWAP = SegmentFileNames.LOG + SegmentFileNames.SWAP;

    private LeftoverFiles() {}

    /** Returns whether any file was changed. */
    static boolean settle(LogFolder folder, Set<String> names, List<String> notes) throws IOException {
        boolean changed = false;
        long firstCleaned = Long.MAX_VALUE;
        for (String name : names) {
            for (String suffix : SegmentFiles.SUFFIXES) {
                OptionalLong cleaned = SegmentFileNames.offsetIn(name, suffix + SegmentFileNames.CLEANED);
                if (cleaned.isPresent()) firstCleaned = Math.min(firstCleaned, cleaned.getAsLong());
            }
        }
        TreeSet<Long> swaps = new TreeSet<>();
        for (String name : names) {
            OptionalLong swap = SegmentFileNames.offsetIn(name, LOG_SWAP);
            if (swap.isPresent() && swap.getAsLong() < firstCleaned) {
                swaps.add(swap.getAsLong());
            } else if (isLeftover(name) && !isTransactionSwap(name, firstCleaned)) {
                folder.disk().delete(folder.file(name));
                changed = true;
            }
        }
        for (String name : names) {
            if (!isTransactionSwap(name, firstCleaned)) continue;
            long baseOffset = SegmentFileNames.offsetIn(name, TRANSACTION_SWAP).orElseThrow();
            if (swaps.contains(baseOffset)) continue;
            putTransactionsInPlace(folder, baseOffset, names);
            changed = true;
        }
        for (long swap : swaps) {
            putInPlace(folder, swap, names);
            notes.add("finished the compaction of segment " + swap);
            changed = true;
        }
        return changed;
    }

    private static boolean isLeftover(String name) {
        return name.endsWith(SegmentFileNames.DELETED)
                || name.endsWith(SegmentFileNames.CLEANED)
                || name.endsWith(SegmentFileNames.SWAP)
                || name.endsWith(".tmp");
    }

    private static boolean isTransactionSwap(String name, long firstCleaned) {
        OptionalLong swap = SegmentFileNames.offsetIn(name, TRANSACTION_SWAP);
        return swap.isPresent() && swap.getAsLong() < firstCleaned;
    }

    /** The batches were put in place before the crash; what they say of aborted transactions was not. */
    private static void putTransactionsInPlace(LogFolder folder, long baseOffset, Set<String> names)
            throws IOException {
        Path swap = folder.file(SegmentFileNames.of(baseOffset, TRANSACTION_SWAP));
        if (names.contains(SegmentFileNames.of(baseOffset, SegmentFileNames.LOG)))
            folder.disk()
                    .rename(swap, folder.file(SegmentFileNames.of(baseOffset, SegmentFileNames.TRANSACTION_INDEX)));
        else folder.disk().delete(swap);
        folder.disk().forceDirectory(folder.directory());
    }

    /** The indexes beside the compacted file are left to be made anew: one rename then decides. */
    private static void putInPlace(LogFolder folder, long baseOffset, Set<String> names) throws IOException {
        Path swap = folder.file(SegmentFileNames.of(baseOffset, LOG_SWAP));
        long endOffset = endOffset(folder, swap, baseOffset);
        for (String name : names) {
            for (String suffix : SegmentFiles.SUFFIXES) {
                OptionalLong old = SegmentFileNames.offsetIn(name, suffix);
                if (old.isPresent()
                        && old.getAsLong() >= baseOffset
                        && old.getAsLong() < Math.max(endOffset, baseOffset + 1))
                    folder.disk().delete(folder.file(name));
            }
        }
        folder.disk().forceDirectory(folder.directory());
        String transactions = SegmentFileNames.of(baseOffset, TRANSACTION_SWAP);
        if (names.contains(transactions)) {
            folder.disk()
                    .rename(
                            folder.file(transactions),
                            folder.file(SegmentFileNames.of(baseOffset, SegmentFileNames.TRANSACTION_INDEX)));
            folder.disk().forceDirectory(folder.directory());
        }
        folder.disk().rename(swap, folder.file(SegmentFileNames.of(baseOffset, SegmentFileNames.LOG)));
        folder.disk().forceDirectory(folder.directory());
    }

    private static long endOffset(LogFolder folder, Path swap, long baseOffset) throws IOException {
        try (var file = folder.disk().open(swap, io.millrace.environment.OpenMode.READ)) {
            BatchCursor cursor =
                    new BatchCursor(file, baseOffset, ByteBuffer.allocate(WINDOW_BYTES), 0, file.sizeBytes());
            long end = baseOffset;
            while (cursor.next()) end = cursor.lastOffset() + 1;
            return end;
        }
    }
}
