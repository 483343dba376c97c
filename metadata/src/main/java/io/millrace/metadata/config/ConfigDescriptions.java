package io.millrace.metadata.config;

import java.util.HashMap;
import java.util.Map;

/** What properties do, a sentence each; read when somebody first asks. */
final class ConfigDescriptions {
    private static final class Holder {
        private static final Map<String, String> BY_NAME = load();

        private static Map<String, String> load() {
            Map<String, String> byName = new HashMap<>();
            ConfigTable.read("descriptions.txt").lines().forEach(line -> {
                int tab = line.indexOf('\t');
                if (tab > 0) byName.put(line.substring(0, tab), line.substring(tab + 1));
            });
            return Map.copyOf(byName);
        }
    }

    private ConfigDescriptions() {}

    static String of(String name) {
        return Holder.BY_NAME.getOrDefault(name, "");
    }
}
