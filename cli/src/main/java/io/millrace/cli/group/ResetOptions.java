package io.millrace.cli.group;

import io.millrace.cli.terminal.FileTrouble;
import io.millrace.cli.terminal.Moment;
import io.millrace.cli.terminal.Terminal;
import java.io.IOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** A mixin: where a group is to read on, said in one of several ways. */
final class ResetOptions {
    @ArgGroup(multiplicity = "1")
    private Goals goals = new Goals();

    /** One of them. */
    static final class Goals {
        @Option(names = "--to-earliest", description = "At the log's start.")
        private boolean toEarliest;

        @Option(names = "--to-latest", description = "At the log's end.")
        private boolean toLatest;

        @Option(names = "--to-current", description = "Where it is, or at the end if nothing is committed.")
        private boolean toCurrent;

        @Option(names = "--to-offset", paramLabel = "OFFSET", description = "At this offset in each partition.")
        private @Nullable Long toOffset;

        @Option(
                names = {"--to-time", "--to-datetime"},
                paramLabel = "TIME",
                description = "At the first record with at least this timestamp, as 2026-01-31T12:00:00Z (UTC without a"
                        + " zone) or in ms since 1970.")
        private @Nullable String toTime;

        @Option(
                names = {"--back", "--by-duration"},
                paramLabel = "DURATION",
                description = "At the first record not older than this, as PT1H30M or P7D.")
        private @Nullable String back;

        @Option(
                names = "--shift-by",
                paramLabel = "COUNT",
                description = "So many offsets on from what is committed, or back if negative.")
        private @Nullable Long shiftBy;

        @Option(
                names = "--from-file",
                paramLabel = "FILE",
                description = "At the offsets of a file with lines TOPIC,PARTITION,OFFSET.")
        private @Nullable Path fromFile;
    }

    /** Whether the file names the partitions. */
    boolean isFromFile() {
        return goals.fromFile != null;
    }

    /** What was said. */
    ResetGoal goal(Terminal terminal, long wallMs) {
        if (goals.toEarliest) return new ResetGoal.Earliest();
        if (goals.toLatest) return new ResetGoal.Latest();
        if (goals.toCurrent) return new ResetGoal.Current();
        Long offset = goals.toOffset;
        if (offset != null) {
            if (offset < 0) throw terminal.wronglyAsked("--to-offset " + offset + " is below 0");
            return new ResetGoal.Offset(offset);
        }
        Long shift = goals.shiftBy;
        if (shift != null) return new ResetGoal.Shift(shift);
        String time = goals.toTime;
        String duration = goals.back;
        Path file = goals.fromFile;
        try {
            if (time != null) return new ResetGoal.Time(Moment.parse(time));
            if (duration != null) return new ResetGoal.Time(Math.max(0, wallMs - millis(duration)));
            if (file != null) return new ResetGoal.Listed(OffsetFile.read(file));
        } catch (IllegalArgumentException e) {
            throw terminal.wronglyAsked(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw terminal.wronglyAsked("--from-file " + file + " cannot be read: " + FileTrouble.why(e));
        }
        throw terminal.wronglyAsked("say where the group is to read on, such as --to-earliest");
    }

    private static long millis(String duration) {
        try {
            long ms = Duration.parse(duration).toMillis();
            if (ms >= 0) return ms;
            throw new IllegalArgumentException("--back " + duration + " is below 0");
        } catch (DateTimeException | ArithmeticException e) {
            throw new IllegalArgumentException("--back " + duration + " is no duration; want as PT1H30M or P7D", e);
        }
    }
}
