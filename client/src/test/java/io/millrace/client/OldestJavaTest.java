package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

/** The client and all that comes with it load on Java 21, by Maven's word of what that is ({@code target/class-path}). */
class OldestJavaTest {
    private static final int JAVA_21 = 65;
    private static final int MAJOR_AT = 7;

    /** What a broker needs, and wants a newer Java for; nothing of the client may lead there. */
    private static final Set<String> BROKERS_ONLY =
            Set.of("io/millrace/host/HostEnvironment", "io/millrace/host/LinuxPageCache");

    private final Set<String> newer = new TreeSet<>();
    private final Map<String, String> leadThere = new TreeMap<>();
    private int classes;

    @Test
    void everyClassThatTheClientCanLoadIsForJava21() throws IOException {
        lookInto(Path.of("target", "classes"));
        for (String each :
                Files.readString(Path.of("target", "class-path")).strip().split(File.pathSeparator, -1))
            lookInto(Path.of(each));
        assertTrue(classes > 1_000, () -> classes + " classes are too few to be the client's");
        assertEquals(BROKERS_ONLY, newer);
        assertEquals(Map.of(), leadThere);
    }

    private void lookInto(Path place) throws IOException {
        if (Files.isDirectory(place)) {
            try (var files = Files.walk(place)) {
                for (Path each : files.filter(Files::isRegularFile).toList())
                    look(place.relativize(each).toString().replace(File.separatorChar, '/'), Files.readAllBytes(each));
            }
            return;
        }
        try (JarFile jar = new JarFile(place.toFile())) {
            for (var entry : jar.stream().toList())
                try (InputStream in = jar.getInputStream(entry)) {
                    look(entry.getName(), in.readAllBytes());
                }
        }
    }

    private void look(String name, byte[] content) {
        // What a jar has for newer ones (META-INF/versions) an older Java does not look at; modules it does not need.
        if (!name.endsWith(".class") || name.startsWith("META-INF/") || name.endsWith("module-info.class")) return;
        classes++;
        if (content[MAJOR_AT] > JAVA_21) {
            newer.add(name.replaceFirst("(\\$.*)?\\.class$", "")); // With those within it.
            return;
        }
        String text = new String(content, StandardCharsets.ISO_8859_1);
        for (String other : BROKERS_ONLY) if (text.contains(other)) leadThere.put(name, other);
    }
}
