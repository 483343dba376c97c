package io.millrace.protocol;

/** A generated message: free of any version until it is written. */
public interface ApiMessage {
    /**
     * Writes the fields that this version has.
     *
     * @throws UnsupportedVersion if the message has no such version, or holds something that the version cannot say
     */
    void write(ProtocolWriter out, int version);
}
