package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * An offset per partition of a log directory, as text: a line with version {@code 0}, a line with the number of entries,
 * then {@code topic partition offset} per line. Replaced as a whole, so that a crash leaves the old or the new content.
 */
public final class OffsetCheckpoint {
    private static final int MAX_FILE_BYTES = 1 << 30;

    private final Disk disk;
    private final Path file;

    OffsetCheckpoint(Disk disk, Path file) {
        this.disk = disk;
        this.file = file;
    }

    /** Where it is. */
    public Path file() {
        return file;
    }

    /**
     * All offsets; none if the file does not exist, or is empty: Apache's broker makes it so, and writes it when it has something
     * to say.
     *
     * @throws CorruptLog         if it is not in the format of version 0
     * @throws LogDirectoryFailed if it cannot be read
     */
    public Map<TopicPartition, Long> read() {
        try {
            return read(disk, file);
        } catch (IOException e) {
            throw new LogDirectoryFailed(file, "read", e);
        }
    }

    /** Reads any file of this format, as a tool does. */
    public static Map<TopicPartition, Long> read(Disk disk, Path file) throws IOException {
        if (!disk.exists(file)) return Map.of();
        byte[] content = disk.readAll(file, MAX_FILE_BYTES);
        if (content.length == 0) return Map.of();
        Map<TopicPartition, Long> offsets = new HashMap<>();
        for (String[] fields : CheckpointText.parse(file, content, 3)) {
            TopicPartition partition = new TopicPartition(fields[0], (int) CheckpointText.number(file, fields[1]));
            offsets.put(partition, CheckpointText.number(file, fields[2]));
        }
        return offsets;
    }

    /**
     * Has a file say no more than this of a partition, if it speaks of it; what it says of others stays. Forces what it writes.
     *
     * @throws LogDirectoryFailed if it cannot be read or written
     */
    public static void lower(Disk disk, Path file, TopicPartition partition, long offset) {
        OffsetCheckpoint checkpoint = new OffsetCheckpoint(disk, file);
        Map<TopicPartition, Long> offsets = checkpoint.read();
        if (offsets.getOrDefault(partition, 0L) <= offset) return;
        Map<TopicPartition, Long> lowered = new TreeMap<>(offsets);
        lowered.put(partition, offset);
        checkpoint.write(lowered);
    }

    /**
     * Replaces the content, and forces it.
     *
     * @throws LogDirectoryFailed if it cannot be written
     */
    public void write(Map<TopicPartition, Long> offsets) {
        StringBuilder text = new StringBuilder("0\n").append(offsets.size()).append('\n');
        offsets.forEach((partition, offset) -> text.append(partition.topic())
                .append(' ')
                .append(partition.partition())
                .append(' ')
                .append(offset)
                .append('\n'));
        try {
            disk.replace(file, text.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new LogDirectoryFailed(file, "write", e);
        }
    }
}
