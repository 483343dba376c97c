package io.millrace.structure;

import io.millrace.testkit.RoomCheck.Room;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The rooms from the ground up, as the table of ARCHITECTURE.md has them. A room may see every room below it, save those
 * that {@link #NEVER} takes away.
 */
final class Rooms {
    /** Rooms of one line do not see each other. */
    private static final List<List<String>> FROM_THE_GROUND_UP = List.of(
            List.of("environment", "protocol/generator"),
            List.of("testkit"),
            List.of("protocol/messages"),
            List.of("records"),
            List.of("metadata"),
            List.of("storage"),
            List.of("connection"),
            List.of("raft"),
            List.of("controller"),
            List.of("replication"),
            List.of("coordinators"),
            List.of("server"),
            List.of("host"),
            List.of("client"),
            List.of("cli"),
            List.of("simulator"),
            List.of("bench"));

    /** Production code does not see testkit; a client embeds none of the server; the simulator stands in for the host. What
     * is measured is the rooms themselves, or the program as a process. */
    private static final Map<String, Set<String>> NEVER = Map.of(
            "client",
            Set.of("metadata", "storage", "raft", "controller", "replication", "coordinators", "server"),
            "simulator",
            Set.of("host", "cli"),
            "bench",
            Set.of("cli", "simulator"));

    /** The one program, the tool that the build runs, the report of a bench command, and the campaigns of the simulator. */
    private static final Set<String> WITH_MAIN = Set.of("cli", "protocol/generator", "bench", "simulator");

    private static final String BUILD_TOOL = "protocol/generator";
    private static final Set<String> MAY_SEE_TESTKIT = Set.of("simulator");

    private Rooms() {}

    static List<Room> all() {
        Path root = root();
        List<Room> rooms = new ArrayList<>();
        Set<String> below = new HashSet<>();
        for (List<String> line : FROM_THE_GROUND_UP) {
            for (String name : line) {
                Set<String> maySee = new HashSet<>(below);
                maySee.remove(BUILD_TOOL);
                maySee.removeAll(NEVER.getOrDefault(name, Set.of()));
                if (!MAY_SEE_TESTKIT.contains(name)) maySee.remove("testkit");
                rooms.add(new Room(name, classes(root, name), maySee, WITH_MAIN.contains(name)));
            }
            below.addAll(line);
        }
        return rooms;
    }

    static Path classes(String room) {
        return classes(root(), room);
    }

    /** Whether the room has main code, so that compiled classes must be there. */
    static boolean hasMainCode(String room) {
        Path sources = root().resolve(room).resolve("src/main/java");
        if (!Files.isDirectory(sources)) return false;
        try (Stream<Path> files = Files.walk(sources)) {
            return files.anyMatch(file -> file.toString().endsWith(".java") && !file.endsWith("package-info.java"));
        } catch (IOException failure) {
            throw new java.io.UncheckedIOException("cannot list " + sources, failure);
        }
    }

    /** Every folder of the checkout with main code in it, by its path from the root, and {@code a/b} for nested ones. */
    static List<String> foldersWithMainCode() {
        Path root = root();
        try (Stream<Path> folders = Files.walk(root, 2)) {
            return folders.filter(folder -> !folder.equals(root))
                    .map(folder -> root.relativize(folder).toString().replace('\\', '/'))
                    .filter(Rooms::hasMainCode)
                    .sorted()
                    .toList();
        } catch (IOException failure) {
            throw new java.io.UncheckedIOException("cannot list " + root, failure);
        }
    }

    private static Path classes(Path root, String room) {
        return root.resolve(room).resolve("target/classes");
    }

    /** The checkout: the nearest folder upwards that holds the room at the bottom of the table. */
    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.isRegularFile(folder.resolve("environment/pom.xml"))) {
            Path parent = folder.getParent();
            if (parent == null)
                throw new IllegalStateException(
                        "not inside a checkout: " + Path.of("").toAbsolutePath());
            folder = parent;
        }
        return folder;
    }
}
