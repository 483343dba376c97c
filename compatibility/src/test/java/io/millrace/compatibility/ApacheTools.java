package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Apache's own command line tools, in a process with their own jars. */
final class ApacheTools {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** What a tool says of files or records that are not as they should be; some of it with status 0. */
    private static final Pattern TROUBLE = Pattern.compile(
            "(?i)warn|error|exception|mismatch|out of order|corrupt|isvalid: false|could not|unable|invalid|unknown|missing"
                    + "|skipping|does not|failed|should (be|not)");

    private ApacheTools() {}

    /**
     * Runs {@code DumpLogSegments} once for each list of arguments.
     *
     * @return its output of each run in turn
     */
    static List<List<String>> dump(List<List<String>> runs) {
        var arguments = new ArrayList<>(
                List.of("io.millrace.compatibility.program.ApacheTool", "org.apache.kafka.tools.DumpLogSegments"));
        for (int run = 0; run < runs.size(); run++) {
            if (run > 0) arguments.add("--");
            arguments.addAll(runs.get(run));
        }
        var outputs = new ArrayList<List<String>>();
        for (String line : run("DumpLogSegments", arguments)) {
            if (line.startsWith("==== ")) outputs.add(new ArrayList<>());
            else outputs.getLast().add(line);
        }
        assertEquals(runs.size(), outputs.size());
        return outputs;
    }

    /** Runs the console consumer on partition 0 from its beginning until it has formatted so many records; what it printed. */
    static List<String> format(String bootstrap, String topic, String formatter, long recordCount) {
        return run(
                formatter,
                List.of(
                        "org.apache.kafka.tools.consumer.ConsoleConsumer",
                        "--bootstrap-server",
                        bootstrap,
                        "--topic",
                        topic,
                        "--partition",
                        "0",
                        "--offset",
                        "earliest",
                        "--max-messages",
                        "" + recordCount,
                        "--timeout-ms",
                        "30000",
                        "--formatter",
                        "org.apache.kafka.tools.consumer." + formatter));
    }

    private static List<String> run(String name, List<String> mainAndArguments) {
        var command = new ArrayList<>(Checkout.java("512m"));
        command.add("-Dlog4j2.configurationFile=" + Checkout.ROOM.resolve("apache/log4j2.properties"));
        command.add("-cp");
        command.add(Checkout.jars("tools", "run compatibility/install-clients")
                + File.pathSeparator
                + Checkout.TARGET.resolve("test-classes"));
        command.addAll(mainAndArguments);
        return ChildProcess.run(name, Checkout.TARGET, Map.of(), PATIENCE, command);
    }

    /** The lines that tell of something wrong, records' contents left aside. */
    static List<String> troubles(List<String> output) {
        return output.stream()
                .filter(line -> TROUBLE.matcher(
                                line.replaceFirst(" (key|payload): .*", "").replaceFirst("/[^ ]*", "FILE"))
                        .find())
                .toList();
    }

    /** The lines of records (without the bars before them) by the file they are in, relative to a directory. */
    static Map<Path, List<String>> records(List<String> output, Path directory) {
        var records = new TreeMap<Path, List<String>>();
        Path file = directory;
        for (String line : output) {
            if (line.startsWith("Dumping ")) {
                file = directory.relativize(Path.of(line.substring("Dumping ".length())));
                records.put(file, new ArrayList<>());
            } else if (line.startsWith("| ")) {
                records.getOrDefault(file, new ArrayList<>()).add(line.substring(2));
            }
        }
        return records;
    }

    /** The paths as the tool takes them. */
    static String files(List<Path> files, Path directory, String... suffixes) {
        var chosen = files.stream()
                .filter(file -> Arrays.stream(suffixes).anyMatch(file.toString()::endsWith))
                .map(file -> directory.resolve(file).toString())
                .toList();
        if (chosen.isEmpty()) throw new AssertionError("no " + Arrays.toString(suffixes) + " among " + files);
        return String.join(",", chosen);
    }
}
