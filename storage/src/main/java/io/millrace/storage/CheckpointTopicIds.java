package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Says of which topics the offset checkpoints speak: these name topics only, and one that was deleted and made again under its
 * name must not inherit the offsets of the first (R14). A file of our own, in the text form of the others; Apache Kafka leaves
 * it alone. It is there only between start and orderly stop, as a stop leaves checkpoints that are right as they are.
 */
public final class CheckpointTopicIds {
    /** Its name in a log directory. */
    public static final String FILE_NAME = "checkpoint-topic-ids";

    private static final int MAX_FILE_BYTES = 1 << 30;

    private final Disk disk;
    private final Path file;

    CheckpointTopicIds(Disk disk, Path file) {
        this.disk = disk;
        this.file = file;
    }

    /**
     * The ids; nothing if the file does not exist, and the checkpoints are to be taken as they are.
     *
     * @throws CorruptLog if it is not in its format
     * @throws LogDirectoryFailed if it cannot be read
     */
    public Optional<Map<TopicPartition, Uuid>> read() {
        try {
            if (!disk.exists(file)) return Optional.empty();
            Map<TopicPartition, Uuid> ids = new HashMap<>();
            for (String[] fields : CheckpointText.parse(file, disk.readAll(file, MAX_FILE_BYTES), 3)) {
                TopicPartition partition = new TopicPartition(fields[0], (int) CheckpointText.number(file, fields[1]));
                ids.put(partition, id(fields[2]));
            }
            return Optional.of(ids);
        } catch (IOException e) {
            throw new LogDirectoryFailed(file, "read", e);
        }
    }

    private Uuid id(String text) {
        try {
            return Uuid.parse(text);
        } catch (IllegalArgumentException e) {
            throw new CorruptLog(file, 0, "'" + text + "' is not a topic id");
        }
    }

    /**
     * Replaces the content, and forces it.
     *
     * @throws LogDirectoryFailed if it cannot be written
     */
    public void write(Map<TopicPartition, Uuid> ids) {
        StringBuilder text = new StringBuilder("0\n").append(ids.size()).append('\n');
        ids.forEach((partition, id) -> text.append(partition.topic())
                .append(' ')
                .append(partition.partition())
                .append(' ')
                .append(id)
                .append('\n'));
        try {
            disk.replace(file, text.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new LogDirectoryFailed(file, "write", e);
        }
    }

    /**
     * Removes the file, and forces that.
     *
     * @throws LogDirectoryFailed if it cannot be removed
     */
    public void remove() {
        try {
            if (!disk.exists(file)) return;
            disk.delete(file);
            Path directory = file.getParent();
            if (directory != null) disk.forceDirectory(directory);
        } catch (IOException e) {
            throw new LogDirectoryFailed(file, "delete", e);
        }
    }
}
