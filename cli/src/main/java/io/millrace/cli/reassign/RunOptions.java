package io.millrace.cli.reassign;

import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.placement.ReassignmentPlan;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A mixin: how a plan is carried out. */
public final class RunOptions {
    @Option(
            names = "--batch",
            paramLabel = "COUNT",
            defaultValue = "20",
            description = "How many partitions move at a time (default: ${DEFAULT-VALUE}).")
    private int batch = 20;

    @Option(
            names = "--throttle",
            paramLabel = "BYTES",
            description = "Most bytes per second that each broker sends, and receives, for it; taken away at the end.")
    private @Nullable Long throttle;

    @Option(
            names = "--undo-file",
            paramLabel = "FILE",
            description = "Write the replicas of before to a new file first; run --json-file FILE brings them back.")
    private @Nullable Path undoFile;

    @Option(
            names = "--ignore-space",
            description = "Begin even if a broker would get more bytes than it says there is room for.")
    private boolean ignoreSpace;

    /** Made by picocli. */
    public RunOptions() {}

    /** Ends the command with status 2 if an option is wrong. */
    public void check(Terminal terminal) {
        if (batch < 1) throw terminal.wronglyAsked("--batch " + batch + " is below 1");
        Long rate = throttle;
        if (rate != null && rate < 1) throw terminal.wronglyAsked("--throttle " + rate + " is below 1");
    }

    /** Carries the plan out; gives the exit status. */
    public int carryOut(Admin admin, Terminal terminal, ReassignmentPlan plan, ClusterState state) {
        PlanReport report = new PlanReport(plan, state);
        if (plan.changes().isEmpty()) {
            report.print(terminal.out());
            return Terminal.DONE;
        }
        if (!ignoreSpace && !report.wantsOfSpace().isEmpty()) {
            for (String sentence : report.wantsOfSpace()) terminal.complain(sentence);
            terminal.complain("nothing was changed");
            return Terminal.FAILED;
        }
        Long rate = throttle;
        ReplicationThrottle limit = new ReplicationThrottle(admin, terminal);
        if (rate != null && !limit.canBeSet(plan, state)) return Terminal.FAILED;
        if (undoFile != null && !written(undoFile, report.undoJson(), terminal)) return Terminal.FAILED;
        terminal.out().println(report.summary());
        terminal.out().flush();
        if (rate == null) return new ReassignmentRun(admin, terminal, plan, batch).carryOut();
        if (!limit.set(plan, state, rate)) {
            limit.clear(plan, state);
            return Terminal.FAILED;
        }
        terminal.err()
                .println(
                        "Should this command be ended before it is done, millrace reassign watch --unthrottle takes the"
                                + " throttle away.");
        int status = Terminal.FAILED;
        try {
            status = new ReassignmentRun(admin, terminal, plan, batch).carryOut();
        } finally {
            if (!limit.clear(plan, state)) status = Terminal.FAILED;
        }
        return status;
    }

    private static boolean written(Path file, String json, Terminal terminal) {
        try {
            Files.writeString(file, json + "\n", StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            return true;
        } catch (FileAlreadyExistsException e) {
            terminal.complain(file + " exists; nothing was changed");
        } catch (IOException e) {
            terminal.complain("cannot write " + file + ", so nothing was changed: " + e);
        }
        return false;
    }
}
