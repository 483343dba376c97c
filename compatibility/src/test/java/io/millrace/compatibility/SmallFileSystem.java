package io.millrace.compatibility;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.opentest4j.TestAbortedException;

/** A file system in memory of a stated size, mounted for a test. Mounting takes root; without it the test is skipped. */
final class SmallFileSystem implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int BALLAST_CHUNK_BYTES = 4096;

    private final Path mountPoint;

    private SmallFileSystem(Path mountPoint) {
        this.mountPoint = mountPoint;
    }

    static SmallFileSystem ofBytes(long sizeBytes) {
        try {
            Path parent = Files.createDirectories(Checkout.TARGET.resolve("brokers"));
            Path mountPoint = Files.createTempDirectory(parent, "small");
            try {
                run("mount", "-t", "tmpfs", "-o", "size=" + sizeBytes, "millrace-test", mountPoint.toString());
            } catch (AssertionError | UncheckedIOException refused) {
                Files.delete(mountPoint);
                throw new TestAbortedException("no file system can be mounted here: " + refused.getMessage());
            }
            return new SmallFileSystem(mountPoint);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void run(String... command) {
        ChildProcess.run(command[0], Checkout.TARGET, Map.of(), PATIENCE, List.of(command));
    }

    Path path() {
        return mountPoint;
    }

    long usableBytes() {
        return mountPoint.toFile().getUsableSpace();
    }

    /** Somebody else takes all that is left. */
    void fillUp() throws IOException {
        try (var file = FileChannel.open(
                ballast(), StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            while (true) file.write(ByteBuffer.allocate(BALLAST_CHUNK_BYTES));
        } catch (IOException full) {
            if (usableBytes() > 0) throw full;
        }
    }

    /** Somebody else gives it back. */
    void makeRoom() throws IOException {
        Files.delete(ballast());
    }

    private Path ballast() {
        return mountPoint.resolve("somebody-elses");
    }

    @Override
    public void close() {
        run("umount", mountPoint.toString());
        try {
            Files.delete(mountPoint);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
