package io.millrace.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The files a segment may have, and how they go. */
final class SegmentFiles {
    /**
     * In the order in which they are renamed or deleted: the batches go first, so that a crash in between leaves indexes
     * without batches, which the next start removes, and never batches that seem to be back.
     */
    static final List<String> SUFFIXES = List.of(
            SegmentFileNames.LOG,
            SegmentFileNames.INDEX,
            SegmentFileNames.TIME_INDEX,
            SegmentFileNames.TRANSACTION_INDEX);

    private SegmentFiles() {}

    /** Deletes them at once. */
    static void delete(LogFolder folder, Segment segment) throws IOException {
        segment.closeFiles();
        for (String suffix : SUFFIXES)
            folder.disk().delete(folder.file(SegmentFileNames.of(segment.baseOffset(), suffix)));
    }

    /** Renames those that exist, to be deleted when nobody reads them any more. */
    static PendingDeletion markDeleted(LogFolder folder, Segment segment) throws IOException {
        segment.closeFiles();
        List<Path> files = new ArrayList<>(SUFFIXES.size());
        for (String suffix : SUFFIXES) {
            String name = SegmentFileNames.of(segment.baseOffset(), suffix);
            if (!folder.disk().exists(folder.file(name))) continue;
            Path to = folder.file(name + SegmentFileNames.DELETED);
            folder.disk().rename(folder.file(name), to);
            files.add(to);
        }
        return new PendingDeletion(folder.disk(), files, segment.sizeBytes());
    }
}
