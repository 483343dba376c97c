package io.millrace.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
final class LinuxPageCacheTest {
    private final PageCacheCalls calls = LinuxPageCache.find().orElseThrow();

    @TempDir
    private Path temp;

    @Test
    void adviceChangesNoByteOfTheFile() throws IOException {
        byte[] content = new byte[1 << 20];
        new Random(7).nextBytes(content);
        Path file = temp.resolve("00000000000000000000.log");
        Files.write(file, content);
        calls.writeOut(file, 0, content.length);
        calls.drop(file, 0, content.length);
        assertArrayEquals(content, Files.readAllBytes(file));
    }

    @Test
    void memoryIsTold() throws IOException {
        assertTrue(calls.memoryBytes() > 64L << 20);
    }

    @Test
    void aFileThatIsGoneIsNoError() {
        assertDoesNotThrow(() -> calls.drop(temp.resolve("gone"), 0, 4096));
    }

    @Test
    void whatTheKernelRefusesIsNamed() {
        IOException refused = assertThrows(IOException.class, () -> calls.writeOut(Path.of("/dev/null"), 0, 4096));
        assertTrue(String.valueOf(refused.getMessage()).startsWith("/dev/null: "), refused.getMessage());
    }
}
