package io.millrace.server.metrics;

import java.util.List;

/**
 * Writes Prometheus' text exposition format, version 0.0.4: a family's help and type, then its samples. A family has to be
 * finished before the next begins, as the format demands.
 */
final class ExpositionText {
    /** How a family's samples behave. */
    enum Kind {
        /** Only grows, from 0 at the start of the process. */
        COUNTER,
        /** Goes up and down. */
        GAUGE,
        /** A count and a sum. */
        SUMMARY,
        /** Counts by upper bound, and their sum. */
        HISTOGRAM
    }

    private final StringBuilder text = new StringBuilder(16 << 10);
    private String family = "";

    /** Begins a family; {@code help} is one sentence. */
    ExpositionText family(String name, Kind kind, String help) {
        family = name;
        text.append("# HELP ").append(name).append(' ');
        appendEscaped(help, false);
        text.append("\n# TYPE ")
                .append(name)
                .append(' ')
                .append(
                        switch (kind) {
                            case COUNTER -> "counter";
                            case GAUGE -> "gauge";
                            case SUMMARY -> "summary";
                            case HISTOGRAM -> "histogram";
                        })
                .append('\n');
        return this;
    }

    /** A sample of the family; {@code labels} are names and values in turn. */
    ExpositionText sample(long value, String... labels) {
        return sample("", labels).end(Long.toString(value));
    }

    /** As {@link #sample(long, String...)} for what has fractions. */
    ExpositionText sample(double value, String... labels) {
        return sample("", labels).end(plain(value));
    }

    /** The two samples of a summary without quantiles. */
    ExpositionText summary(long count, double sum, String... labels) {
        return sample("_count", labels)
                .end(Long.toString(count))
                .sample("_sum", labels)
                .end(plain(sum));
    }

    /**
     * The samples of a histogram without labels.
     *
     * @param bounds upper bounds, included, growing
     * @param counts how many observations lie at or below each bound and above the one before; one more entry for the rest
     * @param sum all observations added up
     */
    ExpositionText histogram(List<Integer> bounds, List<Long> counts, long sum) {
        long upTo = 0;
        for (int i = 0; i < bounds.size(); i++) {
            upTo += counts.get(i);
            sample("_bucket", "le", String.valueOf(bounds.get(i))).end(Long.toString(upTo));
        }
        upTo += counts.get(bounds.size());
        return sample("_bucket", "le", "+Inf")
                .end(Long.toString(upTo))
                .sample("_sum")
                .end(Long.toString(sum))
                .sample("_count")
                .end(Long.toString(upTo));
    }

    /** A family of one sample. */
    ExpositionText single(String name, Kind kind, String help, long value) {
        return family(name, kind, help).sample(value);
    }

    private ExpositionText sample(String suffix, String... labels) {
        if (labels.length % 2 != 0) throw new IllegalArgumentException("a label of " + family + " has no value");
        text.append(family).append(suffix);
        if (labels.length > 0) {
            char before = '{';
            for (int i = 0; i < labels.length; i += 2) {
                text.append(before).append(labels[i]).append("=\"");
                appendEscaped(labels[i + 1], true);
                text.append('"');
                before = ',';
            }
            text.append('}');
        }
        return this;
    }

    private ExpositionText end(String value) {
        text.append(' ').append(value).append('\n');
        return this;
    }

    /** The format's names for what is not a number, and everything else as Java writes it, which it reads too. */
    private static String plain(double value) {
        if (Double.isInfinite(value)) return value > 0 ? "+Inf" : "-Inf";
        return Double.isNaN(value) ? "NaN" : Double.toString(value);
    }

    private void appendEscaped(String value, boolean isLabel) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\\') text.append("\\\\");
            else if (c == '\n') text.append("\\n");
            else if (c == '"' && isLabel) text.append("\\\"");
            else text.append(c);
        }
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
