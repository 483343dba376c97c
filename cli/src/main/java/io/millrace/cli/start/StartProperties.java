package io.millrace.cli.start;

import io.millrace.server.config.BadConfig;
import io.millrace.server.config.ListenerAddress;
import io.millrace.server.config.PropertiesFile;
import io.millrace.server.config.ServerConfig;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Makes one node's properties of the file and the options: the file first, then {@code --data} and {@code --listen}, then {@code --set}. */
final class StartProperties {
    private static final String LISTENERS = "listeners";
    private static final String ADVERTISED_LISTENERS = "advertised.listeners";
    private static final String CONTROLLER_LISTENER_NAMES = "controller.listener.names";
    private static final String DEFAULT_DATA = "data";
    private static final String DEFAULT_LISTENER_NAME = "PLAINTEXT";

    private StartProperties() {}

    /**
     * The checked configuration.
     *
     * @throws BadConfig if the file cannot be read, or a property is not usable
     */
    static ServerConfig of(StartOptions options) {
        Map<String, String> stated = new LinkedHashMap<>();
        String file = options.config();
        if (file != null) stated.putAll(read(Path.of(file)));
        String data = options.data();
        if (data != null) {
            stated.remove("log.dir");
            stated.put("log.dirs", data);
        }
        String listen = options.listen();
        if (listen != null) listenAt(listen, stated);
        stated.putAll(options.settings());
        if (!stated.containsKey("log.dirs") && !stated.containsKey("log.dir")) stated.put("log.dirs", DEFAULT_DATA);
        return new ServerConfig(stated);
    }

    private static Map<String, String> read(Path file) {
        try {
            return PropertiesFile.parse(Files.readString(file), file.toString());
        } catch (NoSuchFileException e) {
            throw new BadConfig("the configuration file " + file + " does not exist");
        } catch (CharacterCodingException e) {
            throw new BadConfig("the configuration file " + file + " is not text in UTF-8");
        } catch (IOException e) {
            throw new BadConfig("the configuration file " + file + " cannot be read: " + e.getMessage());
        }
    }

    /** Puts one listener in the place of the file's listeners for clients; a controller's stays, as other nodes count on it. */
    private static void listenAt(String hostAndPort, Map<String, String> stated) {
        List<String> controllerNames =
                entries(stated.getOrDefault(CONTROLLER_LISTENER_NAMES, "").toUpperCase(Locale.ROOT));
        String clientName = DEFAULT_LISTENER_NAME;
        List<ListenerAddress> kept = new ArrayList<>();
        boolean isNamed = false;
        for (String entry : entries(stated.getOrDefault(LISTENERS, ""))) {
            ListenerAddress listener = ListenerAddress.parse(entry);
            if (controllerNames.contains(listener.name())) {
                kept.add(listener);
            } else if (!isNamed) {
                clientName = listener.name();
                isNamed = true;
            }
        }
        List<ListenerAddress> listeners = new ArrayList<>();
        listeners.add(address(clientName, hostAndPort));
        listeners.addAll(kept);
        stated.put(LISTENERS, joined(listeners));
        dropAdvertised(stated, controllerNames);
    }

    /** What the file advertises for the listeners just replaced would lead clients elsewhere. */
    private static void dropAdvertised(Map<String, String> stated, List<String> controllerNames) {
        String advertised = stated.remove(ADVERTISED_LISTENERS);
        if (advertised == null) return;
        List<ListenerAddress> kept = new ArrayList<>();
        for (String entry : entries(advertised)) {
            ListenerAddress listener = ListenerAddress.parse(entry);
            if (controllerNames.contains(listener.name())) kept.add(listener);
        }
        if (!kept.isEmpty()) stated.put(ADVERTISED_LISTENERS, joined(kept));
    }

    private static ListenerAddress address(String name, String hostAndPort) {
        try {
            return ListenerAddress.parse(name + "://" + hostAndPort);
        } catch (BadConfig e) {
            throw new BadConfig("--listen " + hostAndPort + " is not of the form HOST:PORT");
        }
    }

    private static List<String> entries(String list) {
        List<String> entries = new ArrayList<>();
        for (String entry : list.split(",", -1)) if (!entry.isBlank()) entries.add(entry.strip());
        return entries;
    }

    private static String joined(List<ListenerAddress> listeners) {
        StringBuilder joined = new StringBuilder();
        for (ListenerAddress listener : listeners) {
            if (!joined.isEmpty()) joined.append(',');
            joined.append(listener);
        }
        return joined.toString();
    }
}
