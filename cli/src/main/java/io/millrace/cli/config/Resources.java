package io.millrace.cli.config;

import io.millrace.cli.terminal.Terminal;
import io.millrace.client.ConfigAdmin;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine.Parameters;

/** A mixin: topics, brokers or groups, by name. */
final class Resources {
    /** The name of all brokers together. */
    private static final String ALL_BROKERS = "";

    /** Completion and help know the kinds as they are typed. */
    static final class Kinds extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        Kinds() {
            super(Stream.of(ConfigAdmin.Kind.values()).map(Resources::word).toList());
        }
    }

    @Parameters(
            index = "0",
            paramLabel = "KIND",
            completionCandidates = Kinds.class,
            description = "What is configured: topic, broker or group.")
    private String kind = "";

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "NAME",
            description =
                    "Topics by name, brokers by id, groups by id. Broker without a name is what all brokers share.")
    private List<String> names = new ArrayList<>();

    /** Which of the kinds is meant. */
    ConfigAdmin.Kind kind(Terminal terminal) {
        for (ConfigAdmin.Kind each : ConfigAdmin.Kind.values()) if (word(each).equals(kind)) return each;
        throw terminal.wronglyAsked("'" + kind + "' is no kind of thing; want topic, broker or group");
    }

    /** The names, each once. */
    List<String> names(ConfigAdmin.Kind kindMeant, Terminal terminal) {
        if (kindMeant != ConfigAdmin.Kind.BROKER) {
            if (names.isEmpty()) throw terminal.wronglyAsked("name at least one " + word(kindMeant));
            return List.copyOf(new LinkedHashSet<>(names));
        }
        if (names.isEmpty()) return List.of(ALL_BROKERS);
        Set<String> ids = new LinkedHashSet<>();
        for (String name : names) {
            try {
                int id = Integer.parseInt(name);
                if (id < 0) throw terminal.wronglyAsked("broker " + name + " is below 0");
                ids.add(String.valueOf(id));
            } catch (NumberFormatException e) {
                throw terminal.wronglyAsked("'" + name + "' is not the id of a broker");
            }
        }
        return List.copyOf(ids);
    }

    static String word(ConfigAdmin.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    /** As {@code topic orders}, or {@code all brokers}. */
    static String phrase(ConfigAdmin.Kind kind, String name) {
        return name.equals(ALL_BROKERS) ? "all brokers" : word(kind) + " " + name;
    }
}
