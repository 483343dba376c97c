package io.millrace.storage;

import java.nio.file.Path;

/**
 * A file holds bytes that no crash explains: damage in a part that had been forced, or a file of a format that is not
 * read here. The partition cannot be served until somebody decides; the damage is never skipped.
 */
public final class CorruptLog extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Path file;
    private final long position;
    private final String reason;

    /**
     * @param file     the damaged file
     * @param position first byte that is wrong
     * @param reason   what was found and what was expected
     */
    public CorruptLog(Path file, long position, String reason) {
        super(file + " is corrupt at byte " + position + ": " + reason);
        this.file = file;
        this.position = position;
        this.reason = reason;
    }

    /** The damaged file. */
    public Path file() {
        return file;
    }

    /** First byte that is wrong. */
    public long position() {
        return position;
    }

    /** What was found and what was expected. */
    public String reason() {
        return reason;
    }
}
