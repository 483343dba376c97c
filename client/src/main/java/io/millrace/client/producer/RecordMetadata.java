package io.millrace.client.producer;

/**
 * Where a record is.
 *
 * @param offset -1 if it is not known: without acknowledgements, or when only a retry proved that the record was there
 * @param timestamp milliseconds since 1970: the record's, or the broker's if the topic says so
 * @param serializedKeySize bytes of the key, -1 for none
 * @param serializedValueSize bytes of the value, -1 for none
 */
public record RecordMetadata(
        String topic, int partition, long offset, long timestamp, int serializedKeySize, int serializedValueSize) {
    /** Whether the offset is known. */
    public boolean hasOffset() {
        return offset >= 0;
    }

    @Override
    public String toString() {
        return topic + "-" + partition + "@" + (hasOffset() ? offset : "?");
    }
}
