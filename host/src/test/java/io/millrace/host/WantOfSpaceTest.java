package io.millrace.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.environment.DiskFile;
import io.millrace.environment.DiskFull;
import io.millrace.environment.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WantOfSpaceTest {
    @TempDir
    Path directory;

    @Test
    void theSystemsSentencesAreKnownWhereverTheJdkPutsThem() {
        Path file = directory.resolve("file");
        assertInstanceOf(
                DiskFull.class, WantOfSpace.orAsItIs(new IOException("No space left on device"), file, "cannot write"));
        FileSystemException quota = new FileSystemException(file.toString(), null, "Disk quota exceeded");
        DiskFull full = assertInstanceOf(DiskFull.class, WantOfSpace.orAsItIs(quota, file, "cannot open"));
        assertSame(quota, full.getCause());
    }

    @Test
    void otherFailuresStayWhatTheyAre() {
        Path file = directory.resolve("file");
        assertFalse(WantOfSpace.isReasonOf(new IOException("Input/output error"), file));
        IOException missing = new NoSuchFileException(file.toString());
        assertSame(missing, WantOfSpace.orAsItIs(missing, file, "cannot open"));
    }

    /** The one device that is always full. */
    @Test
    void aRealWriteToAFullDeviceSaysSo() throws IOException {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.exists(full), "there is no /dev/full here");
        try (DiskFile file = new HostDisk().open(full, OpenMode.READ_WRITE)) {
            DiskFull refused = assertThrows(DiskFull.class, () -> file.write(0, ByteBuffer.allocate(17)));
            assertEquals("/dev/full: cannot write 17 bytes at 0: No space left on device", refused.getMessage());
        }
    }
}
