package io.millrace.protocol.generator;

/**
 * A range of versions.
 *
 * @param lowest  first in it
 * @param highest last in it; below {@code lowest} if the range is empty
 */
record Versions(int lowest, int highest) {
    static final Versions NONE = new Versions(0, -1);

    /** Reads {@code "3+"}, {@code "0-4"}, {@code "7"} or {@code "none"}. */
    static Versions parse(String text) {
        if (text.equals("none")) return NONE;
        if (text.endsWith("+"))
            return new Versions(Integer.parseInt(text.substring(0, text.length() - 1)), Short.MAX_VALUE);
        int dash = text.indexOf('-');
        if (dash < 0) return new Versions(Integer.parseInt(text), Integer.parseInt(text));
        return new Versions(Integer.parseInt(text.substring(0, dash)), Integer.parseInt(text.substring(dash + 1)));
    }

    boolean isEmpty() {
        return highest < lowest;
    }

    boolean contains(int version) {
        return version >= lowest && version <= highest;
    }

    boolean contains(Versions other) {
        return other.isEmpty() || (contains(other.lowest) && contains(other.highest));
    }

    Versions intersect(Versions other) {
        Versions both = new Versions(Math.max(lowest, other.lowest), Math.min(highest, other.highest));
        return both.isEmpty() ? NONE : both;
    }

    /** Java that says whether {@code version}, known to be one of {@code possible}, is in this range. */
    String test(Versions possible) {
        Versions within = intersect(possible);
        if (within.isEmpty()) return "false";
        boolean fromStart = within.lowest == possible.lowest;
        boolean toEnd = within.highest == possible.highest;
        if (fromStart && toEnd) return "true";
        if (fromStart) return "version <= " + within.highest;
        if (toEnd) return "version >= " + within.lowest;
        if (within.lowest == within.highest) return "version == " + within.lowest;
        return "version >= " + within.lowest + " && version <= " + within.highest;
    }
}
