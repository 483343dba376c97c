package io.millrace.metadata.config;

import org.jspecify.annotations.Nullable;

/**
 * One property.
 *
 * @param name         the property's name
 * @param type         the type of its values
 * @param importance   how much attention it deserves
 * @param isInternal   not documented, and shown by DescribeConfigs only where somebody set it
 * @param updateMode   whether a broker property may change at run time; read-only for everything else
 * @param validValues  which values of the type are taken
 * @param isRequired   there is no default, somebody has to set it
 * @param defaultValue the canonical default; null if there is none
 */
public record ConfigDefinition(
        String name,
        ConfigType type,
        Importance importance,
        boolean isInternal,
        UpdateMode updateMode,
        ValidValues validValues,
        boolean isRequired,
        @Nullable String defaultValue) {
    /** Whether the value must never be shown. */
    public boolean isSensitive() {
        return type == ConfigType.PASSWORD;
    }

    /** Whether {@code raw} is a value for this property, and how it is written canonically. Classes are not loaded. */
    public ConfigCheck check(String raw) {
        ConfigCheck parsed = parsed(raw);
        if (parsed instanceof ConfigCheck.Valid(String canonical)) {
            String refusal = validValues.refusal(name, canonical);
            if (refusal != null) return new ConfigCheck.Invalid(refusal);
        }
        return parsed;
    }

    /** Lists whose entries Kafka checks one by one lose their repetitions first. */
    private ConfigCheck parsed(String raw) {
        ConfigCheck parsed = ConfigValues.canonical(name, type, raw);
        return validValues instanceof ValidValues.ListOf && parsed instanceof ConfigCheck.Valid(String canonical)
                ? new ConfigCheck.Valid(ConfigValues.withoutRepetitions(canonical))
                : parsed;
    }

    /** The canonical form of {@code raw} where it is a value of the type, otherwise {@code raw} as it stands. */
    public String canonicalOrRaw(String raw) {
        return parsed(raw) instanceof ConfigCheck.Valid(String canonical) ? canonical : raw;
    }
}
