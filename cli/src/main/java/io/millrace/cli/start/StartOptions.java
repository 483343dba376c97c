package io.millrace.cli.start;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the command line of {@code start} says. Parsed here and not by picocli, which takes longer than all the rest of a start.
 *
 * @param config {@code --config}, a {@code server.properties} file
 * @param data {@code --data}, the log directory
 * @param listen {@code --listen}, {@code HOST:PORT} for clients
 * @param settings {@code --set}, each beats what the file and the options above say
 * @param clusterId {@code --cluster-id}
 * @param releaseVersion {@code --release-version}
 * @param features {@code --feature}, as written
 * @param cluster {@code --cluster}, how many nodes a cluster of this machine has; 0 for a node by itself
 * @param isStrict {@code --strict}: unknown properties are refused
 * @param wantsHelp {@code --help}
 */
record StartOptions(
        @Nullable String config,
        @Nullable String data,
        @Nullable String listen,
        Map<String, String> settings,
        @Nullable String clusterId,
        @Nullable String releaseVersion,
        List<String> features,
        int cluster,
        boolean isStrict,
        boolean wantsHelp) {

    /** The options that take a value, and what short names they have; all others take none. */
    private static final Map<String, String> SHORT_NAMES = Map.of(
            "-c", "--config", "-t", "--cluster-id", "-r", "--release-version", "-f", "--feature", "-h", "--help");

    /** The command line makes no sense; the message says why. */
    static final class WronglyAsked extends RuntimeException {
        private static final long serialVersionUID = 1L;

        WronglyAsked(String message) {
            super(message);
        }
    }

    /**
     * Reads {@code --name value} and {@code --name=value}.
     *
     * @throws WronglyAsked if an option is unknown, lacks its value or is given twice
     */
    static StartOptions parse(List<String> arguments) {
        Map<String, String> single = new LinkedHashMap<>();
        Map<String, String> settings = new LinkedHashMap<>();
        List<String> features = new ArrayList<>();
        boolean isStrict = false;
        boolean wantsHelp = false;
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            int equals = argument.startsWith("-") ? argument.indexOf('=') : -1;
            String written = equals < 0 ? argument : argument.substring(0, equals);
            String name = SHORT_NAMES.getOrDefault(written, written);
            switch (name) {
                case "--strict", "--help" -> {
                    if (equals >= 0) throw new WronglyAsked(name + " takes no value");
                    if (name.equals("--strict")) isStrict = true;
                    else wantsHelp = true;
                }
                case "--config",
                        "--data",
                        "--listen",
                        "--set",
                        "--cluster-id",
                        "--release-version",
                        "--feature",
                        "--cluster" -> {
                    if (equals < 0 && i + 1 >= arguments.size()) throw new WronglyAsked(written + " wants a value");
                    String value = equals >= 0 ? argument.substring(equals + 1) : arguments.get(++i);
                    if (name.equals("--set")) set(settings, value);
                    else if (name.equals("--feature")) features.add(value);
                    else if (value.isBlank()) throw new WronglyAsked(written + " wants a value, and it is empty");
                    else if (single.put(name, value) != null) throw new WronglyAsked(name + " is given twice");
                }
                default ->
                    throw new WronglyAsked(
                            "start does not know '" + argument + "'; millrace start --help tells what it does");
            }
        }
        return new StartOptions(
                single.get("--config"),
                single.get("--data"),
                single.get("--listen"),
                settings,
                single.get("--cluster-id"),
                single.get("--release-version"),
                List.copyOf(features),
                clusterSize(single.get("--cluster")),
                isStrict,
                wantsHelp);
    }

    private static int clusterSize(@Nullable String stated) {
        if (stated == null) return 0;
        if (!stated.matches("[1-" + ClusterLayout.MOST_NODES + "]"))
            throw new WronglyAsked(
                    "--cluster " + stated + ": want a number of nodes, 1 to " + ClusterLayout.MOST_NODES);
        return Integer.parseInt(stated);
    }

    private static void set(Map<String, String> settings, String pair) {
        int equals = pair.indexOf('=');
        if (equals <= 0) throw new WronglyAsked("--set " + pair + ": want NAME=VALUE");
        String name = pair.substring(0, equals).strip();
        String value = pair.substring(equals + 1).strip();
        String before = settings.put(name, value);
        if (before != null && !before.equals(value))
            throw new WronglyAsked("--set gives " + name + " twice, as '" + before + "' and as '" + value + "'");
    }
}
