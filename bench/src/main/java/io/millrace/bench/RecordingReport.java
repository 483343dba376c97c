package io.millrace.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** Prints what a recording made with {@code harness/allocations.jfc} says, by request and by record. */
public final class RecordingReport {
    private static final int SITES = 8;

    private RecordingReport() {}

    /**
     * Prints the report.
     *
     * @param arguments the recording, a name of the load, and how many requests and records the lanes served meanwhile
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 4) {
            System.err.println("want RECORDING NAME REQUESTS RECORDS");
            System.exit(2);
        }
        System.out.print(text(
                RecordingSummary.of(Path.of(arguments[0])),
                arguments[1],
                Long.parseLong(arguments[2]),
                Long.parseLong(arguments[3])));
    }

    static String text(RecordingSummary summary, String name, long requests, long records) {
        if (summary.laneCount() == 0) throw new IllegalArgumentException("the recording of " + name + " has no lane");
        if (requests < 1 || records < 1)
            throw new IllegalArgumentException(name + ": " + requests + " requests, " + records + " records");
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%s: %d lanes, %d requests, %d records%n  allocated: %.0f bytes per request, %.2f per record; %d collections%n"
                        + "  waits of lanes: %d to enter a monitor, %d parked%n",
                name,
                summary.laneCount(),
                requests,
                records,
                summary.laneBytes() / (double) requests,
                summary.laneBytes() / (double) records,
                summary.gcCount(),
                summary.lockCount(),
                summary.parkCount()));
        long sampled = Math.max(1, summary.sampledBytes());
        for (RecordingSummary.Site site : summary.topAllocations(SITES))
            text.append(String.format(Locale.ROOT, "  %4.1f %%  %s%n", 100.0 * site.amount() / sampled, site.place()));
        for (RecordingSummary.Site site : summary.topWaits(SITES))
            text.append(String.format(Locale.ROOT, "  waited %d times in %s%n", site.amount(), site.place()));
        return text.toString();
    }
}
