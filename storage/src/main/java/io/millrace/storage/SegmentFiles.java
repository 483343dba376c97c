package io.millrace.storage;

import java.util.List;

/** The files a segment may have. */
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
}
