package io.millrace.coordinators.group;

import io.millrace.coordinators.shard.Answer;
import io.millrace.coordinators.shard.CoordinatorRecord;
import io.millrace.coordinators.shard.Decision;
import io.millrace.coordinators.shard.Moment;
import io.millrace.coordinators.shard.Reply;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One request or deadline being decided: collects what is to be written and said, and becomes a {@link Decision}. */
final class Turn {
    /** What is to follow once the records of the turn are in the log, or have been refused by it. */
    interface Sequel {
        /** The records are replayed; the new turn may answer, not write. */
        void appended(Turn turn);

        /** A record was refused; the new turn may answer, not write. */
        void refused(ErrorCode error, Turn turn);
    }

    private static final Pattern CONTROL_CHARACTERS = Pattern.compile("\\p{Cntrl}");

    private final Moment now;
    private final List<CoordinatorRecord> records = new ArrayList<>(0);
    private final List<Answer<?>> answers = new ArrayList<>(1);
    private final List<String> notes = new ArrayList<>(0);
    private long shownOffset = -1;
    private @Nullable Sequel sequel;

    Turn(Moment now) {
        this.now = now;
    }

    long nowMs() {
        return now.nowMs();
    }

    long wallMs() {
        return now.wallMs();
    }

    <T> void answer(Reply<T> reply, T response) {
        answers.add(new Answer<>(reply, response));
    }

    /** The answers of this turn show what the record at this offset did. */
    void shows(long offset) {
        shownOffset = Math.max(shownOffset, offset);
    }

    void write(CoordinatorRecord record) {
        records.add(record);
    }

    /** A line for the operator's log; names that clients chose cannot break out of it. */
    void note(ClassicGroup group, String what) {
        notes.add(CONTROL_CHARACTERS
                .matcher("group " + group.groupId + ": " + what)
                .replaceAll("?"));
    }

    int recordCount() {
        return records.size();
    }

    /** Says what follows the records of this turn; at most once. */
    void then(Sequel next) {
        if (sequel != null) throw new IllegalStateException("a turn has one sequel");
        sequel = next;
    }

    List<Answer<?>> answers() {
        return answers;
    }

    Decision decision() {
        if (records.isEmpty() && answers.isEmpty() && notes.isEmpty()) return Decision.NOTHING;
        return new Decision(records, answers, shownOffset, aftermath(), notes);
    }

    private Decision.Aftermath aftermath() {
        Sequel next = sequel;
        if (next == null) return Decision.Aftermath.NONE;
        return new Decision.Aftermath() {
            @Override
            public List<Answer<?>> appended() {
                Turn turn = new Turn(now);
                next.appended(turn);
                return turn.answersOnly();
            }

            @Override
            public List<Answer<?>> refused(ErrorCode error) {
                Turn turn = new Turn(now);
                next.refused(error, turn);
                return turn.answersOnly();
            }
        };
    }

    private List<Answer<?>> answersOnly() {
        if (!records.isEmpty()) throw new IllegalStateException("a sequel wrote " + records.size() + " records");
        return answers;
    }
}
