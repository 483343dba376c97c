package io.millrace.records;

/**
 * A batch whose checksum may be right but whose records cannot be read: they contradict their header, do not unpack, or
 * unpack to more than is allowed. Thrown without a stack trace, because bad input must not be dearer than good.
 */
public final class InvalidBatch extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With a sentence that names the thing, what was found and what was expected. */
    public InvalidBatch(String message) {
        super(message, null, false, false);
    }
}
