package io.millrace.client.worker;

/** Headers that a dead letter has behind those of the record. All values are text in UTF-8. */
public final class DeadLetterHeaders {
    /** The topic the record is from. */
    public static final String TOPIC = "__millrace.errors.topic";
    /** Its partition. */
    public static final String PARTITION = "__millrace.errors.partition";
    /** Its offset. */
    public static final String OFFSET = "__millrace.errors.offset";
    /** Its time stamp, milliseconds since 1970. */
    public static final String TIMESTAMP = "__millrace.errors.timestamp";
    /** The group that read it. */
    public static final String GROUP = "__millrace.errors.group";
    /** How often its handler failed; 0 if it could not be deserialized. */
    public static final String FAILURES = "__millrace.errors.failures";
    /** The class of the last exception. */
    public static final String EXCEPTION = "__millrace.errors.exception";
    /** Its message, cut if it is long; not there if it has none. */
    public static final String MESSAGE = "__millrace.errors.message";
    /** Its stack trace, cut if it is long. */
    public static final String STACK_TRACE = "__millrace.errors.stacktrace";

    private DeadLetterHeaders() {}
}
