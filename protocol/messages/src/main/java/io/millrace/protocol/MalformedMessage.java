package io.millrace.protocol;

/**
 * The bytes are not the message they were said to be: the other side's mistake. The connection is beyond repair.
 *
 * <p>It has no stack trace, which would be most of its cost: anybody can have as many of these thrown as they like.
 */
public final class MalformedMessage extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String field;
    private final int position;

    /**
     * An exception for one field.
     *
     * @param field    what was being read, as {@code Struct.field}
     * @param position where, in bytes from the start of the message
     * @param why      what was wrong, as the end of a sentence
     */
    public MalformedMessage(String field, int position, String why) {
        super(field + " at byte " + position + ": " + why, null, false, false);
        this.field = field;
        this.position = position;
    }

    /** What was being read, as {@code Struct.field}. */
    public String field() {
        return field;
    }

    /** Where it was being read, in bytes from the start of the message. */
    public int position() {
        return position;
    }
}
