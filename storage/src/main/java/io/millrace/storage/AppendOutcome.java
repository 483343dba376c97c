package io.millrace.storage;

import io.millrace.protocol.ErrorCode;
import java.util.List;

/** What became of an append. */
public sealed interface AppendOutcome {
    /**
     * The batches are in the log.
     *
     * @param baseOffset      offset of the first record
     * @param lastOffset      offset of the last record
     * @param logAppendTimeMs the time stamp the broker gave the records, or -1 when the producer's were kept
     * @param logStartOffset  the log start offset at that moment
     */
    record Appended(long baseOffset, long lastOffset, long logAppendTimeMs, long logStartOffset)
            implements AppendOutcome {}

    /**
     * The batch is one of the last five of its producer; it was not written again.
     *
     * @param baseOffset     offset of the first record as it was first written
     * @param lastOffset     offset of the last record as it was first written
     * @param timestamp      the largest time stamp of the batch as first written
     * @param logStartOffset the log start offset at that moment
     */
    record Duplicate(long baseOffset, long lastOffset, long timestamp, long logStartOffset) implements AppendOutcome {}

    /**
     * Nothing was written.
     *
     * @param error   the code a produce response carries
     * @param message for the producer's log
     * @param records the records at fault, where single ones are
     */
    record Refused(ErrorCode error, String message, List<RecordError> records) implements AppendOutcome {
        /** A refusal of the batch as a whole. */
        public Refused(ErrorCode error, String message) {
            this(error, message, List.of());
        }
    }
}
