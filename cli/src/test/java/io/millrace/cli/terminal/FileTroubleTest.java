package io.millrace.cli.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class FileTroubleTest {
    @Test
    void noClassOfJavaIsNamedToPeople() {
        assertEquals("there is no such file", FileTrouble.why(new NoSuchFileException("/x")));
        assertEquals("there is one already", FileTrouble.why(new FileAlreadyExistsException("/x")));
        assertEquals("that is not allowed", FileTrouble.why(new AccessDeniedException("/x")));
        assertEquals(
                "Too many levels of symbolic links",
                FileTrouble.why(new FileSystemException("/x", null, "Too many levels of symbolic links")));
        assertEquals("Is a directory", FileTrouble.why(new IOException("Is a directory")));
    }
}
