package io.millrace.records;

/** What {@link RecordWalk#validate} found in a batch. */
public sealed interface BatchContents {
    /**
     * Every record could be read, and all of them agree with the header.
     *
     * @param recordCount          from 0
     * @param maxTimestamp         the highest time stamp any record carries by itself, {@link BatchHeader#NO_TIMESTAMP}
     *                             if there is no record
     * @param maxTimestampOffset   the first offset that has it, -1 if there is no record
     * @param recordsWithoutKey    how many records have a null key
     * @param offsetsAreDense      whether every offset from the base offset to the last one has its record
     * @param largestRecordBytes   the unpacked size of the largest record, 0 if there is none
     */
    record Sound(
            int recordCount,
            long maxTimestamp,
            long maxTimestampOffset,
            int recordsWithoutKey,
            boolean offsetsAreDense,
            int largestRecordBytes)
            implements BatchContents {}

    /** The records cannot be read, or not as the header says. */
    record Faulty(String why) implements BatchContents {}
}
