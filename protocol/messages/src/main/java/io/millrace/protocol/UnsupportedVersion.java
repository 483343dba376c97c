package io.millrace.protocol;

/** A message or one of its fields does not exist in the version asked for. */
public final class UnsupportedVersion extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** An exception with its own words: what does not exist in which version, as a sentence. */
    public UnsupportedVersion(String message) {
        super(message);
    }

    /** For a message that has no such version. */
    public static UnsupportedVersion ofMessage(String message, int version, int lowest, int highest) {
        return new UnsupportedVersion(
                message + " has no version " + version + ", only " + lowest + " to " + highest + " (both included)");
    }

    /** For a value that is not the default, in a field that the version lacks and that may not be left out silently. */
    public static UnsupportedVersion ofField(String field, int version) {
        return new UnsupportedVersion(field + " has a value, but does not exist in version " + version);
    }

    /** For a null in a field that the version does not allow to be null. */
    public static UnsupportedVersion ofNull(String field, int version) {
        return new UnsupportedVersion(field + " is null, which version " + version + " cannot express");
    }
}
