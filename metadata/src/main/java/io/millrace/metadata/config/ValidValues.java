package io.millrace.metadata.config;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Which values of the right type a property takes. {@link #refusal} is asked with the canonical text. */
public sealed interface ValidValues {
    /** Why the value is not taken, as a sentence in Kafka's wording; null if it is. */
    @Nullable
    String refusal(String name, String canonical);

    /** Everything the type can express. */
    record Any() implements ValidValues {
        @Override
        public @Nullable String refusal(String name, String canonical) {
            return null;
        }
    }

    /** Numbers from {@code atLeast} to {@code atMost}, both included; null is unbounded. The bounds are kept as written, for the message. */
    record Range(@Nullable String atLeast, @Nullable String atMost) implements ValidValues {
        @Override
        public @Nullable String refusal(String name, String canonical) {
            double value = Double.parseDouble(canonical);
            if (atLeast != null && compare(canonical, value, atLeast) < 0)
                return invalid(name, canonical, "Value must be at least " + atLeast);
            if (atMost != null && compare(canonical, value, atMost) > 0)
                return invalid(name, canonical, "Value must be no more than " + atMost);
            return null;
        }

        /** Whole numbers are compared as such: a double cannot tell the largest longs apart. */
        private static int compare(String canonical, double value, String bound) {
            boolean whole = canonical.indexOf('.') < 0 && canonical.indexOf('N') < 0 && canonical.indexOf('I') < 0;
            if (whole && bound.indexOf('.') < 0) return Long.compare(Long.parseLong(canonical), Long.parseLong(bound));
            return Double.compare(value, Double.parseDouble(bound));
        }
    }

    /** Exactly one of these texts. */
    record OneOf(List<String> texts) implements ValidValues {
        @Override
        public @Nullable String refusal(String name, String canonical) {
            if (texts.contains(canonical)) return null;
            return invalid(name, canonical, "String must be one of: " + String.join(", ", texts));
        }
    }

    /** One of these texts, in whatever case. */
    record OneOfIgnoringCase(List<String> texts) implements ValidValues {
        @Override
        public @Nullable String refusal(String name, String canonical) {
            if (texts.contains(canonical.toUpperCase(Locale.ROOT))) return null;
            return invalid(name, canonical, "String must be one of (case insensitive): " + String.join(", ", texts));
        }
    }

    /** A list of these texts (of any, if none is given), each non-empty; {@code mayBeEmpty} says whether a list without entries is taken. */
    record ListOf(List<String> texts, boolean mayBeEmpty) implements ValidValues {
        @Override
        public @Nullable String refusal(String name, String canonical) {
            List<String> entries = ConfigValues.list(canonical);
            if (entries.isEmpty() && !mayBeEmpty)
                return "Configuration '" + name + "' must not be empty. Valid values include: "
                        + (texts.isEmpty() ? "any non-empty value" : texts.toString());
            for (String entry : entries) {
                if (entry.isEmpty()) return "Configuration '" + name + "' values must not be empty.";
                if (!texts.isEmpty() && !texts.contains(entry))
                    return invalid(name, entry, "String must be one of: " + String.join(", ", texts));
            }
            return null;
        }
    }

    /** Any text with at least one character. */
    record NonEmpty() implements ValidValues {
        @Override
        public @Nullable String refusal(String name, String canonical) {
            return canonical.isEmpty() ? invalid(name, canonical, "String must be non-empty") : null;
        }
    }

    /** A level of gzip: 1 to 9, or -1 for the library's own choice. */
    record GzipLevel() implements ValidValues {
        @Override
        public @Nullable String refusal(String name, String canonical) {
            int level = Integer.parseInt(canonical);
            if (level == -1 || (level >= 1 && level <= 9)) return null;
            return invalid(name, canonical, "Value must be between 1 and 9 or equal to -1");
        }
    }

    /** {@code *}, or a list of {@code partition:broker} (KIP-73). */
    record ThrottledReplicas() implements ValidValues {
        @Override
        public @Nullable String refusal(String name, String canonical) {
            List<String> entries = ConfigValues.list(canonical);
            if (canonical.equals("*") || allReplicas(entries)) return null;
            return invalid(
                    name,
                    entries.toString(),
                    name + " must be the literal '*' or a list of replicas in the following format:"
                            + " [partitionId]:[brokerId],[partitionId]:[brokerId],...");
        }

        private static boolean allReplicas(List<String> entries) {
            for (String entry : entries) {
                int colon = entry.indexOf(':');
                if (!isNumber(entry, 0, colon) || !isNumber(entry, colon + 1, entry.length())) return false;
            }
            return true;
        }

        private static boolean isNumber(String text, int from, int until) {
            if (from >= until) return false;
            for (int i = from; i < until; i++) if (text.charAt(i) < '0' || text.charAt(i) > '9') return false;
            return true;
        }
    }

    /** {@code earliest}, {@code latest} or {@code by_duration:} with an ISO 8601 duration that is not negative (KIP-932). */
    record ShareOffsetReset() implements ValidValues {
        private static final String BY_DURATION = "by_duration:";

        @Override
        public @Nullable String refusal(String name, String canonical) {
            if (canonical.equals("earliest") || canonical.equals("latest") || isDuration(canonical)) return null;
            return invalid(
                    name,
                    canonical,
                    "Invalid value `" + canonical + "` for configuration " + name
                            + ". The value must be either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.");
        }

        private static boolean isDuration(String text) {
            if (!text.startsWith(BY_DURATION)) return false;
            try {
                return !Duration.parse(text.substring(BY_DURATION.length())).isNegative();
            } catch (DateTimeParseException notADuration) {
                return false;
            }
        }
    }

    /** A list of {@code id@host:port}. */
    record QuorumVoters() implements ValidValues {
        private static final Pattern VOTER = Pattern.compile("\\d+@.+:\\d+");

        @Override
        public @Nullable String refusal(String name, String canonical) {
            for (String entry : ConfigValues.list(canonical))
                if (!VOTER.matcher(entry).matches())
                    return "Invalid configuration value for " + name
                            + ". Each entry should be in the form `{id}@{host}:{port}`.";
            return null;
        }
    }

    /** A list of {@code host:port}. */
    record BootstrapServers() implements ValidValues {
        private static final Pattern SERVER = Pattern.compile("(\\[[0-9a-zA-Z.:%]+]|[0-9a-zA-Z\\-._]+):\\d+");

        @Override
        public @Nullable String refusal(String name, String canonical) {
            for (String entry : ConfigValues.list(canonical))
                if (!SERVER.matcher(entry).matches())
                    return "Failed to parse host name from " + entry + " for the configuration " + name
                            + ". Each entry should be in the form \"{host}:{port}\"";
            return null;
        }
    }

    private static String invalid(String name, String value, String why) {
        return ConfigValues.invalid(name, value, why);
    }
}
