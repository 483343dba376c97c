package io.millrace.metadata;

import io.millrace.protocol.MetadataRecord;

/**
 * A metadata record and the version it is, or was, written in.
 *
 * @param message the record
 * @param version one of the versions its type has
 */
public record VersionedRecord(MetadataRecord message, int version) {
    public VersionedRecord {
        int lowest = message.recordType().lowestSupportedVersion();
        int highest = message.recordType().highestSupportedVersion();
        if (version < lowest || version > highest)
            throw new IllegalArgumentException(
                    message.recordType() + " has versions " + lowest + " to " + highest + ", not " + version);
    }

    /** A record in the only version its type has had. */
    public static VersionedRecord v0(MetadataRecord message) {
        return new VersionedRecord(message, 0);
    }
}
