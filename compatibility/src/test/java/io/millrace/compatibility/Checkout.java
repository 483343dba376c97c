package io.millrace.compatibility;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Where things are in the checkout that is being tested. */
final class Checkout {
    /** This room's folder. Maven starts tests in it; an IDE may start them one folder up. */
    static final Path ROOM = room();

    static final Path ROOT = ROOM.resolveSibling("");
    static final Path TARGET = ROOM.resolve("target");

    private Checkout() {}

    private static Path room() {
        Path here = Path.of("").toAbsolutePath();
        Path room = here.endsWith("compatibility") ? here : here.resolve("compatibility");
        if (!Files.isRegularFile(room.resolve("install-clients"))) {
            throw new IllegalStateException(
                    "run the tests from the checkout or from its compatibility folder, not " + here);
        }
        return room;
    }

    /** The jars of one folder below {@code target}, as a class path. */
    static String jars(String folder, String howToGetThem) {
        Path directory = TARGET.resolve(folder);
        if (!Files.isDirectory(directory)) {
            throw new IllegalStateException("no jars in " + directory + ": " + howToGetThem);
        }
        try (var files = Files.list(directory)) {
            return files.map(Path::toString)
                    .filter(name -> name.endsWith(".jar"))
                    .sorted()
                    .collect(Collectors.joining(":"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The JVM's option to take the classes of a folder's jars from the archive that {@code install-clients} makes; none without one. */
    static List<String> archive(String folder) {
        Path archive = TARGET.resolve(folder + ".jsa");
        return Files.isRegularFile(archive) ? List.of("-XX:SharedArchiveFile=" + archive) : List.of();
    }

    /** The start of a command that runs Java as these tests run. */
    static List<String> java(String maxHeap) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + maxHeap,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow");
    }
}
