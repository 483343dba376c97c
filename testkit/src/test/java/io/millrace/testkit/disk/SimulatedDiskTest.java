package io.millrace.testkit.disk;

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
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import io.millrace.testkit.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SimulatedDiskTest {
    private static final Path DATA = Path.of("/data");
    private static final Path FILE = DATA.resolve("file");

    private final SimulatedDisk disk = disk(new SeededRandom(1));

    private static SimulatedDisk disk(SeededRandom random) {
        return new SimulatedDisk(random, () -> 0, what -> {});
    }

    private static void cutPower(SimulatedDisk disk) {
        disk.stop();
        disk.losePower();
        disk.start();
    }

    private static DiskFile write(Disk disk, Path path, String text) throws IOException {
        DiskFile file = disk.open(path, OpenMode.CREATE);
        file.write(file.sizeBytes(), bytes(text));
        return file;
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(Disk disk, Path path) throws IOException {
        return new String(disk.readAll(path, 1 << 20), StandardCharsets.UTF_8);
    }

    /** Makes the directory and forces its way down from the root. */
    private static void lastingDirectory(Disk disk, Path directory) throws IOException {
        disk.createDirectories(directory);
        for (Path path = directory.getParent(); path != null; path = path.getParent()) disk.forceDirectory(path);
    }

    @Test
    void whatIsWrittenIsReadAtOnceAndAtItsPlace() throws IOException {
        disk.createDirectories(DATA);
        DiskFile file = write(disk, FILE, "hello");
        file.write(1, bytes("E"));
        assertEquals("hEllo", text(disk, FILE));
        file.truncate(2);
        file.truncate(9);
        assertEquals(2, file.sizeBytes());
        ByteBuffer into = ByteBuffer.allocate(8);
        assertEquals(1, file.read(1, into));
        assertEquals(0, file.read(2, into));
        assertEquals(List.of("file"), disk.list(DATA));
    }

    @Test
    void writesNeitherLeaveGapsNorHappenThroughReaders() throws IOException {
        disk.createDirectories(DATA);
        DiskFile file = write(disk, FILE, "abc");
        assertThrows(IOException.class, () -> file.write(4, bytes("x")));
        DiskFile reader = disk.open(FILE, OpenMode.READ);
        assertThrows(IOException.class, () -> reader.write(0, bytes("x")));
        assertThrows(IOException.class, () -> reader.truncate(0));
        file.close();
        assertThrows(IOException.class, () -> file.read(0, ByteBuffer.allocate(1)));
    }

    @Test
    void whoeverLooksAtAFileIsToldWhetherItHasOnlyGrown() throws IOException {
        disk.createDirectories(DATA);
        DiskFile file = write(disk, FILE, "abc");
        StoredFile[] seen = new StoredFile[1];
        disk.eachFileIn(DATA, (name, stored) -> seen[0] = stored);
        StoredFile stored = seen[0];
        long before = stored.rewriteCount();
        file.write(3, bytes("def"));
        file.force();
        assertEquals(before, stored.rewriteCount());
        assertEquals(bytes("abcdef"), stored.bytes());
        file.write(5, bytes("x"));
        assertTrue(stored.rewriteCount() > before);
        before = stored.rewriteCount();
        file.truncate(5);
        assertTrue(stored.rewriteCount() > before);
        before = stored.rewriteCount();
        disk.rot(FILE, 0, 0);
        assertTrue(stored.rewriteCount() > before);
        before = stored.rewriteCount();
        disk.forceDirectory(Path.of("/"));
        disk.forceDirectory(DATA);
        cutPower(disk);
        assertTrue(stored.rewriteCount() > before);
    }

    @Test
    void whatBecomesShorterIsTold() throws IOException {
        List<Path> told = new ArrayList<>();
        disk.createDirectories(DATA);
        DiskFile file = write(disk, FILE, "abc");
        disk.whenShortened(told::add);
        file.write(3, bytes("d"));
        file.truncate(4);
        assertEquals(List.of(), told);
        file.truncate(1);
        disk.rename(FILE, DATA.resolve("other"));
        disk.delete(DATA.resolve("other"));
        assertEquals(List.of(FILE, FILE, DATA.resolve("other")), told);
    }

    @Test
    void missingAndPresentNamesAreToldApart() throws IOException {
        assertThrows(NoSuchFileException.class, () -> disk.open(FILE, OpenMode.CREATE));
        disk.createDirectories(DATA);
        assertThrows(NoSuchFileException.class, () -> disk.open(FILE, OpenMode.READ));
        assertThrows(NoSuchFileException.class, () -> disk.open(FILE, OpenMode.READ_WRITE));
        write(disk, FILE, "x");
        assertThrows(FileAlreadyExistsException.class, () -> disk.open(FILE, OpenMode.CREATE_NEW));
        assertThrows(FileAlreadyExistsException.class, () -> disk.createDirectories(FILE.resolve("below")));
        assertThrows(DirectoryNotEmptyException.class, () -> disk.delete(DATA));
        disk.delete(FILE);
        disk.delete(FILE);
        disk.delete(DATA);
        assertFalse(disk.exists(DATA));
    }

    @Test
    void aKilledProcessLosesNothing() throws IOException {
        disk.createDirectories(DATA);
        write(disk, FILE, "all of it");
        disk.stop();
        disk.start();
        assertEquals("all of it", text(disk, FILE));
    }

    @Test
    void whatWasForcedSurvivesAPowerCut() {
        Property.check(random -> {
            SimulatedDisk disk = disk(random);
            Path directory = DATA.resolve("deep");
            lastingDirectory(disk, directory);
            Path path = directory.resolve("file");
            byte[] content = random.bytes(random.nextInt(3000));
            DiskFile file = disk.open(path, OpenMode.CREATE_NEW);
            file.write(0, ByteBuffer.wrap(content));
            file.force();
            disk.forceDirectory(directory);
            file.write(content.length, ByteBuffer.wrap(random.bytes(random.nextInt(3000))));
            cutPower(disk);
            byte[] left = disk.readAll(path, 1 << 20);
            assertTrue(left.length >= content.length);
            assertArrayEquals(content, Arrays.copyOf(left, content.length));
        });
    }

    @Test
    void ofWhatWasNotForcedAnythingMaySurvive() {
        Set<String> left = new HashSet<>();
        for (int seed = 0; seed < 400; seed++) left.add(afterAnUnforcedAppend(seed));
        assertEquals(Set.of("no file", "0/0", "1/0", "1/1", "2/0", "2/1", "2/2"), left);
    }

    /** Appends two sectors to one, and says how long the file is then and how many of its sectors have their bytes. */
    private static String afterAnUnforcedAppend(long seed) {
        try {
            SimulatedDisk disk = disk(new SeededRandom(seed));
            lastingDirectory(disk, DATA);
            byte[] ones = new byte[512];
            Arrays.fill(ones, (byte) 1);
            DiskFile file = disk.open(FILE, OpenMode.CREATE_NEW);
            file.write(0, ByteBuffer.wrap(ones));
            file.write(512, ByteBuffer.wrap(ones));
            cutPower(disk);
            if (!disk.exists(FILE)) return "no file";
            byte[] left = disk.readAll(FILE, 1 << 20);
            int kept = 0;
            for (int at = 0; at < left.length; at += 512) if (left[at] == 1) kept++;
            return (left.length + 511) / 512 + "/" + kept;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aReplacedFileIsOldOrNewButWhole() {
        Set<String> seen = new HashSet<>();
        Property.check(200, random -> {
            SimulatedDisk disk = disk(random);
            lastingDirectory(disk, DATA);
            disk.replace(FILE, "old".getBytes(StandardCharsets.UTF_8));
            long changes = disk.changeCount();
            disk.beforeChange(changes + random.nextInt(6), () -> {
                disk.stop();
                disk.losePower();
            });
            try {
                disk.replace(FILE, "the new one".getBytes(StandardCharsets.UTF_8));
                disk.stop();
                disk.losePower();
            } catch (MachineStopped expected) {
                assertThrows(MachineStopped.class, () -> disk.exists(FILE));
            }
            disk.start();
            String left = text(disk, FILE);
            assertTrue(left.equals("old") || left.equals("the new one"), left);
            seen.add(left);
        });
        assertTrue(seen.size() == 2 || Seeds.stated().toRepeat().isPresent(), seen::toString);
    }

    @Test
    void aRenamedDirectoryTakesWhatIsInItAlong() throws IOException {
        Path before = DATA.resolve("topic-0");
        Path after = DATA.resolve("topic-0.gone-delete");
        lastingDirectory(disk, before);
        DiskFile file = write(disk, before.resolve("log"), "abc");
        file.force();
        disk.forceDirectory(before);
        disk.rename(before, after);
        file.write(3, bytes("d"));
        assertEquals("abcd", text(disk, after.resolve("log")));
        assertFalse(disk.exists(before));
        file.force();
        cutPower(disk);
        assertTrue(disk.exists(before) ^ disk.exists(after));
        assertEquals("abcd", text(disk, (disk.exists(before) ? before : after).resolve("log")));
    }

    @Test
    void aForcedNameOrDeletionStaysSo() {
        Property.check(random -> {
            SimulatedDisk disk = disk(random);
            lastingDirectory(disk, DATA);
            write(disk, FILE, "").close();
            disk.forceDirectory(DATA);
            Path other = DATA.resolve("other");
            disk.rename(FILE, other);
            disk.forceDirectory(DATA);
            cutPower(disk);
            assertEquals(List.of("other"), disk.list(DATA));
            disk.delete(other);
            disk.forceDirectory(DATA);
            cutPower(disk);
            assertEquals(List.of(), disk.list(DATA));
        });
    }

    @Test
    void aSecondPowerCutLosesNothingMore() {
        Property.check(random -> {
            SimulatedDisk disk = disk(random);
            disk.createDirectories(DATA);
            for (int i = 0; i < 10; i++) write(disk, DATA.resolve("file" + random.nextInt(3)), random.word(700));
            cutPower(disk);
            List<String> names = disk.exists(DATA) ? disk.list(DATA) : List.of();
            byte[][] contents = new byte[names.size()][];
            for (int i = 0; i < contents.length; i++) contents[i] = disk.readAll(DATA.resolve(names.get(i)), 1 << 20);
            cutPower(disk);
            assertEquals(names, disk.exists(DATA) ? disk.list(DATA) : List.of());
            for (int i = 0; i < contents.length; i++)
                assertArrayEquals(contents[i], disk.readAll(DATA.resolve(names.get(i)), 1 << 20));
        });
    }

    @Test
    void aLockIsHeldOnceAndEndsWithItsProcess() throws IOException {
        disk.createDirectories(DATA);
        Path lockFile = DATA.resolve(".lock");
        Disk.Lock lock = disk.tryLock(lockFile);
        assertNotNull(lock);
        assertNull(disk.tryLock(lockFile));
        disk.stop();
        disk.start();
        Disk.Lock next = disk.tryLock(lockFile);
        assertNotNull(next);
        lock.close();
        assertNull(disk.tryLock(lockFile), "a lock of an earlier process gives nothing back");
        next.close();
        assertNotNull(disk.tryLock(lockFile));
    }

    @Test
    void anInterruptStrikesBeforeTheChangeOfItsNumber() throws IOException {
        disk.createDirectories(DATA);
        DiskFile file = write(disk, FILE, "");
        disk.beforeChange(disk.changeCount() + 1, disk::stop);
        file.write(0, bytes("first"));
        assertThrows(MachineStopped.class, () -> file.write(5, bytes("second")));
        disk.start();
        assertThrows(MachineStopped.class, file::sizeBytes, "a file of an earlier process");
        assertEquals("first", text(disk, FILE));
    }

    @Test
    void aFullOrBrokenDiskSaysSoAndCanStillBeRead() throws IOException {
        disk.createDirectories(DATA);
        DiskFile file = write(disk, FILE, "12345");
        disk.limitTo(8);
        assertEquals(3, disk.usableBytes(DATA));
        assertThrows(IOException.class, () -> file.write(5, bytes("6789")));
        file.write(5, bytes("678"));
        disk.breakDown("input/output error");
        assertThrows(IOException.class, file::force);
        assertThrows(IOException.class, () -> disk.delete(FILE));
        assertEquals("12345678", text(disk, FILE));
    }

    @Test
    void nothingOfADiskThatWasReplacedComesBack() throws IOException {
        disk.createDirectories(DATA);
        write(disk, FILE, "kept").force();
        disk.forceDirectory(DATA);
        assertThrows(IllegalStateException.class, disk::replace);
        disk.stop();
        disk.replace();
        disk.losePower();
        disk.start();
        assertEquals(List.of(), disk.files());
        assertFalse(disk.exists(DATA));
    }
}
