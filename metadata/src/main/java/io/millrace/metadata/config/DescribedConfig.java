package io.millrace.metadata.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One property of a resource as DescribeConfigs shows it (KIP-226).
 *
 * @param name       the property
 * @param value      the value in force; null if there is none or it may not be shown
 * @param type       the type of its values
 * @param source     where the value in force comes from
 * @param isReadOnly nobody can change it at run time
 * @param isSensitive its value may not be shown
 * @param synonyms   everything the value could have come from, the strongest first
 */
public record DescribedConfig(
        String name,
        @Nullable String value,
        ConfigType type,
        ConfigSource source,
        boolean isReadOnly,
        boolean isSensitive,
        List<Synonym> synonyms) {
    /** A place that has a value for the property; the value is null where it may not be shown. */
    public record Synonym(String name, @Nullable String value, ConfigSource source) {}

    /** What the property does, in a sentence of our own; empty if it has no effect here. */
    public String documentation() {
        return ConfigDescriptions.of(name);
    }
}
