package io.millrace.cli.terminal;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads options of the kind {@code --config NAME=VALUE}. */
public final class ConfigPairs {
    private ConfigPairs() {}

    /**
     * The pairs in their order, without blanks around names and values.
     *
     * @throws picocli.CommandLine.ParameterException if one is no pair, or a name comes twice
     */
    public static Map<String, String> read(List<String> pairs, Terminal terminal) {
        return read("--config", pairs, terminal);
    }

    /** As {@link #read(List, Terminal)}, of an option of that name. */
    public static Map<String, String> read(String option, List<String> pairs, Terminal terminal) {
        Map<String, String> configs = new LinkedHashMap<>();
        for (String pair : pairs) {
            int equals = pair.indexOf('=');
            if (equals <= 0) throw terminal.wronglyAsked(option + " " + pair + ": want NAME=VALUE");
            String name = pair.substring(0, equals).strip();
            if (configs.put(name, pair.substring(equals + 1).strip()) != null)
                throw terminal.wronglyAsked(option + " names " + name + " twice");
        }
        return configs;
    }
}
