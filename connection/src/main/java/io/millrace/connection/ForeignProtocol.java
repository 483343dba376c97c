package io.millrace.connection;

import java.util.Optional;

/**
 * Something else than Kafka's protocol, recognised by its first four bytes. Read as the length of a frame they would say
 * hundreds of megabytes at least, so no request is ever taken for one of these unless its length is that.
 */
public enum ForeignProtocol {
    /** A TLS record with a handshake in it. */
    TLS("sent a TLS client hello to a listener without TLS: set security.protocol=PLAINTEXT in that client, or point it"
            + " at a TLS listener"),
    /** An HTTP request, or the preface of HTTP/2. */
    HTTP("sent an HTTP request; this port speaks the Kafka protocol"),
    /** An SSH client's banner. */
    SSH("sent an SSH banner; this port speaks the Kafka protocol");

    private final String sentence;

    ForeignProtocol(String sentence) {
        this.sentence = sentence;
    }

    /** What the peer did, as a sentence whose subject is the peer. */
    public String sentence() {
        return sentence;
    }

    /** Recognises a protocol by the first four bytes of a stream, big endian. */
    public static Optional<ForeignProtocol> of(int firstFourBytes) {
        if ((firstFourBytes >>> 16) == 0x1603) return Optional.of(TLS);
        return switch (firstFourBytes) {
            case 0x47455420, // "GET "
                    0x504f5354, // "POST"
                    0x50555420, // "PUT "
                    0x48454144, // "HEAD"
                    0x44454c45, // "DELE"
                    0x4f505449, // "OPTI"
                    0x50415443, // "PATC"
                    0x434f4e4e, // "CONN"
                    0x54524143, // "TRAC"
                    0x50524920 // "PRI "
            -> Optional.of(HTTP);
            case 0x5353482d -> Optional.of(SSH); // "SSH-"
            default -> Optional.empty();
        };
    }
}
