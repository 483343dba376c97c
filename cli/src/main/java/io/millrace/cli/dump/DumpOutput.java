package io.millrace.cli.dump;

import io.millrace.cli.terminal.JsonText;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Prints items as they are found: lines of {@code name: value}, or one JSON object per line. */
final class DumpOutput {
    private final PrintWriter out;
    private final boolean json;
    private Path file = Path.of("");

    DumpOutput(PrintWriter out, boolean json) {
        this.out = out;
        this.json = json;
    }

    /** What follows is in this file. */
    void begin(Path newFile) {
        file = newFile;
        if (!json) out.println("Dumping " + newFile);
    }

    void print(DumpItem item) {
        if (json) {
            Map<String, @Nullable Object> line = new LinkedHashMap<>();
            line.put("file", file.toString());
            line.put("kind", item.kind());
            line.putAll(item.fields());
            out.println(JsonText.of(line));
        } else {
            out.println(text(item));
        }
    }

    private static String text(DumpItem item) {
        StringBuilder line = new StringBuilder("| ".repeat(item.depth()));
        String separator = "";
        for (Map.Entry<String, @Nullable Object> field : item.fields().entrySet()) {
            line.append(separator).append(field.getKey()).append(": ").append(text(field.getValue()));
            separator = " ";
        }
        return line.toString();
    }

    /** Strings that a terminal can show as they are go without quotes. */
    private static String text(@Nullable Object value) {
        String json = JsonText.of(value);
        if (!(value instanceof String string)) return json;
        return json.length() == string.length() + 2 ? string : json;
    }
}
