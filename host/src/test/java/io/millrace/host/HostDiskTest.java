package io.millrace.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostDiskTest {
    private final Disk disk = new HostDisk();

    @TempDir
    Path directory = Path.of("");

    @Test
    void whatIsWrittenAtAPositionIsReadThereFromHeapAndDirectBuffersOfAnySize() throws IOException {
        byte[] content = new SeededRandom(7).bytes(1_000_000);
        try (DiskFile file = disk.open(directory.resolve("log"), OpenMode.CREATE_NEW)) {
            file.write(0, ByteBuffer.wrap(content, 0, 600_000));
            ByteBuffer direct = ByteBuffer.allocateDirect(400_000);
            direct.put(content, 600_000, 400_000).flip();
            file.write(600_000, direct);
            assertFalse(direct.hasRemaining());
            assertEquals(content.length, file.sizeBytes());
            file.force();

            ByteBuffer all = ByteBuffer.allocate(content.length + 10);
            assertEquals(content.length, file.read(0, all));
            assertEquals(content.length + 10, all.limit());
            byte[] read = new byte[content.length];
            all.flip().get(read);
            assertArrayEquals(content, read);

            ByteBuffer some = ByteBuffer.allocateDirect(100);
            assertEquals(10, file.read(content.length - 10, some));
            assertEquals(0, file.read(content.length + 5, some));

            file.truncate(5);
            file.truncate(500);
            assertEquals(5, file.sizeBytes());
        }
    }

    @Test
    void theModesOfOpeningDifferAsTheySay() throws IOException {
        Path path = directory.resolve("file");
        assertThrows(NoSuchFileException.class, () -> disk.open(path, OpenMode.READ));
        assertThrows(NoSuchFileException.class, () -> disk.open(path, OpenMode.READ_WRITE));
        disk.open(path, OpenMode.CREATE).close();
        disk.open(path, OpenMode.CREATE).close();
        assertThrows(FileAlreadyExistsException.class, () -> disk.open(path, OpenMode.CREATE_NEW));
        try (DiskFile file = disk.open(path, OpenMode.READ)) {
            assertThrows(RuntimeException.class, () -> file.write(0, ByteBuffer.allocate(1)));
        }
    }

    @Test
    void aFailureNamesTheFile() throws IOException {
        Path path = directory.resolve("00000000000000000000.log");
        DiskFile file = disk.open(path, OpenMode.CREATE);
        file.close();
        IOException read = assertThrows(IOException.class, () -> file.read(0, ByteBuffer.allocate(1)));
        IOException write = assertThrows(IOException.class, () -> file.write(0, ByteBuffer.allocate(1)));
        IOException force = assertThrows(IOException.class, file::force);
        for (IOException e : List.of(read, write, force)) {
            assertTrue(String.valueOf(e.getMessage()).startsWith(path + ": cannot "), e.getMessage());
        }
    }

    @Test
    void aLockIsHeldByOneOwnerAndAFailedTryDoesNotLoosenIt() throws IOException {
        Path lockFile = directory.resolve(".lock");
        Disk.Lock held = disk.tryLock(lockFile);
        assertNotNull(held);
        assertNull(disk.tryLock(lockFile));
        assertNull(new HostDisk()
                .tryLock(directory
                        .resolve("x/..")
                        .resolve("..")
                        .resolve(directory.getFileName())
                        .normalize()
                        .resolve(".lock")));
        assertFalse(anotherProcessCanLock(lockFile), "the failed tries have loosened the lock");
        held.close();
        held.close();
        assertTrue(anotherProcessCanLock(lockFile));
        Disk.Lock again = disk.tryLock(lockFile);
        assertNotNull(again);
        again.close();
    }

    private static boolean anotherProcessCanLock(Path lockFile) throws IOException {
        String program = """
                public class Try {
                    public static void main(String[] args) throws Exception {
                        var channel = java.nio.channels.FileChannel.open(
                                java.nio.file.Path.of(args[0]), java.nio.file.StandardOpenOption.WRITE);
                        System.exit(channel.tryLock() == null ? 3 : 0);
                    }
                }
                """;
        Path source = lockFile.resolveSibling("Try.java");
        java.nio.file.Files.writeString(source, program);
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        source.toString(),
                        lockFile.toString())
                .inheritIO()
                .start();
        int status;
        try {
            status = process.waitFor();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        assertTrue(status == 0 || status == 3, () -> "the other process ended with " + status);
        return status == 0;
    }

    @Test
    void directoriesAreListedSortedForcedRenamedAndDeleted() throws IOException {
        Path topic = directory.resolve("a/b/topic-0");
        disk.createDirectories(topic);
        for (String name : List.of("b", "c", "a")) {
            disk.open(topic.resolve(name), OpenMode.CREATE).close();
        }
        assertEquals(List.of("a", "b", "c"), disk.list(topic));
        disk.rename(topic.resolve("a"), topic.resolve("b"));
        disk.forceDirectory(topic);
        disk.delete(topic.resolve("c"));
        disk.delete(topic.resolve("c"));
        assertEquals(List.of("b"), disk.list(topic));
        assertTrue(disk.isDirectory(topic));
        assertTrue(disk.exists(topic.resolve("b")));
        assertFalse(disk.isDirectory(topic.resolve("b")));
        assertThrows(NoSuchFileException.class, () -> disk.list(directory.resolve("missing")));
        assertThrows(NoSuchFileException.class, () -> disk.forceDirectory(directory.resolve("missing")));
    }

    @Test
    void roomOnTheFileSystemIsTold() throws IOException {
        assertTrue(disk.usableBytes(directory) > 0);
        assertTrue(disk.totalBytes(directory) >= disk.usableBytes(directory));
        assertThrows(NoSuchFileException.class, () -> disk.usableBytes(directory.resolve("missing")));
    }

    @Test
    void aSmallFileIsReplacedWhole() throws IOException {
        Path path = directory.resolve("meta.properties");
        disk.replace(path, new byte[] {1, 2, 3});
        disk.replace(path, new byte[] {4});
        assertArrayEquals(new byte[] {4}, disk.readAll(path, 10));
        assertEquals(List.of("meta.properties"), disk.list(directory));
        assertThrows(IOException.class, () -> disk.readAll(path, 0));
    }

    @Test
    void randomNumbersDifferAndKeepTheirBound() {
        HostRandomness randomness = new HostRandomness();
        java.util.Set<Long> seen = new java.util.HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            assertTrue(seen.add(randomness.nextLong()));
            int bounded = randomness.nextInt(7);
            assertTrue(bounded >= 0 && bounded < 7);
        }
    }
}
