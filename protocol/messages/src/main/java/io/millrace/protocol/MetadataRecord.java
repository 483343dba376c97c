package io.millrace.protocol;

import io.millrace.protocol.messages.MetadataRecordType;

/** A record of {@code __cluster_metadata} (KIP-631); {@link MetadataRecordFrame} puts it into a record's value. */
public interface MetadataRecord extends ApiMessage {
    /** Which kind of record this is. */
    MetadataRecordType recordType();
}
