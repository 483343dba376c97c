package io.millrace.client.consumer;

/** What an application does with records that it reads where they lie: {@link Consumer#poll(java.time.Duration, RecordReader)}. */
@FunctionalInterface
public interface RecordReader {
    /**
     * Reads a record, on the thread that polls.
     *
     * @param record valid during the call only, and the same object each time
     * @throws RuntimeException if it cannot be dealt with: the poll ends with it, and the record stays the next one
     */
    void read(RecordView record);
}
