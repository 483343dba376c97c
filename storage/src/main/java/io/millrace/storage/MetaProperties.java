package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.protocol.Uuid;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;

/**
 * The file {@code meta.properties} that every formatted log directory has: whose it is (KIP-631, KIP-858).
 *
 * @param clusterId   the cluster's id
 * @param nodeId      the node's id
 * @param directoryId this directory's id
 */
public record MetaProperties(String clusterId, int nodeId, Uuid directoryId) {
    /** Name of the file in the log directory. */
    public static final String FILE_NAME = "meta.properties";

    private static final int VERSION = 1;
    private static final int MAX_FILE_BYTES = 64 << 10;

    /** The file is not of the version known here; the message says what to do. */
    public static final class UnknownVersion extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UnknownVersion(Path file, String version) {
            super(file + " has version " + version + ", and known here is version " + VERSION + " only: "
                    + (version.equals("0")
                            ? "0 is of the ZooKeeper era; migrate the cluster to KRaft first (Kafka 3.9 does)"
                            : "start the program that wrote it")
                    + "; nothing was changed");
        }
    }

    /** Refuses an empty cluster id and a negative node id. */
    public MetaProperties {
        if (clusterId.isBlank()) throw new IllegalArgumentException("the cluster id is empty");
        if (nodeId < 0) throw new IllegalArgumentException("node id " + nodeId + " is negative");
    }

    /**
     * Reads the file of a log directory, or nothing if it has none.
     *
     * @throws UnknownVersion if it is of another version: of the ZooKeeper era, whose 0 is not a KRaft directory, or newer
     * @throws CorruptLog if a property is missing or wrong
     * @throws NotDirectoryException if something else lies in the directory's place: it holds nothing and takes nothing, so it
     *     counts as a disk that fails, not as a directory without the file
     */
    public static Optional<MetaProperties> read(Disk disk, Path logDirectory) throws IOException {
        if (disk.exists(logDirectory) && !disk.isDirectory(logDirectory))
            throw new NotDirectoryException(logDirectory.toString());
        Path file = logDirectory.resolve(FILE_NAME);
        if (!disk.exists(file)) return Optional.empty();
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(new String(disk.readAll(file, MAX_FILE_BYTES), StandardCharsets.UTF_8)));
        } catch (IllegalArgumentException e) {
            throw new CorruptLog(file, 0, "not a properties file: " + e.getMessage());
        }
        String version = required(file, properties, "version");
        if (!version.equals(Integer.toString(VERSION))) throw new UnknownVersion(file, version);
        String directoryId = properties.getProperty("directory.id");
        try {
            return Optional.of(new MetaProperties(
                    required(file, properties, "cluster.id"),
                    Integer.parseInt(required(file, properties, "node.id")),
                    directoryId == null ? Uuid.ZERO : Uuid.parse(directoryId.strip())));
        } catch (IllegalArgumentException e) {
            throw new CorruptLog(file, 0, String.valueOf(e.getMessage()));
        }
    }

    private static String required(Path file, Properties properties, String name) {
        String value = properties.getProperty(name);
        if (value == null) throw new CorruptLog(file, 0, "property " + name + " is missing");
        return value.strip();
    }

    /** Writes the file of a log directory, and forces it. */
    public void write(Disk disk, Path logDirectory) throws IOException {
        String text = "#\ncluster.id=" + clusterId + "\ndirectory.id=" + directoryId + "\nnode.id=" + nodeId
                + "\nversion=" + VERSION + "\n";
        disk.replace(logDirectory.resolve(FILE_NAME), text.getBytes(StandardCharsets.UTF_8));
    }
}
