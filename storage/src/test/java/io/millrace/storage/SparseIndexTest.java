package io.millrace.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SparseIndexTest {
    private static final long BASE = 5_000_000_000L;

    private final CrashingDisk disk = LogUnderTest.disk();
    private final LogFolder folder = new LogFolder(disk, LogUnderTest.DIRECTORY);
    private final LogFile file = new LogFile(folder, BASE, SegmentFileNames.INDEX);

    @Test
    void everyLookupAgreesWithASearchFromEndToEnd() {
        Property.check(40, random -> {
            CrashingDisk fresh = LogUnderTest.disk();
            LogFile here = new LogFile(new LogFolder(fresh, LogUnderTest.DIRECTORY), BASE, SegmentFileNames.INDEX);
            OffsetIndex index = new OffsetIndex(here, BASE, false);
            List<OffsetIndex.Entry> twin = new ArrayList<>();
            long offset = BASE;
            int position = 0;
            int rounds = random.nextInt(1, 6);
            for (int round = 0; round < rounds; round++) {
                int entries = random.nextInt(800);
                for (int i = 0; i < entries; i++) {
                    offset += random.nextInt(1, 50);
                    position += random.nextInt(1, 5_000);
                    index.append(offset, position);
                    twin.add(new OffsetIndex.Entry(offset, position));
                }
                if (random.nextBoolean()) index.flush();
                if (random.chance(0.3)) {
                    long cut = random.nextLong(BASE, offset + 1);
                    index.truncateTo(cut);
                    twin.removeIf(entry -> entry.offset() >= cut);
                    offset = twin.isEmpty() ? BASE : twin.getLast().offset();
                    position = twin.isEmpty() ? 0 : twin.getLast().position();
                }
                if (random.chance(0.3)) {
                    index.finish();
                    index = new OffsetIndex(here, BASE, true);
                }
                assertEquals(twin.size(), index.entryCount());
                for (int i = 0; i < 50; i++) {
                    long wanted = random.nextLong(BASE, offset + 60);
                    assertEquals(floor(twin, wanted), index.floorEntry(wanted));
                }
            }
            index.finish();
            assertEquals(twin, OffsetIndex.read(fresh, here.path(), BASE));
        });
    }

    private static OffsetIndex.Entry floor(List<OffsetIndex.Entry> entries, long offset) {
        OffsetIndex.Entry found = new OffsetIndex.Entry(BASE, 0);
        for (OffsetIndex.Entry entry : entries) if (entry.offset() <= offset) found = entry;
        return found;
    }

    @Test
    void onlyLaterTimesGetAnEntry() throws IOException {
        TimeIndex index = new TimeIndex(new LogFile(folder, BASE, SegmentFileNames.TIME_INDEX), BASE, false);
        index.append(100, BASE + 1);
        index.append(100, BASE + 2);
        index.append(99, BASE + 3);
        index.append(101, BASE + 4);
        assertEquals(2, index.entryCount());
        assertEquals(new TimeIndex.Entry(100, BASE + 1), index.floorEntry(100));
        assertEquals(new TimeIndex.Entry(-1, BASE), index.floorEntry(99));
        assertEquals(new TimeIndex.Entry(101, BASE + 4), index.lastEntry());
    }

    @Test
    void noFileIsMadeBeforeTheFirstWrite() throws IOException {
        OffsetIndex index = new OffsetIndex(file, BASE, false);
        index.append(BASE + 1, 10);
        assertEquals(10, index.lookup(BASE + 9));
        assertEquals(0, disk.contents(LogUnderTest.DIRECTORY).size());
        index.flush();
        assertEquals(OffsetIndex.ENTRY_BYTES, disk.content(file.path()).length);
    }

    @Test
    void aFileThatEndsWithinAnEntryIsNotSane() throws IOException {
        disk.put(file.path(), new byte[OffsetIndex.ENTRY_BYTES + 3]);
        assertTrue(!new OffsetIndex(file, BASE, true).isSane(100));
        CorruptLog corrupt = assertThrows(CorruptLog.class, () -> OffsetIndex.read(disk, file.path(), BASE));
        assertEquals(OffsetIndex.ENTRY_BYTES, corrupt.position());
    }
}
