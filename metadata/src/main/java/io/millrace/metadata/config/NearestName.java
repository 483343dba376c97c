package io.millrace.metadata.config;

import java.util.Optional;

/** Finds what somebody may have meant: the known name with the fewest edits, where few means at most a quarter of its length. */
final class NearestName {
    private NearestName() {}

    /** The first of the closest names, if it is close enough. */
    static Optional<String> of(String name, Iterable<String> known) {
        String nearest = null;
        int fewest = Math.max(2, name.length() / 4) + 1;
        for (String candidate : known) {
            if (Math.abs(candidate.length() - name.length()) >= fewest) continue;
            int edits = edits(name, candidate);
            if (edits < fewest) {
                fewest = edits;
                nearest = candidate;
            }
        }
        return Optional.ofNullable(nearest);
    }

    /** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
    private static int edits(String from, String to) {
        int[] twoBack = new int[to.length() + 1];
        int[] previous = new int[to.length() + 1];
        int[] current = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) previous[j] = j;
        for (int i = 1; i <= from.length(); i++) {
            current[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                boolean same = from.charAt(i - 1) == to.charAt(j - 1);
                int best = Math.min(previous[j - 1] + (same ? 0 : 1), Math.min(previous[j], current[j - 1]) + 1);
                boolean swapped = i > 1
                        && j > 1
                        && from.charAt(i - 1) == to.charAt(j - 2)
                        && from.charAt(i - 2) == to.charAt(j - 1);
                current[j] = swapped ? Math.min(best, twoBack[j - 2] + 1) : best;
            }
            int[] recycled = twoBack;
            twoBack = previous;
            previous = current;
            current = recycled;
        }
        return previous[to.length()];
    }
}
