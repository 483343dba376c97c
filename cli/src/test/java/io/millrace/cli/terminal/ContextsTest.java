package io.millrace.cli.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContextsTest {
    @TempDir
    Path home = Path.of("");

    @Test
    void whatWasSavedIsThereAgainAndOnlyItsOwnerMayReadIt() throws IOException {
        Contexts contexts = new Contexts(home.resolve("deep/millrace"));
        assertEquals(List.of(), contexts.names());
        assertEquals(Optional.empty(), contexts.current());
        Map<String, String> prod = Map.of(
                "bootstrap.servers", "a:1,b:2", "sasl.jaas.config", "x password=\"p = #!\\\\ä\";", "client.id", "me");
        contexts.write("prod", prod);
        contexts.write("dev.1", Map.of("bootstrap.servers", "c:3"));
        contexts.use("prod");

        assertEquals(List.of("dev.1", "prod"), contexts.names());
        assertEquals(Optional.of("prod"), contexts.current());
        assertEquals(prod, contexts.read("prod"));
        Path file = home.resolve("deep/millrace/contexts/prod.properties");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())));

        contexts.write("prod", Map.of("bootstrap.servers", "d:4"));
        assertEquals(Map.of("bootstrap.servers", "d:4"), contexts.read("prod"));
        contexts.remove("prod");
        assertEquals(Optional.empty(), contexts.current());
        assertEquals(List.of("dev.1"), contexts.names());
    }

    @Test
    void aNameLeadsNowhereElseAndAMissingContextIsSaid() {
        Contexts contexts = new Contexts(home);
        for (String name : List.of("", "../x", "a/b", ".hidden", "a b", "x".repeat(65)))
            assertThrows(IllegalArgumentException.class, () -> contexts.has(name), name);
        var missing = assertThrows(IllegalArgumentException.class, () -> contexts.read("none"));
        assertEquals("there is no context none; see millrace context list", missing.getMessage());
    }

    @Test
    void whatWouldHaveNoEffectIsRefused() throws IOException {
        Path file = home.resolve("client.properties");
        Files.writeString(file, "bootstrap.servers=a:1\nlinger.ms=5\n");
        var refused = assertThrows(IllegalArgumentException.class, () -> ConnectionProperties.read(file));
        assertTrue(
                String.valueOf(refused.getMessage()).startsWith(file + ": linger.ms says nothing of how"),
                refused::toString);
        assertThrows(IllegalArgumentException.class, () -> ConnectionProperties.read(home.resolve("none")));
    }
}
