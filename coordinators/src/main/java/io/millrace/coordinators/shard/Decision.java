package io.millrace.coordinators.shard;

import io.millrace.protocol.ErrorCode;
import java.util.List;

/**
 * What a machine makes of one request or one deadline.
 *
 * @param records to append, in order; after each is in the log it is replayed
 * @param answers to give, once the last of the records is committed; where there are none, once {@code shownOffset} is. All
 *     are refused if the log refuses a record
 * @param shownOffset the last offset whose effect the answers show, though it may not be committed yet; -1 for none
 * @param aftermath what follows from the log's word on the records; unused where there are no records
 * @param notes what happened, in lines for the operator's log; without control characters
 */
public record Decision(
        List<CoordinatorRecord> records,
        List<Answer<?>> answers,
        long shownOffset,
        Aftermath aftermath,
        List<String> notes) {
    /** Nothing to write, nothing to say. */
    public static final Decision NOTHING = new Decision(List.of(), List.of(), -1, Aftermath.NONE, List.of());

    /** A decision that writes nothing. */
    public static <T> Decision answer(Reply<T> reply, T response, long shownOffset) {
        return new Decision(List.of(), List.of(new Answer<>(reply, response)), shownOffset, Aftermath.NONE, List.of());
    }

    /** A decision whose records say all, and whose answer is the same whatever replaying them does. */
    public static <T> Decision write(List<CoordinatorRecord> records, Reply<T> reply, T response) {
        return new Decision(records, List.of(new Answer<>(reply, response)), -1, Aftermath.NONE, List.of());
    }

    /** What follows once the log has spoken; changes only what is not replicated. */
    public interface Aftermath {
        /** Nothing follows. */
        Aftermath NONE = new Aftermath() {
            @Override
            public List<Answer<?>> appended() {
                return List.of();
            }

            @Override
            public List<Answer<?>> refused(ErrorCode error) {
                return List.of();
            }
        };

        /** All records are appended and replayed. Gives further answers, held until they are committed. */
        List<Answer<?>> appended();

        /** A record was refused; it and those after it were not replayed. Gives further answers, sent at once. */
        List<Answer<?>> refused(ErrorCode error);
    }
}
