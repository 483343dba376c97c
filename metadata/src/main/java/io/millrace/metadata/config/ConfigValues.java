package io.millrace.metadata.config;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;

/** How the text of a value is read: Kafka's rules for each type. */
final class ConfigValues {
    private ConfigValues() {}

    /** The entries of a list, without blanks around them; none for a blank text. */
    static List<String> list(String text) {
        String trimmed = text.trim();
        if (trimmed.isEmpty()) return List.of();
        List<String> entries = new ArrayList<>();
        int from = 0;
        for (int comma = trimmed.indexOf(','); comma >= 0; comma = trimmed.indexOf(',', from)) {
            entries.add(trimmed.substring(from, comma).trim());
            from = comma + 1;
        }
        entries.add(trimmed.substring(from).trim());
        return entries;
    }

    /** The list with the second and further of equal entries dropped. */
    static String withoutRepetitions(String list) {
        return String.join(",", new LinkedHashSet<>(list(list)));
    }

    /** Kafka's sentence about a bad value. */
    static String invalid(String name, String value, String why) {
        return "Invalid value " + value + " for configuration " + name + ": " + why;
    }

    /** Reads {@code raw} as a value of {@code type} and writes it the way Kafka shows it. */
    static ConfigCheck canonical(String name, ConfigType type, String raw) {
        String text = raw.trim();
        try {
            return switch (type) {
                case BOOLEAN -> {
                    String word = text.toLowerCase(Locale.ROOT);
                    yield word.equals("true") || word.equals("false")
                            ? new ConfigCheck.Valid(word)
                            : new ConfigCheck.Invalid(invalid(name, raw, "Expected value to be either true or false"));
                }
                case INT -> new ConfigCheck.Valid(Integer.toString(Integer.parseInt(text)));
                case SHORT -> new ConfigCheck.Valid(Short.toString(Short.parseShort(text)));
                case LONG -> new ConfigCheck.Valid(Long.toString(Long.parseLong(text)));
                case DOUBLE -> new ConfigCheck.Valid(Double.toString(Double.parseDouble(text)));
                case LIST -> new ConfigCheck.Valid(String.join(",", list(text)));
                case STRING, CLASS, PASSWORD, UNKNOWN -> new ConfigCheck.Valid(text);
            };
        } catch (NumberFormatException notANumber) {
            return new ConfigCheck.Invalid(invalid(name, raw, "Not a number of type " + type));
        }
    }
}
