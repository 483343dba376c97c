package io.millrace.metadata.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The properties of one kind of resource, from a resource file with one line each.
 *
 * <p>Fields, parted by tabs: name · type · importance (H, M, L) with {@code i} if internal · update mode (r, b, c) · valid values · default ({@code =text},
 * {@code ~} none, {@code -} none and required). Only the lines are found when the table is loaded; a line is taken apart when its property is first asked for,
 * so that starting a server pays for the properties it uses. Any thread may read.
 */
public final class ConfigTable {
    private final Map<String, Integer> indexByName;
    private final String[] lines;
    /** Parsed when asked for. Two threads may parse the same line; either result will do, as definitions are immutable. */
    private final @Nullable ConfigDefinition[] definitions;

    private ConfigTable(Map<String, Integer> indexByName, String[] lines) {
        this.indexByName = Collections.unmodifiableMap(indexByName);
        this.lines = lines;
        this.definitions = new ConfigDefinition[lines.length];
    }

    /** Loads a table; of two resources the later one's lines follow, as our own properties follow Kafka's. */
    static ConfigTable load(String... resources) {
        Map<String, Integer> indexByName = new LinkedHashMap<>();
        List<String> lines = new ArrayList<>();
        for (String resource : resources) addLines(read(resource), indexByName, lines);
        return new ConfigTable(indexByName, lines.toArray(new String[0]));
    }

    private static void addLines(String text, Map<String, Integer> indexByName, List<String> lines) {
        for (int from = 0; from < text.length(); ) {
            int until = text.indexOf('\n', from);
            if (until < 0) until = text.length();
            int tab = text.indexOf('\t', from);
            if (tab > from && tab < until) {
                indexByName.put(text.substring(from, tab), lines.size());
                lines.add(text.substring(tab + 1, until));
            }
            from = until + 1;
        }
    }

    static String read(String resource) {
        try (InputStream in = ConfigTable.class.getResourceAsStream(resource)) {
            if (in == null) throw new IllegalStateException("resource " + resource + " is missing from this build");
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException broken) {
            throw new UncheckedIOException("cannot read resource " + resource, broken);
        }
    }

    /** The property of this name, if there is one. */
    public Optional<ConfigDefinition> find(String name) {
        return Optional.ofNullable(get(name));
    }

    /** The property of this name, or null. */
    @Nullable
    ConfigDefinition get(String name) {
        Integer index = indexByName.get(name);
        if (index == null) return null;
        ConfigDefinition known = definitions[index];
        if (known != null) return known;
        ConfigDefinition definition = parse(name, lines[index]);
        definitions[index] = definition;
        return definition;
    }

    /** The property of this name, which has to exist. */
    ConfigDefinition require(String name) {
        ConfigDefinition definition = get(name);
        if (definition == null) throw new IllegalArgumentException("no property is called " + name);
        return definition;
    }

    /** All names, internal ones included, in the order Kafka defines them, and then those of our own. */
    public Set<String> names() {
        return indexByName.keySet();
    }

    /** The known name closest to {@code name}, if one is close enough to have been meant. */
    public Optional<String> nearestKnownName(String name) {
        return NearestName.of(name, names());
    }

    private static ConfigDefinition parse(String name, String line) {
        String[] fields = line.split("\t", -1);
        if (fields.length != 5) throw new IllegalStateException("property " + name + " has a bad line: " + line);
        String defaultField = fields[4];
        return new ConfigDefinition(
                name,
                ConfigType.valueOf(fields[0]),
                switch (fields[1].charAt(0)) {
                    case 'H' -> Importance.HIGH;
                    case 'M' -> Importance.MEDIUM;
                    case 'L' -> Importance.LOW;
                    default -> throw new IllegalStateException("property " + name + ": importance " + fields[1]);
                },
                fields[1].endsWith("i"),
                switch (fields[2]) {
                    case "r" -> UpdateMode.READ_ONLY;
                    case "b" -> UpdateMode.PER_BROKER;
                    case "c" -> UpdateMode.CLUSTER_WIDE;
                    default -> throw new IllegalStateException("property " + name + ": update mode " + fields[2]);
                },
                validValues(name, fields[3]),
                defaultField.equals("-"),
                defaultField.startsWith("=") ? defaultField.substring(1) : null);
    }

    private static ValidValues validValues(String name, String field) {
        int colon = field.indexOf(':');
        String kind = colon < 0 ? field : field.substring(0, colon);
        String rest = colon < 0 ? "" : field.substring(colon + 1);
        return switch (kind) {
            case "", "nonnull" -> new ValidValues.Any();
            case "range" -> {
                int dots = rest.indexOf("..");
                yield new ValidValues.Range(orNull(rest.substring(0, dots)), orNull(rest.substring(dots + 2)));
            }
            case "oneof" -> new ValidValues.OneOf(List.of(rest.split(",")));
            case "oneofci" -> new ValidValues.OneOfIgnoringCase(List.of(rest.split(",")));
            case "list" -> {
                String allowed = rest.substring(rest.indexOf(':') + 1);
                yield new ValidValues.ListOf(
                        allowed.isEmpty() ? List.of() : List.of(allowed.split(",")),
                        rest.substring(0, rest.indexOf(':')).contains("e"));
            }
            case "nonempty" -> new ValidValues.NonEmpty();
            case "gzip" -> new ValidValues.GzipLevel();
            case "throttled" -> new ValidValues.ThrottledReplicas();
            case "sharereset" -> new ValidValues.ShareOffsetReset();
            case "voters" -> new ValidValues.QuorumVoters();
            case "bootstrap" -> new ValidValues.BootstrapServers();
            default -> throw new IllegalStateException("property " + name + ": valid values " + field);
        };
    }

    private static @Nullable String orNull(String text) {
        return text.isEmpty() ? null : text;
    }
}
