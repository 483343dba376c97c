package io.millrace.protocol;

import java.nio.ByteBuffer;

/**
 * Keys and values of the coordinators' topics: a key is its type's id (int16) and its fields, a value is its version
 * (int16) and its fields. They are read through the registry of the topic's coordinator, such as
 * {@link io.millrace.protocol.messages.GroupCoordinatorRecordType}.
 */
public final class CoordinatorRecordFrame {
    private static final int KEY_VERSION = 0;

    private CoordinatorRecordFrame() {}

    /** The bytes of a key. */
    public static ByteBuffer writeKey(CoordinatorKey key) {
        ProtocolWriter out = new ProtocolWriter();
        out.writeInt16(key.recordTypeId());
        key.write(out, KEY_VERSION);
        return out.finish().toBuffer();
    }

    /**
     * The bytes of a value.
     *
     * @throws UnsupportedVersion if the value has no such version or cannot be said in it
     */
    public static ByteBuffer writeValue(CoordinatorValue value, int version) {
        ProtocolWriter out = new ProtocolWriter();
        out.writeInt16((short) version);
        value.write(out, version);
        return out.finish().toBuffer();
    }
}
