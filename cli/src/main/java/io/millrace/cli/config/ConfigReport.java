package io.millrace.cli.config;

import io.millrace.cli.terminal.Table;
import io.millrace.client.ConfigAdmin;
import io.millrace.client.ConfigEntry;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The configuration of one thing as {@code config describe} shows it. */
record ConfigReport(ConfigAdmin.Kind kind, String name, List<ConfigEntry> entries) {
    void print(PrintWriter out) {
        String phrase = Resources.phrase(kind, name);
        if (entries.isEmpty()) {
            out.println("Nothing is set for " + phrase + ".");
            return;
        }
        out.println("Configuration of " + phrase + ":");
        Table table = new Table("  ", List.of("NAME", "VALUE", "SOURCE"));
        for (ConfigEntry entry : entries) table.add(entry.name(), value(entry), source(entry));
        table.print(out);
    }

    private static String value(ConfigEntry entry) {
        if (entry.isSensitive()) return "(hidden)";
        String value = entry.value();
        return value == null ? "" : value;
    }

    private static String source(ConfigEntry entry) {
        String words = switch (entry.source()) {
            case DYNAMIC_TOPIC_CONFIG -> "topic";
            case DYNAMIC_BROKER_CONFIG -> "broker";
            case DYNAMIC_DEFAULT_BROKER_CONFIG -> "all brokers";
            case STATIC_BROKER_CONFIG -> "file";
            case DEFAULT_CONFIG -> "default";
            case DYNAMIC_BROKER_LOGGER_CONFIG -> "logger";
            case CLIENT_METRICS_CONFIG -> "client metrics";
            case GROUP_CONFIG -> "group";
            case UNKNOWN -> "unknown";
        };
        return entry.isReadOnly() ? words + ", read-only" : words;
    }

    Map<String, @Nullable Object> fields() {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("kind", kind.name().toLowerCase(Locale.ROOT));
        fields.put("name", name);
        fields.put("configs", entries.stream().map(ConfigReport::fields).toList());
        return fields;
    }

    private static Map<String, @Nullable Object> fields(ConfigEntry entry) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("name", entry.name());
        fields.put("value", entry.value());
        fields.put("source", entry.source().name());
        fields.put("readOnly", entry.isReadOnly());
        fields.put("sensitive", entry.isSensitive());
        return fields;
    }
}
