package io.millrace.client.consumer;

import io.millrace.records.RecordHeader;
import io.millrace.records.TopicPartition;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Headers that a record has behind its own when it is put away: by workers that gave it up, or by a consumer that could not deserialize
 * it. All values are text in UTF-8.
 */
public final class DeadLetterHeaders {
    /** The topic the record is from. */
    public static final String TOPIC = "__millrace.errors.topic";
    /** Its partition. */
    public static final String PARTITION = "__millrace.errors.partition";
    /** Its offset. */
    public static final String OFFSET = "__millrace.errors.offset";
    /** Its time stamp, milliseconds since 1970. */
    public static final String TIMESTAMP = "__millrace.errors.timestamp";
    /** The group that read it; not there if it was read for none. */
    public static final String GROUP = "__millrace.errors.group";
    /** How often its handler failed; 0 if it could not be deserialized. */
    public static final String FAILURES = "__millrace.errors.failures";
    /** The class of the last exception. */
    public static final String EXCEPTION = "__millrace.errors.exception";
    /** Its message, cut if it is long; not there if it has none. */
    public static final String MESSAGE = "__millrace.errors.message";
    /** Its stack trace, cut if it is long. */
    public static final String STACK_TRACE = "__millrace.errors.stacktrace";

    /** A message, or a stack trace, is cut there: it is for a person, and the record must fit beside it. */
    private static final int MOST_CHARS = 8_000;

    private DeadLetterHeaders() {}

    /**
     * The headers of a record that is put away.
     *
     * @param own those it had
     * @param groupId empty for none
     * @param failures how often its handler failed
     * @param why the last exception
     */
    public static List<RecordHeader> behind(
            List<RecordHeader> own,
            TopicPartition partition,
            long offset,
            long timestamp,
            String groupId,
            int failures,
            Exception why) {
        List<RecordHeader> headers = new ArrayList<>(own);
        headers.add(header(TOPIC, partition.topic()));
        headers.add(header(PARTITION, String.valueOf(partition.partition())));
        headers.add(header(OFFSET, String.valueOf(offset)));
        headers.add(header(TIMESTAMP, String.valueOf(timestamp)));
        if (!groupId.isEmpty()) headers.add(header(GROUP, groupId));
        headers.add(header(FAILURES, String.valueOf(failures)));
        headers.add(header(EXCEPTION, why.getClass().getName()));
        String message = why.getMessage();
        if (message != null) headers.add(header(MESSAGE, message));
        StringWriter trace = new StringWriter();
        why.printStackTrace(new PrintWriter(trace));
        headers.add(header(STACK_TRACE, trace.toString()));
        return headers;
    }

    private static RecordHeader header(String key, String value) {
        String cut = value.length() <= MOST_CHARS ? value : value.substring(0, MOST_CHARS) + "...";
        return new RecordHeader(key, ByteBuffer.wrap(cut.getBytes(StandardCharsets.UTF_8)));
    }
}
