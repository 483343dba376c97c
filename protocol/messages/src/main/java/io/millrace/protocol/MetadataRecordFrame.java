package io.millrace.protocol;

import io.millrace.protocol.messages.MetadataRecordType;
import java.nio.ByteBuffer;

/**
 * The value of a record in {@code __cluster_metadata} (KIP-631): frame version (1), record type and record version, each
 * an unsigned varint, and then the record's fields.
 */
public final class MetadataRecordFrame {
    private static final int FRAME_VERSION = 1;

    private MetadataRecordFrame() {}

    /**
     * What a value held.
     *
     * @param record  the record
     * @param version the version it was written in
     */
    public record Framed(MetadataRecord record, short version) {}

    /**
     * What stands before a record's fields; none of it need be known to this version.
     *
     * @param frameVersion  of the frame; 1 is the only one there has been
     * @param recordType    id of the kind of record
     * @param recordVersion the version it was written in
     */
    public record Head(int frameVersion, int recordType, int recordVersion) {
        /** Whether frame, type and version are ones that {@link #read} takes. */
        public boolean isKnown() {
            return frameVersion == FRAME_VERSION
                    && MetadataRecordType.forId(recordType)
                            .filter(type -> recordVersion >= type.lowestSupportedVersion()
                                    && recordVersion <= type.highestSupportedVersion())
                            .isPresent();
        }
    }

    /**
     * Reads a value's head only, be the record known or not.
     *
     * @param value from its position to its limit, which are left alone
     * @throws MalformedMessage if it ends before the head does; what follows an unknown frame version is read all the same
     */
    public static Head head(ByteBuffer value) {
        ProtocolReader in = new ProtocolReader(value);
        return new Head(
                in.readUnsignedVarint("frameVersion"),
                in.readUnsignedVarint("recordType"),
                in.readUnsignedVarint("recordVersion"));
    }

    /**
     * Puts a record into a value.
     *
     * @throws UnsupportedVersion if the record has no such version or cannot be said in it
     */
    public static ByteBuffer write(MetadataRecord record, int version) {
        ProtocolWriter out = new ProtocolWriter();
        write(record, version, out);
        return out.finish().toBuffer();
    }

    /**
     * Puts a record into a value, at the end of what was written before.
     *
     * @throws UnsupportedVersion if the record has no such version or cannot be said in it
     */
    public static void write(MetadataRecord record, int version, ProtocolWriter out) {
        out.writeUnsignedVarint(FRAME_VERSION);
        out.writeUnsignedVarint(record.recordType().id());
        out.writeUnsignedVarint(version);
        record.write(out, version);
    }

    /**
     * Takes a record out of a value.
     *
     * @param value from its position to its limit, which are left alone
     * @throws MalformedMessage   if the bytes are not such a frame, or if bytes are left over
     * @throws UnsupportedVersion if the frame, the type or the version of the record is not known
     */
    public static Framed read(ByteBuffer value) {
        ProtocolReader in = new ProtocolReader(value);
        int frameVersion = in.readUnsignedVarint("frameVersion");
        if (frameVersion != FRAME_VERSION)
            throw new UnsupportedVersion("metadata frame version " + frameVersion + ", only 1 is known");
        int id = in.readUnsignedVarint("recordType");
        int version = in.readUnsignedVarint("recordVersion");
        MetadataRecordType type = MetadataRecordType.forId(id)
                .orElseThrow(() -> new UnsupportedVersion("metadata record type " + id + " is not known"));
        MetadataRecord record = type.read(in, version);
        in.requireEnd(type.name());
        return new Framed(record, (short) version);
    }
}
