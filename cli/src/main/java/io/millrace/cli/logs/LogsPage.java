package io.millrace.cli.logs;

import io.millrace.server.storage.LogState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The text of {@code /logs}: a line with the names of the columns, then a line for each log, with tabs between. */
public final class LogsPage {
    private static final List<String> COLUMNS = List.of(
            "topic",
            "partition",
            "state",
            "dirty_ratio",
            "first_dirty_offset",
            "until_offset",
            "dirty_bytes",
            "size_bytes",
            "directory",
            "reason");

    private LogsPage() {}

    /** Writes it. */
    public static String of(List<LogState> states) {
        StringBuilder text = new StringBuilder(String.join("\t", COLUMNS)).append('\n');
        for (LogState state : states)
            text.append(String.join(
                            "\t",
                            state.name().topic(),
                            Integer.toString(state.name().partition()),
                            state.word(),
                            String.format(Locale.ROOT, "%.3f", state.range().dirtyRatio()),
                            Long.toString(state.firstDirtyOffset()),
                            Long.toString(state.range().untilOffset()),
                            Long.toString(state.range().dirtyBytes()),
                            Long.toString(state.sizeBytes()),
                            state.directory().directory().path().toString(),
                            state.reason().replaceAll("\\s", " ")))
                    .append('\n');
        return text.toString();
    }

    /**
     * Reads it: the fields of each log by the names of their columns, in order.
     *
     * @throws IllegalArgumentException if it is something else
     */
    static List<Map<String, String>> read(String text) {
        List<String> lines = text.lines().toList();
        if (lines.isEmpty() || !lines.getFirst().startsWith("topic\tpartition\tstate\t"))
            throw new IllegalArgumentException("that is no list of logs");
        String[] columns = lines.getFirst().split("\t", -1);
        List<Map<String, String>> logs = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.split("\t", -1);
            if (fields.length != columns.length) throw new IllegalArgumentException("a line is cut: " + line);
            Map<String, String> log = new LinkedHashMap<>();
            for (int i = 0; i < columns.length; i++) log.put(columns[i], fields[i]);
            logs.add(log);
        }
        return logs;
    }
}
