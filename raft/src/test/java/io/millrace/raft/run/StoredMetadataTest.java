package io.millrace.raft.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.messages.KRaftVersionRecord;
import io.millrace.raft.VoterSet;
import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.storage.CorruptLog;
import io.millrace.testkit.Property;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class StoredMetadataTest {
    private static final Path DATA = Path.of("/data");
    private static final Path LOG = DATA.resolve("__cluster_metadata-0");

    private final MemoryDisk disk = new MemoryDisk();

    StoredMetadataTest() {
        disk.createDirectories(LOG);
    }

    private List<String> visited() throws IOException {
        List<String> found = new ArrayList<>();
        StoredMetadata.visit(disk, DATA, new StoredMetadata.Visitor() {
            @Override
            public void record(Path file, ByteBuffer value) {
                found.add(StandardCharsets.US_ASCII.decode(value).toString());
            }

            @Override
            public void kraftVersion(Path file, short level) {
                found.add("kraft.version " + level);
            }
        });
        return found;
    }

    private static ByteBuffer value(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }

    private void segment(long baseOffset, ByteBuffer... batches) {
        var bytes = new ByteArrayOutputStream();
        for (ByteBuffer batch : batches) bytes.write(batch.array(), batch.arrayOffset(), batch.limit());
        disk.put(LOG.resolve(String.format(Locale.ROOT, "%020d.log", baseOffset)), bytes.toByteArray());
    }

    private static ByteBuffer batch(long baseOffset, String... values) {
        List<ByteBuffer> buffers = new ArrayList<>();
        for (String value : values) buffers.add(value(value));
        return QuorumBatches.data(buffers, baseOffset, 1, 0);
    }

    private void snapshot(long offset, String... values) throws IOException {
        List<ByteBuffer> buffers = new ArrayList<>();
        for (String value : values) buffers.add(value(value));
        new SnapshotWriter(disk, LOG)
                .write(
                        new OffsetAndEpoch(offset, 1),
                        0,
                        new SnapshotWriter.QuorumInfo((short) 0, VoterSet.NONE),
                        0,
                        buffers);
    }

    @Test
    void nothingIsThereBeforeTheFirstStart() throws IOException {
        assertEquals(List.of(), visited());
        disk.delete(LOG);
        assertEquals(List.of(), visited());
    }

    @Test
    void theLatestSnapshotComesFirstAndThenTheLogBehindIt() throws IOException {
        snapshot(0, "bootstrap");
        snapshot(4, "in the snapshot");
        segment(0, batch(0, "a", "b"));
        segment(2, batch(2, "c", "d"), batch(4, "e"));
        segment(5, batch(5, "f"));
        assertEquals(List.of("kraft.version 0", "in the snapshot", "e", "f"), visited());
    }

    @Test
    void kraftVersionIsReadInControlBatches() throws IOException {
        var one = new ControlRecord.KRaftVersion(KRaftVersionRecord.builder()
                .version((short) 0)
                .kRaftVersion((short) 1)
                .build());
        segment(0, ControlRecords.batch(0, 1, 0, one), batch(1, "a"));
        assertEquals(List.of("kraft.version 1", "a"), visited());
    }

    @Test
    void whatIsTornOrDamagedIsLeftToTheRecovery() throws IOException {
        ByteBuffer torn = batch(1, "torn");
        segment(0, batch(0, "a"), torn.slice(0, torn.limit() - 3).duplicate());
        assertEquals(List.of("a"), visited());

        ByteBuffer damaged = batch(1, "damaged");
        damaged.put(damaged.limit() - 2, (byte) 7);
        segment(0, batch(0, "a"), damaged, batch(2, "b"));
        assertEquals(List.of("a"), visited());

        ByteBuffer endless = batch(1, "endless");
        endless.putInt(8, Integer.MAX_VALUE - 100);
        segment(0, batch(0, "a"), endless);
        assertEquals(List.of("a"), visited());
    }

    @Test
    void aDamagedSnapshotIsRefused() throws IOException {
        snapshot(4, "in the snapshot");
        Path file = SnapshotFiles.path(LOG, new OffsetAndEpoch(4, 1));
        byte[] bytes = disk.get(file);
        disk.put(file, java.util.Arrays.copyOf(bytes, bytes.length - 1));
        assertThrows(CorruptLog.class, this::visited);
    }

    @Test
    void anElectionStateOfANewerVersionIsRefused() {
        disk.put(LOG.resolve("quorum-state"), "{\"data_version\":2}".getBytes(StandardCharsets.UTF_8));
        var refused = assertThrows(IOException.class, this::visited);
        assertTrue(String.valueOf(refused.getMessage()).contains("its data_version is 2, known are 0 to 1"));
    }

    /** Batches lie across the ends of what is read at once, and some are larger. */
    @Test
    void everyRecordOfALogOfAnyBatchSizesIsVisited() throws IOException {
        Property.check(10, random -> {
            List<String> wanted = new ArrayList<>();
            List<ByteBuffer> batches = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                String value = i + "x".repeat(random.nextInt(4) == 0 ? 1_500_000 : random.nextInt(300_000));
                wanted.add(value);
                batches.add(batch(i, value));
            }
            segment(0, batches.toArray(ByteBuffer[]::new));
            assertEquals(wanted, visited());
        });
    }
}
