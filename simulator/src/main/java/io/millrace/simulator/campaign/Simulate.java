package io.millrace.simulator.campaign;

import io.millrace.simulator.scenario.ClusterStory;
import io.millrace.simulator.scenario.Reduction;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Tells stories of whole clusters, one seed after another, and says what came of them. */
public final class Simulate {
    private static final int HELD = 0;
    private static final int BROKEN = 1;
    private static final int NOT_UNDERSTOOD = 2;
    private static final long NANOS_PER_MS = 1_000_000;
    private static final long MS_PER_SECOND = 1_000;
    private static final int MOST_TRIES = 200;
    /** Of which the speed is told by itself. */
    private static final String THREE_AND_THREE = "3+3";

    private final SimulateOptions options;
    private final PrintStream out;
    private long stories;
    private long broken;
    private long virtualMs;
    private long events;
    private long starts;
    private long virtualMsOfThreeAndThree;
    private long nanosOfThreeAndThree;

    private Simulate(SimulateOptions options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    /** The program. */
    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments), System.out, System.err));
    }

    /** Runs it, and gives its exit code. */
    public static int run(List<String> arguments, PrintStream out, PrintStream errors) {
        try {
            SimulateOptions options = SimulateOptions.parse(arguments);
            if (options == null) {
                out.print(SimulateOptions.USAGE);
                return HELD;
            }
            return new Simulate(options, out).tell();
        } catch (SimulateOptions.Refused wrong) {
            errors.println("millrace simulate: " + wrong.getMessage() + "; --help shows what is understood");
            return NOT_UNDERSTOOD;
        } catch (IOException failed) {
            errors.println("millrace simulate: the ledger cannot be written: " + failed);
            return NOT_UNDERSTOOD;
        }
    }

    private int tell() throws IOException {
        long begin = System.nanoTime();
        long untilNanos = options.minutes() == 0 ? Long.MAX_VALUE : TimeUnit.MINUTES.toNanos(options.minutes());
        for (long seed = options.fromSeed(); seed < options.untilSeed(); seed++) {
            if (System.nanoTime() - begin >= untilNanos) break;
            tell(seed);
        }
        long realMs = Math.max(1, (System.nanoTime() - begin) / NANOS_PER_MS);
        out.println(String.format(
                Locale.ROOT,
                "%s: %d stories from seed %d, %d broken; %d s of virtual time in %d s, %.0f times as fast%s; %d events, %d starts",
                broken == 0 ? "all held" : "BROKEN",
                stories,
                options.fromSeed(),
                broken,
                virtualMs / MS_PER_SECOND,
                realMs / MS_PER_SECOND,
                virtualMs / (double) realMs,
                speedOfThreeAndThree(),
                events,
                starts));
        return broken == 0 ? HELD : BROKEN;
    }

    private String speedOfThreeAndThree() {
        if (nanosOfThreeAndThree == 0) return "";
        return String.format(
                Locale.ROOT,
                " (%s nodes %.0f times)",
                THREE_AND_THREE,
                virtualMsOfThreeAndThree * NANOS_PER_MS / (double) nanosOfThreeAndThree);
    }

    private void count(ClusterStory story, long beginNanos) {
        virtualMs += story.simulation().nowMs();
        events += story.simulation().eventCount();
        if (!story.nodeLabel().equals(THREE_AND_THREE)) return;
        virtualMsOfThreeAndThree += story.simulation().nowMs();
        nanosOfThreeAndThree += System.nanoTime() - beginNanos;
    }

    private void tell(long seed) throws IOException {
        long begin = System.nanoTime();
        ClusterStory story = new ClusterStory(seed, options.reduction());
        stories++;
        try {
            ClusterStory.Outcome outcome = story.run();
            count(story, begin);
            starts += outcome.starts();
            if (options.replays()) {
                story.decisions().forEach(out::println);
                out.println(outcome);
            }
            note(seed, "held", outcome.traceHash(), outcome.happened());
        } catch (VirtualMachineError outOfMemory) {
            throw outOfMemory;
        } catch (Throwable failure) {
            broken++;
            count(story, begin);
            if (options.replays()) {
                story.decisions().forEach(out::println);
                failure.printStackTrace(out);
            }
            out.println("seed " + seed + " breaks a promise: " + failure.getMessage());
            out.println("    replay: " + command(seed, options.reduction()));
            note(seed, "BROKEN", story.simulation().traceHash(), String.valueOf(failure.getMessage()));
            if (options.shrinks()) shrink(seed, told(story, failure), Failure.of(failure));
        }
    }

    private static String command(long seed, Reduction reduction) {
        return ("./millrace simulate --seed " + seed + " " + reduction).strip();
    }

    private static Shrinking.Told told(ClusterStory story, @Nullable Throwable failure) {
        return new Shrinking.Told(
                failure == null ? null : Failure.of(failure), story.faultNumbers(), story.nodeLabel());
    }

    private void shrink(long seed, Shrinking.Told told, Failure failure) {
        out.println("shrinking it: " + failure.kind());
        Shrinking shrinking = new Shrinking(
                reduction -> told(seed, reduction),
                options.reduction(),
                told,
                failure,
                MOST_TRIES,
                smaller -> out.println("    " + smaller));
        Reduction smallest = shrinking.smallest();
        ClusterStory story = new ClusterStory(seed, smallest);
        try {
            story.run();
        } catch (AssertionError | RuntimeException again) {
            out.println(
                    "the smallest that fails so has " + story.faultNumbers().size() + " faults: " + again.getMessage());
        }
        story.decisions().forEach(out::println);
        out.println("    replay: " + command(seed, smallest));
    }

    private static Shrinking.Told told(long seed, Reduction reduction) {
        ClusterStory story = new ClusterStory(seed, reduction);
        try {
            story.run();
            return told(story, null);
        } catch (AssertionError | RuntimeException failure) {
            return told(story, failure);
        }
    }

    private void note(long seed, String how, long traceHash, String what) throws IOException {
        if (options.ledger() == null) return;
        String line = Instant.now() + "\t" + seed + "\t" + how + "\t" + Long.toHexString(traceHash) + "\t"
                + what.replaceAll("\\s+", " ") + "\n";
        Files.writeString(options.ledger(), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
