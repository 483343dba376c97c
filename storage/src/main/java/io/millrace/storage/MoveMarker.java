package io.millrace.storage;

import io.millrace.environment.Disk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The file {@code millrace-moved} in the directory of a log that was copied whole from another log directory. It is forced
 * before the copy gets the partition's name. A power cut between that and the moment when the original loses its name leaves
 * both: the one with the higher generation is the partition's log then. Kafka does not look at it.
 *
 * @param generation     one more than that of the log it was copied from, which has 0 if it has no marker
 * @param recoveryPoint  everything below was forced when the marker was written
 * @param logStartOffset where the log began at least when the marker was written: the checkpoint of the new directory may not
 *                       say so yet
 */
public record MoveMarker(long generation, long recoveryPoint, long logStartOffset) {
    /** Name of the file in the partition's directory. */
    public static final String FILE_NAME = "millrace-moved";

    private static final int MAX_FILE_BYTES = 4096;
    private static final List<String> FIELDS = List.of("version", "generation", "recovery_point", "log_start_offset");

    /** Checks that nothing is negative. */
    public MoveMarker {
        if (generation < 0 || recoveryPoint < 0 || logStartOffset < 0)
            throw new IllegalArgumentException("generation " + generation + ", recovery point " + recoveryPoint
                    + " or log start offset " + logStartOffset + " is negative");
    }

    /**
     * Reads the marker of a partition's directory, if there is one.
     *
     * @throws CorruptLog if it is not in the format of version 0; it is replaced in one step, so no crash leaves it so
     */
    public static Optional<MoveMarker> read(Disk disk, Path directory) throws IOException {
        Path file = directory.resolve(FILE_NAME);
        if (!disk.exists(file)) return Optional.empty();
        Map<String, Long> values = new HashMap<>();
        String text = new String(disk.readAll(file, MAX_FILE_BYTES), StandardCharsets.UTF_8);
        for (String line : text.lines().toList()) {
            int colon = line.indexOf(':');
            if (colon < 0) throw new CorruptLog(file, 0, "line '" + line + "' has no colon");
            values.put(line.substring(0, colon), CheckpointText.number(file, line.substring(colon + 1)));
        }
        for (String field : FIELDS)
            if (values.getOrDefault(field, -1L) < 0) throw new CorruptLog(file, 0, "want '" + field + "', from 0");
        if (values.getOrDefault("version", -1L) != 0) throw new CorruptLog(file, 0, "the version is not 0");
        return Optional.of(new MoveMarker(
                values.getOrDefault("generation", 0L),
                values.getOrDefault("recovery_point", 0L),
                values.getOrDefault("log_start_offset", 0L)));
    }

    /** Writes and forces it. */
    void write(Disk disk, Path directory) throws IOException {
        String text = "version: 0\ngeneration: " + generation + "\nrecovery_point: " + recoveryPoint
                + "\nlog_start_offset: " + logStartOffset + "\n";
        disk.replace(directory.resolve(FILE_NAME), text.getBytes(StandardCharsets.UTF_8));
    }
}
