package io.millrace.cli.terminal;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads {@code --config NAME=VALUE}. */
public final class ConfigPairs {
    private ConfigPairs() {}

    /**
     * The pairs in their order, without blanks around names and values.
     *
     * @throws picocli.CommandLine.ParameterException if one is no pair, or a name comes twice
     */
    public static Map<String, String> read(List<String> pairs, Terminal terminal) {
        Map<String, String> configs = new LinkedHashMap<>();
        for (String pair : pairs) {
            int equals = pair.indexOf('=');
            if (equals <= 0) throw terminal.wronglyAsked("--config " + pair + ": want NAME=VALUE");
            String name = pair.substring(0, equals).strip();
            if (configs.put(name, pair.substring(equals + 1).strip()) != null)
                throw terminal.wronglyAsked("--config names " + name + " twice");
        }
        return configs;
    }
}
