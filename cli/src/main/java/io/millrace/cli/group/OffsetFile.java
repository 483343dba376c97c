package io.millrace.cli.group;

import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Offsets in a file as Kafka's tool writes and reads them: lines of topic, partition and offset, with commas between. Ours may say
 * {@link #NONE}, too, of which Kafka's tool makes the log's start.
 */
final class OffsetFile {
    private static final int FIELDS = 3;

    /** In the place of an offset: nothing is committed. It is what the protocol says then. */
    static final long NONE = -1;

    private OffsetFile() {}

    /**
     * Reads a file. Empty lines are passed over.
     *
     * @throws IllegalArgumentException naming file and line, if one is not what it should be or a partition comes twice
     */
    static Map<TopicPartition, Long> read(Path file) throws IOException {
        Map<TopicPartition, Long> offsets = new TreeMap<>();
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).isBlank()) continue;
            String place = file + ", line " + (i + 1) + ": ";
            String[] fields = lines.get(i).strip().split(",", -1);
            TopicPartition partition;
            long offset;
            try {
                if (fields.length != FIELDS || fields[0].isBlank()) throw new IllegalArgumentException("not so");
                partition = new TopicPartition(fields[0].strip(), Integer.parseInt(fields[1].strip()));
                offset = Long.parseLong(fields[2].strip());
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(place + "'" + lines.get(i) + "' is not TOPIC,PARTITION,OFFSET", e);
            }
            if (offset < NONE)
                throw new IllegalArgumentException(
                        place + "offset " + offset + " is below 0, and not " + NONE + " for none");
            if (offsets.put(partition, offset) != null)
                throw new IllegalArgumentException(place + partition + " comes twice");
        }
        if (offsets.isEmpty()) throw new IllegalArgumentException(file + " has no offsets");
        return offsets;
    }

    /** Writes a new file; one that is there already is not touched. */
    static void write(Path file, Map<TopicPartition, Long> offsets) throws IOException {
        List<String> lines = new ArrayList<>();
        offsets.forEach(
                (partition, offset) -> lines.add(partition.topic() + "," + partition.partition() + "," + offset));
        Files.write(file, lines, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }
}
