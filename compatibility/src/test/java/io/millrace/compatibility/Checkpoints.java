package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** The small files of a log directory that is not in use, as text by their names: checkpoints, identity, shutdown marker. */
final class Checkpoints {
    private static final List<String> OF_OFFSETS = List.of(
            "recovery-point-offset-checkpoint",
            "replication-offset-checkpoint",
            "log-start-offset-checkpoint",
            "cleaner-offset-checkpoint");

    private final Path logs;
    private final Map<String, Map<String, Long>> offsets = new TreeMap<>();
    private final Properties identity;
    private final Map<String, List<String>> leaderEpochs;

    private Checkpoints(Path logs) throws IOException {
        this.logs = logs;
        this.identity = identity(logs);
        this.leaderEpochs = leaderEpochs(logs);
    }

    /** Reads them, strictly as Apache's broker would. */
    static Checkpoints read(Path logs) throws IOException {
        var checkpoints = new Checkpoints(logs);
        for (String name : OF_OFFSETS) {
            var byPartition = new TreeMap<String, Long>();
            Path file = logs.resolve(name);
            if (Files.exists(file)) {
                for (String line : entries(file)) {
                    String[] parts = line.split(" ", -1);
                    assertEquals(3, parts.length, () -> file + ": " + line);
                    byPartition.put(parts[0] + "-" + parts[1], Long.parseLong(parts[2]));
                }
            }
            checkpoints.offsets.put(name, byPartition);
        }
        return checkpoints;
    }

    /** The lines behind version and count, which are checked. */
    private static List<String> entries(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        assertEquals("0", lines.get(0), file::toString);
        assertEquals(lines.size() - 2, Integer.parseInt(lines.get(1)), file::toString);
        return lines.subList(2, lines.size());
    }

    private Map<String, Long> offsets(String checkpoint) {
        return offsets.getOrDefault(checkpoint, Map.of());
    }

    /** The properties that say whose directory it is, without comments. */
    private static Properties identity(Path logs) throws IOException {
        var properties = new Properties();
        properties.load(new StringReader(Files.readString(logs.resolve("meta.properties"))));
        return properties;
    }

    /** Of each partition that has one: its leader epochs with the offsets they begin at. */
    private static Map<String, List<String>> leaderEpochs(Path logs) throws IOException {
        var epochs = new TreeMap<String, List<String>>();
        try (var directories = Files.list(logs)) {
            for (Path directory : directories.filter(Files::isDirectory).toList()) {
                Path file = directory.resolve("leader-epoch-checkpoint");
                if (Files.exists(file)) epochs.put(directory.getFileName().toString(), entries(file));
            }
        }
        return epochs;
    }

    /**
     * Compares them with what clients saw before the server stopped.
     *
     * @param picture of {@link ClusterPicture}
     * @param cleanly whether the server stopped in order
     */
    void assertAgreeWith(Map<String, String> picture, boolean cleanly) throws IOException {
        Path marker = logs.resolve(".kafka_cleanshutdown");
        assertEquals(cleanly, Files.exists(marker), marker::toString);
        if (cleanly) {
            var json = new ObjectMapper().readTree(Files.readString(marker));
            assertEquals(0, json.path("version").asInt(-1), json::toString);
            assertTrue(json.path("brokerEpoch").asLong(-1) >= 0, json::toString);
        }
        var behind = new ArrayList<String>();
        picture.forEach((what, found) -> {
            if (!what.startsWith("latest of ")) return;
            String partition = what.substring("latest of ".length());
            long end = Long.parseLong(found.split(" ", -1)[0]);
            for (String name : List.of("recovery-point-offset-checkpoint", "replication-offset-checkpoint")) {
                Long offset = offsets(name).get(partition);
                boolean agrees = offset == null ? !cleanly || end == 0 : cleanly ? offset == end : offset <= end;
                if (!agrees) behind.add(name + " has " + offset + " for " + partition + ", which ends at " + end);
            }
        });
        assertEquals(List.of(), behind);
        String deletedFrom = MixedLoad.DELETED_FROM + "-0";
        assertEquals(
                picture.getOrDefault("earliest of " + deletedFrom, "").split(" ", -1)[0],
                String.valueOf(offsets("log-start-offset-checkpoint").get(deletedFrom)));
        Long cleaned = offsets("cleaner-offset-checkpoint").get(MixedLoad.COMPACTED + "-0");
        assertTrue(cleaned != null && cleaned > 0, () -> "cleaned up to " + cleaned);
    }

    /**
     * Asserts that what the earlier ones say for good is said here too, and what they say of the past begins what is said here.
     *
     * @param picture of the time of the earlier ones
     */
    void assertGoOnFrom(Checkpoints earlier, Map<String, String> picture) {
        assertEquals(earlier.identity, identity);
        picture.forEach((what, found) -> {
            if (!what.startsWith("latest of ")) return;
            String partition = what.substring("latest of ".length());
            long end = Long.parseLong(found.split(" ", -1)[0]);
            // an epoch without a record is forgotten when a later one begins at the same offset
            var before = earlier.leaderEpochs.getOrDefault(partition, List.of()).stream()
                    .filter(line -> Long.parseLong(line.split(" ", 2)[1]) < end)
                    .toList();
            var after = leaderEpochs.getOrDefault(partition, List.of());
            assertTrue(
                    after.size() >= before.size()
                            && after.subList(0, before.size()).equals(before),
                    () -> partition + ": leader epochs were " + before + " and are " + after);
        });
        String cleaner = "cleaner-offset-checkpoint";
        earlier.offsets(cleaner).forEach((partition, before) -> {
            long after = offsets(cleaner).getOrDefault(partition, -1L);
            assertTrue(after >= before, () -> partition + " was compacted up to " + before + ", now " + after);
        });
    }
}
