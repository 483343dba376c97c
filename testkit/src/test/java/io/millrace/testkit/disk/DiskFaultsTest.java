package io.millrace.testkit.disk;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.DiskFile;
import io.millrace.environment.DiskFull;
import io.millrace.environment.OpenMode;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import io.millrace.testkit.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DiskFaultsTest {
    private static final Path FILE = Path.of("/file");

    private final SimulatedDisk disk = new SimulatedDisk(new SeededRandom(1), () -> 0, what -> {});

    private DiskFile file(String text) throws IOException {
        DiskFile file = disk.open(FILE, OpenMode.CREATE);
        file.write(0, ByteBuffer.wrap(text.getBytes(UTF_8)));
        file.force();
        disk.forceDirectory(Path.of("/"));
        return file;
    }

    private void always(DiskFaults.Kind kind) {
        disk.beset(DiskFaults.only(new SeededRandom(7), kind, 1.0, path -> true, 1));
    }

    private String read() throws IOException {
        return new String(disk.readAll(FILE, 1 << 20), UTF_8);
    }

    @Test
    void afterAFailedForceTheNextOneReportsASuccessThatIsNone() {
        Property.check(random -> {
            SimulatedDisk disk = new SimulatedDisk(random.split(), () -> 0, what -> {});
            DiskFile file = disk.open(FILE, OpenMode.CREATE);
            file.force();
            disk.forceDirectory(Path.of("/"));
            byte[] first = new byte[8192];
            Arrays.fill(first, (byte) 1);
            file.write(0, ByteBuffer.wrap(first));
            disk.beset(DiskFaults.only(random.split(), DiskFaults.Kind.FORCE_FAILS, 1.0, path -> true, 1));
            assertThrows(IOException.class, file::force);
            assertTrue(disk.faults().hasLostUnforced());
            file.write(8192, ByteBuffer.wrap(new byte[] {2}));
            file.force();
            disk.stop();
            disk.losePower();
            disk.start();
            byte[] left = disk.readAll(FILE, 1 << 20);
            assertEquals(8193, left.length);
            assertEquals(2, left[8192]);
            SEEN.add(left[100] == 1);
        });
        assertTrue(SEEN.contains(false) || Seeds.stated().toRepeat().isPresent(), "no page was ever lost");
    }

    private static final Set<Boolean> SEEN = new HashSet<>();

    @Test
    void aCutWriteLeavesAPartAndSaysSo() throws IOException {
        DiskFile file = file("begin");
        always(DiskFaults.Kind.WRITE_IS_CUT);
        byte[] more = "0123456789".getBytes(UTF_8);
        assertThrows(IOException.class, () -> file.write(5, ByteBuffer.wrap(more)));
        assertTrue("begin0123456789".startsWith(read()), read());
        file.write(5, ByteBuffer.wrap(more));
        assertEquals("begin0123456789", read());
    }

    @Test
    void aFullDiskRefusesOnlyWhatGrows() throws IOException {
        DiskFile file = file("begin");
        always(DiskFaults.Kind.NO_SPACE);
        file.write(0, ByteBuffer.wrap("BE".getBytes(UTF_8)));
        assertThrows(DiskFull.class, () -> file.write(5, ByteBuffer.wrap(new byte[9])));
        assertTrue(file.sizeBytes() < 5 + 9, "written whole");
        assertTrue(
                disk.faults().isOnlyWantOfSpace(),
                () -> disk.faults().decisions().toString());
        disk.faults().end();
        file.write(file.sizeBytes(), ByteBuffer.wrap("!".getBytes(UTF_8)));
        assertTrue(read().startsWith("BEgin"), read());
    }

    @Test
    void aWrongReadIsWrongInOneBitAndTheFileIsNot() throws IOException {
        file("begin");
        always(DiskFaults.Kind.READ_IS_WRONG);
        byte[] wrong = disk.readAll(FILE, 100);
        int bits = 0;
        for (int i = 0; i < wrong.length; i++) bits += Integer.bitCount((wrong[i] ^ "begin".getBytes(UTF_8)[i]) & 0xff);
        assertEquals(1, bits);
        assertEquals("begin", read());
    }

    @Test
    void rotStaysWhereItIs() throws IOException {
        file("begin");
        disk.rot(FILE, 1, 0);
        assertEquals("bdgin", read());
        disk.stop();
        disk.losePower();
        disk.start();
        assertEquals("bdgin", read());
    }

    @Test
    void aSlowOperationTakesVirtualTimeOnce() throws IOException {
        DiskFile file = file("begin");
        always(DiskFaults.Kind.SLOW);
        file.force();
        assertTrue(disk.takeSlowNanos() > 0);
        assertEquals(0, disk.takeSlowNanos());
    }

    @Test
    void theSameSeedDecidesTheSame() {
        Property.check(random -> {
            long seed = random.nextLong();
            assertEquals(decisions(seed), decisions(seed));
        });
    }

    private static List<String> decisions(long seed) {
        SeededRandom random = new SeededRandom(seed);
        SimulatedDisk disk = new SimulatedDisk(random.split(), () -> 0, what -> {});
        DiskFaults faults =
                DiskFaults.drawn(random.split(), EnumSet.allOf(DiskFaults.Kind.class), path -> true, 9, true);
        disk.beset(faults);
        for (int i = 0; i < 200; i++) {
            try (DiskFile file = disk.open(Path.of("/file" + random.nextInt(5)), OpenMode.CREATE)) {
                file.write(0, ByteBuffer.wrap(random.bytes(40)));
                file.force();
            } catch (IOException struck) {
                assertFalse(faults.decisions().isEmpty());
            }
        }
        return faults.decisions();
    }

    @Test
    void aRenameWithoutAJournalLeavesTheNewNameTheOldOneOrBoth() {
        Set<List<String>> seen = new HashSet<>();
        for (int seed = 0; seed < 200; seed++) {
            SimulatedDisk disk = new SimulatedDisk(new SeededRandom(seed), () -> 0, what -> {});
            disk.withoutJournal();
            try {
                disk.open(Path.of("/old"), OpenMode.CREATE).close();
                disk.forceDirectory(Path.of("/"));
                disk.rename(Path.of("/old"), Path.of("/new"));
                disk.stop();
                disk.losePower();
                disk.start();
                seen.add(disk.list(Path.of("/")));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
        assertEquals(Set.of(List.of("old"), List.of("new"), List.of("new", "old")), seen);
    }

    @Test
    void withoutFaultsNothingGoesWrong() throws IOException {
        file("begin");
        assertEquals(List.of(), disk.faults().decisions());
        assertArrayEquals("begin".getBytes(UTF_8), disk.content(FILE));
        assertEquals(List.of(FILE), disk.files());
    }
}
