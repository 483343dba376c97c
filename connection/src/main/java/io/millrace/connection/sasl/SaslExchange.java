package io.millrace.connection.sasl;

/**
 * A client's side of one SASL exchange (RFC 4422): used once, one message after the other. What a step costs is bounded, though it may be some
 * tens of milliseconds of hashing, so that a lane has it done elsewhere.
 */
public interface SaslExchange {
    /** The mechanism's registered name, such as {@code SCRAM-SHA-512}. */
    String mechanism();

    /** What the client says first. */
    byte[] begin();

    /**
     * What the client says next.
     *
     * @param challenge what the server said
     * @return empty if there is nothing more to say
     * @throws SaslRefused if the server's words are wrong, or show that it does not know the password either
     */
    byte[] answer(byte[] challenge) throws SaslRefused;

    /** Whether the server has shown all that it has to show; to be asked when the server has no more to say. */
    boolean isComplete();
}
