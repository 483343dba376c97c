package io.millrace.cli.start;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.junit.jupiter.api.Test;

class DiskSentenceTest {
    @Test
    void aPathAloneBecomesASentence() {
        assertEquals("permission denied for /d", DiskSentence.of(new AccessDeniedException("/d")));
        assertEquals("/d does not exist", DiskSentence.of(new NoSuchFileException("/d")));
        assertEquals("/d exists and is not a directory", DiskSentence.of(new FileAlreadyExistsException("/d")));
        assertEquals("/d is a file, not a directory", DiskSentence.of(new NotDirectoryException("/d")));
        assertEquals(
                "/d: Read-only file system",
                DiskSentence.of(new FileSystemException("/d", null, "Read-only file system")));
    }

    @Test
    void whatSpeaksForItselfIsLeftAlone() {
        assertEquals("the port is taken", DiskSentence.of(new IOException("the port is taken")));
    }
}
