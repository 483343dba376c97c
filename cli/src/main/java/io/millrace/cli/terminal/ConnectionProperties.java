package io.millrace.cli.terminal;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** Properties that say how a cluster is reached, by the names of Kafka's clients. Others are refused: they would have no effect. */
public final class ConnectionProperties {
    private ConnectionProperties() {}

    /**
     * Reads a file of properties.
     *
     * @throws IllegalArgumentException naming the file, if it cannot be read or holds something else
     */
    public static Map<String, String> read(Path file) {
        Properties read = new Properties();
        try (Reader in = Files.newBufferedReader(file)) {
            read.load(in);
        } catch (IOException | IllegalArgumentException e) {
            throw new IllegalArgumentException(file + " cannot be read: " + FileTrouble.why(e), e);
        }
        Map<String, String> properties = new TreeMap<>();
        for (String name : read.stringPropertyNames()) {
            try {
                properties.put(checked(name), read.getProperty(name).strip());
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
            }
        }
        return properties;
    }

    /**
     * The name, if it is one of a connection's.
     *
     * @throws IllegalArgumentException if not
     */
    public static String checked(String name) {
        boolean isOfConnections = name.equals("bootstrap.servers")
                || name.equals("client.id")
                || name.startsWith("security.")
                || name.startsWith("ssl.")
                || name.startsWith("sasl.");
        if (isOfConnections) return name;
        throw new IllegalArgumentException(
                name + " says nothing of how a cluster is reached; want bootstrap.servers, client.id,"
                        + " security.*, ssl.* or sasl.*");
    }

    /** Whether its value should not be shown. */
    public static boolean isSecret(String name) {
        return name.endsWith(".password") || name.endsWith(".jaas.config") || name.endsWith(".key");
    }
}
