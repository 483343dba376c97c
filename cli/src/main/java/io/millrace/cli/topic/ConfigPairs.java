package io.millrace.cli.topic;

import io.millrace.cli.terminal.Terminal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads {@code --config NAME=VALUE}. */
final class ConfigPairs {
    private ConfigPairs() {}

    static Map<String, String> read(List<String> pairs, Terminal terminal) {
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
