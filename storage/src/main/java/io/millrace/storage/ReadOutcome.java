package io.millrace.storage;

/** What a read found. */
public sealed interface ReadOutcome {
    /**
     * A range of one segment file. The last batch in it may be cut by the size limit, as in Kafka; readers ignore the
     * piece. The owner of the outcome releases {@code records} once.
     *
     * @param records         bytes beginning with the batch that holds the wanted offset; may be empty
     * @param fetchOffset     the offset that was asked for
     * @param batchBaseOffset base offset of the first batch, or {@code fetchOffset} when there is none
     */
    record Slice(FileRecords records, long fetchOffset, long batchBaseOffset) implements ReadOutcome {}

    /**
     * The wanted offset is not in the log.
     *
     * @param logStartOffset first offset in the log
     * @param logEndOffset   offset the next record will get
     */
    record OutOfRange(long logStartOffset, long logEndOffset) implements ReadOutcome {}
}
