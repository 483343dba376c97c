package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import io.millrace.protocol.Uuid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The file {@code partition.metadata}, which ties a partition's directory to the id of its topic (KIP-516). Two lines:
 * {@code version: 0} and {@code topic_id: } with the id in base 64.
 */
public final class PartitionMetadata {
    /** Name of the file in the partition's directory. */
    public static final String FILE_NAME = "partition.metadata";

    private static final String VERSION_LINE = "version: 0";
    private static final String ID_PREFIX = "topic_id: ";
    private static final int ID_CHARS = 22;
    private static final int MAX_FILE_BYTES = 4096;

    private PartitionMetadata() {}

    /** Writes the file of a new directory; the log's first flush forces it. */
    static void write(Disk disk, Path directory, Uuid topicId) throws IOException {
        try (DiskFile file = disk.open(directory.resolve(FILE_NAME), OpenMode.CREATE)) {
            file.truncate(0);
            file.write(0, ByteBuffer.wrap(content(topicId)));
        }
    }

    private static byte[] content(Uuid topicId) {
        return (VERSION_LINE + "\n" + ID_PREFIX + topicId).getBytes(StandardCharsets.UTF_8);
    }

    /** Has the file of a directory that has been in use forced; makes it anew if it is missing or a power cut tore it. */
    static void keep(Disk disk, Path directory, Uuid topicId) throws IOException {
        Path path = directory.resolve(FILE_NAME);
        if (read(disk, directory).isEmpty()) {
            disk.replace(path, content(topicId));
            return;
        }
        try (DiskFile file = disk.open(path, OpenMode.READ_WRITE)) {
            Rewriting.rewrite(file, 0, file.sizeBytes());
            file.force();
        }
    }

    /**
     * The topic id of a partition's directory, or nothing if the file is missing or only the beginning of it is there, as a
     * power cut before the log's first flush leaves it.
     *
     * @throws CorruptLog if it says something else
     */
    public static Optional<Uuid> read(Disk disk, Path directory) throws IOException {
        Path file = directory.resolve(FILE_NAME);
        if (!disk.exists(file)) return Optional.empty();
        String text = new String(disk.readAll(file, MAX_FILE_BYTES), StandardCharsets.UTF_8);
        if (isTorn(text)) return Optional.empty();
        List<String> lines =
                text.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
        if (lines.size() != 2
                || !lines.get(0).replaceAll("\\s+", " ").equals(VERSION_LINE)
                || !lines.get(1).startsWith(ID_PREFIX.strip()))
            throw new CorruptLog(file, 0, "want the lines '" + VERSION_LINE + "' and '" + ID_PREFIX + "...'");
        try {
            return Optional.of(Uuid.parse(
                    lines.get(1).substring(ID_PREFIX.strip().length()).strip()));
        } catch (IllegalArgumentException e) {
            throw new CorruptLog(file, 0, "line '" + lines.get(1) + "' holds no topic id");
        }
    }

    private static boolean isTorn(String text) {
        int zero = text.indexOf(0);
        String begun = (zero < 0 ? text : text.substring(0, zero)).stripLeading();
        String fixed = VERSION_LINE + "\n" + ID_PREFIX;
        return fixed.startsWith(begun) || (begun.startsWith(fixed) && begun.length() < fixed.length() + ID_CHARS);
    }
}
