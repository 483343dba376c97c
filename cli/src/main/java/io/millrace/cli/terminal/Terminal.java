package io.millrace.cli.terminal;

import io.millrace.client.Answer;
import io.millrace.protocol.ErrorCode;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A mixin: where a command prints, and how it says what went wrong. */
@Command
public final class Terminal {
    /** Exit status: all that was asked for is done. */
    public static final int DONE = 0;

    /** Exit status: something was refused or failed; standard error says what. */
    public static final int FAILED = 1;

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec command;

    /** Made by picocli. */
    public Terminal() {}

    /** For results. */
    public PrintWriter out() {
        return command().commandLine().getOut();
    }

    /** For what is not a result, such as progress. */
    public PrintWriter err() {
        return command().commandLine().getErr();
    }

    /** Says in one sentence on standard error what went wrong. */
    public void complain(String sentence) {
        command().commandLine().getErr().println(complaint(sentence));
    }

    /** How every complaint of this program looks. */
    public static String complaint(String sentence) {
        return "millrace: " + sentence;
    }

    /** Ends the command with usage and status 2. */
    public ParameterException wronglyAsked(String sentence) {
        return new ParameterException(command().commandLine(), sentence);
    }

    private CommandSpec command() {
        CommandSpec given = command;
        if (given == null) throw new IllegalStateException("picocli has not given the mixin its command");
        return given;
    }

    /** Complains of each refusal; gives the exit status. */
    public <T> int tell(String kind, Map<String, Answer<T>> outcomes) {
        return tell(kind, outcomes, Set.of(), granted -> {});
    }

    /**
     * Tells each outcome: what was granted to {@code granted}, what was refused as a complaint.
     *
     * @param kind what the names are, such as {@code topic}
     * @param accepted refusals that are as good as success
     * @return the exit status
     */
    public <T> int tell(String kind, Map<String, Answer<T>> outcomes, Set<ErrorCode> accepted, Consumer<T> granted) {
        int status = DONE;
        for (Map.Entry<String, Answer<T>> outcome : outcomes.entrySet()) {
            switch (outcome.getValue()) {
                case Answer.Granted<T>(T value) -> granted.accept(value);
                case Answer.Refused<T>(ErrorCode error, String message) -> {
                    if (accepted.contains(error)) continue;
                    complain(kind + " " + outcome.getKey() + ": " + message);
                    status = FAILED;
                }
            }
        }
        return status;
    }
}
