package io.millrace.simulator.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import io.millrace.records.BatchBuilder;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import io.millrace.testkit.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class StoredSegmentTest {
    private static final Path DIRECTORY = Path.of("/data/orders-0");
    private static final Path FILE = DIRECTORY.resolve("00000000000000000000.log");

    /** What was looked at before is looked at again only if it may have changed; that must not be seen. */
    @Test
    void whatIsKnownOfAFileIsWhatAFreshLookFinds() {
        Property.check(random -> {
            SimulatedDisk disk = new SimulatedDisk(random.split(), () -> 0, what -> {});
            disk.createDirectories(DIRECTORY);
            disk.forceDirectory(Path.of("/data"));
            StoredLogs known = new StoredLogs();
            try (DiskFile file = disk.open(FILE, OpenMode.CREATE)) {
                for (int step = 0; step < 60; step++) {
                    change(disk, file, random);
                    requireSame(known.on(disk, "orders-0"), new StoredLogs().on(disk, "orders-0"), random);
                }
            }
        });
    }

    private static void change(SimulatedDisk disk, DiskFile file, SeededRandom random) throws IOException {
        int size = (int) file.sizeBytes();
        switch (random.nextInt(8)) {
            case 0 -> file.truncate(random.nextInt(size + 1));
            case 1 -> {
                if (size > 0) disk.rot(FILE, random.nextInt(size), random.nextInt(8));
            }
            case 2 -> file.force();
            default -> {
                ByteBuffer batch = batch(random.nextInt(1_000));
                // Now and then a half of it, which the next one follows, or completes by chance.
                batch.limit(random.nextInt(4) == 0 ? random.nextInt(batch.limit()) : batch.limit());
                file.write(size, batch);
            }
        }
    }

    private static ByteBuffer batch(long baseOffset) {
        BatchBuilder builder = BatchBuilder.plain(baseOffset, 0);
        builder.append(baseOffset, null, ByteBuffer.wrap("value".getBytes(StandardCharsets.UTF_8)), List.of());
        return builder.build();
    }

    private static void requireSame(StoredLog known, StoredLog fresh, SeededRandom random) {
        assertEquals(fresh.endOffset(), known.endOffset());
        long offset = random.nextInt(1_000);
        ByteBuffer expected = fresh.batchWith(offset);
        ByteBuffer found = known.batchWith(offset);
        assertEquals(expected, found);
    }
}
