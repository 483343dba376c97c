package io.millrace.records;

/** What the bytes at some place of a log turned out to be. */
public sealed interface BatchCheck {
    /**
     * A batch of format 2 whose checksum is right. Whether its records can be read is not known yet.
     *
     * @param sizeBytes its whole size, header included
     */
    record Whole(int sizeBytes) implements BatchCheck {}

    /**
     * The beginning of a batch, or less; normal at the end of a log after a crash and at the end of a fetched range.
     *
     * @param missingBytes how many bytes more are needed to go on: the rest of the header, or of the batch
     */
    record Torn(int missingBytes) implements BatchCheck {}

    /** No batch of format 2: damaged, or something else. */
    record Corrupt(String why) implements BatchCheck {}
}
