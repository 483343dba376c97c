package io.millrace.storage;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The text form of all checkpoint files: a line with version 0, a line with the number of entries, the entries. */
final class CheckpointText {
    private CheckpointText() {}

    static List<String[]> parse(Path file, byte[] content, int fieldCount) {
        List<String> lines = new String(content, StandardCharsets.UTF_8).lines().toList();
        if (lines.size() < 2) throw new CorruptLog(file, content.length, "the file ends before its number of entries");
        if (!lines.get(0).equals("0")) throw new CorruptLog(file, 0, "version '" + lines.get(0) + "', want 0");
        long count = number(file, lines.get(1));
        List<String[]> entries = new ArrayList<>();
        for (String line : lines.subList(2, lines.size())) {
            if (line.isBlank()) continue;
            String[] fields = line.strip().split("\\s+", -1);
            if (fields.length != fieldCount)
                throw new CorruptLog(
                        file, 0, "line '" + line + "' has " + fields.length + " fields, want " + fieldCount);
            entries.add(fields);
        }
        if (entries.size() != count)
            throw new CorruptLog(file, content.length, entries.size() + " entries, but the second line says " + count);
        return entries;
    }

    static long number(Path file, String text) {
        try {
            return Long.parseLong(text.strip());
        } catch (NumberFormatException e) {
            throw new CorruptLog(file, 0, "'" + text + "' is not a number");
        }
    }
}
