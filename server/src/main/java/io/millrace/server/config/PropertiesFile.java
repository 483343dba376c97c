package io.millrace.server.config;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads the text of a {@code .properties} file as Java does (comments, continuation lines, escapes), keeping the order of
 * the file, and refusing what {@link java.util.Properties} would accept in silence: a name given twice with different values.
 */
public final class PropertiesFile {
    private PropertiesFile() {}

    /**
     * Reads names and values.
     *
     * @param text the whole file
     * @param fileName for messages
     * @throws BadConfig if a name occurs twice with different values, or an escape is malformed
     */
    public static Map<String, String> parse(String text, String fileName) {
        Map<String, String> values = new LinkedHashMap<>();
        StringBuilder logicalLine = new StringBuilder();
        for (String line : text.split("\r\n|\n|\r", -1)) {
            String stripped = line.stripLeading();
            boolean continues = logicalLine.length() > 0;
            if (!continues && (stripped.isEmpty() || stripped.startsWith("#") || stripped.startsWith("!"))) continue;
            if (endsWithOddBackslashes(stripped)) {
                logicalLine.append(stripped, 0, stripped.length() - 1);
                continue;
            }
            logicalLine.append(stripped);
            put(values, logicalLine.toString(), fileName);
            logicalLine.setLength(0);
        }
        if (logicalLine.length() > 0) put(values, logicalLine.toString(), fileName);
        return values;
    }

    private static boolean endsWithOddBackslashes(String line) {
        int count = 0;
        while (count < line.length() && line.charAt(line.length() - 1 - count) == '\\') count++;
        return count % 2 == 1;
    }

    private static void put(Map<String, String> values, String line, String fileName) {
        java.util.Properties one = new java.util.Properties();
        try {
            one.load(new java.io.StringReader(line));
        } catch (java.io.IOException | IllegalArgumentException e) {
            throw new BadConfig(fileName + ": the line '" + line + "' cannot be read: " + e.getMessage());
        }
        for (String name : one.stringPropertyNames()) {
            String value = one.getProperty(name).strip();
            String before = values.put(name, value);
            if (before != null && !before.equals(value))
                throw new BadConfig(
                        fileName + ": " + name + " is given twice, as '" + before + "' and as '" + value + "'");
        }
    }
}
