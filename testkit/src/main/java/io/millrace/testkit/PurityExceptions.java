package io.millrace.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What single classes may see of the outside although their room may not, each with its reason. A file of lines
 *
 * <pre>
 * class | what it may use | reason
 * </pre>
 *
 * where the class is a full name or a prefix ending in {@code *}, what it may use is written as {@link PurityCheck}
 * reports it, or is a prefix ending in {@code *}, and the reason is a sentence. Nested classes share the exceptions of
 * the class around them. Empty lines and lines that begin with {@code #} are skipped.
 */
public final class PurityExceptions {
    private record Entry(String classes, String uses, String reason) {
        boolean allows(String className, String used) {
            return (matches(classes, className) || className.startsWith(classes + "$")) && matches(uses, used);
        }

        private static boolean matches(String pattern, String name) {
            return pattern.endsWith("*")
                    ? name.startsWith(pattern.substring(0, pattern.length() - 1))
                    : name.equals(pattern);
        }

        @Override
        public String toString() {
            return classes + " | " + uses + " | " + reason;
        }
    }

    private final List<Entry> entries;
    private final Set<Entry> used = new LinkedHashSet<>();

    private PurityExceptions(List<Entry> entries) {
        this.entries = entries;
    }

    /** No exceptions at all. */
    public static PurityExceptions none() {
        return new PurityExceptions(List.of());
    }

    /**
     * Reads a file of exceptions.
     *
     * @throws IllegalArgumentException if a line has not its three parts, or no reason
     */
    public static PurityExceptions read(Path file) {
        try {
            return parse(Files.readAllLines(file));
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot read the purity exceptions in " + file, failure);
        }
    }

    /**
     * Reads the lines of such a file.
     *
     * @throws IllegalArgumentException if a line has not its three parts, or no reason
     */
    public static PurityExceptions parse(List<String> lines) {
        List<Entry> entries = new ArrayList<>();
        for (String line : lines) {
            if (line.isBlank() || line.startsWith("#")) continue;
            String[] parts = line.split("\\|", 3);
            if (parts.length != 3 || parts[0].isBlank() || parts[1].isBlank() || parts[2].isBlank())
                throw new IllegalArgumentException("want 'class | what it may use | reason', found: " + line);
            entries.add(new Entry(parts[0].strip(), parts[1].strip(), parts[2].strip()));
        }
        return new PurityExceptions(List.copyOf(entries));
    }

    boolean allow(String className, String forbidden) {
        for (Entry entry : entries) {
            if (entry.allows(className, forbidden)) {
                used.add(entry);
                return true;
            }
        }
        return false;
    }

    List<String> unused() {
        return entries.stream()
                .filter(entry -> !used.contains(entry))
                .map(Entry::toString)
                .toList();
    }
}
