package io.millrace.protocol;

import java.nio.ByteBuffer;
import java.util.Base64;

/**
 * A 128-bit identifier, in the text form Kafka uses: URL-safe base64 of the 16 bytes without padding (KIP-516).
 *
 * @param mostSignificantBits  the first eight bytes, big endian
 * @param leastSignificantBits the last eight bytes, big endian
 */
public record Uuid(long mostSignificantBits, long leastSignificantBits) implements Comparable<Uuid> {
    /** All bits zero: no identifier. */
    public static final Uuid ZERO = new Uuid(0, 0);

    /** The identifier one, reserved. */
    public static final Uuid ONE = new Uuid(0, 1);

    /** The topic id of {@code __cluster_metadata}. */
    public static final Uuid METADATA_TOPIC_ID = ONE;

    private static final int BYTES = 16;
    private static final int MAX_TEXT_LENGTH = 24; // with padding, which Kafka accepts

    /**
     * Reads the text form.
     *
     * @param text 22 characters of URL-safe base64, or 24 with padding
     * @throws IllegalArgumentException if the text is not base64 of exactly 16 bytes
     */
    public static Uuid parse(String text) {
        if (text.length() > MAX_TEXT_LENGTH)
            throw new IllegalArgumentException("uuid of " + text.length() + " characters, want 22");
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("uuid '" + text + "' is not URL-safe base64", e);
        }
        if (bytes.length != BYTES)
            throw new IllegalArgumentException("uuid '" + text + "' holds " + bytes.length + " bytes, want 16");
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return new Uuid(buffer.getLong(), buffer.getLong());
    }

    /** Whether this identifier has a meaning of its own and so may not be given to a new topic or directory. */
    public boolean isReserved() {
        return mostSignificantBits == 0 && (leastSignificantBits == 0 || leastSignificantBits == 1);
    }

    /** The text form: 22 characters of URL-safe base64. */
    @Override
    public String toString() {
        byte[] bytes = ByteBuffer.allocate(BYTES)
                .putLong(mostSignificantBits)
                .putLong(leastSignificantBits)
                .array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Kafka's order: the two halves as signed numbers, first half first. */
    @Override
    public int compareTo(Uuid other) {
        int first = Long.compare(mostSignificantBits, other.mostSignificantBits);
        return first != 0 ? first : Long.compare(leastSignificantBits, other.leastSignificantBits);
    }
}
