package io.millrace.raft.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.Uuid;
import io.millrace.raft.VoterAddresses;
import io.millrace.raft.VoterSet;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.storage.CorruptLog;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.VotersRecord;
import org.apache.kafka.common.utils.internals.BufferSupplier;
import org.apache.kafka.common.utils.internals.LogContext;
import org.apache.kafka.raft.internals.IdentitySerde;
import org.apache.kafka.server.common.KRaftVersion;
import org.apache.kafka.snapshot.FileRawSnapshotReader;
import org.apache.kafka.snapshot.FileRawSnapshotWriter;
import org.apache.kafka.snapshot.RecordsSnapshotReader;
import org.apache.kafka.snapshot.RecordsSnapshotWriter;
import org.apache.kafka.snapshot.Snapshots;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotTest {
    private static final Path LOG = Path.of("/data/__cluster_metadata-0");
    private static final OffsetAndEpoch ID = new OffsetAndEpoch(4096, 3);
    private static final VoterSet VOTERS =
            VoterAddresses.ofInitialControllers("1@localhost:9093:JEXY6aqzQY-32P5TStzaFg", "CONTROLLER");
    private static final int KAFKA_BATCH_BYTES = 8 << 20;

    @Test
    void namesAreKafkas() {
        var kafkas = new org.apache.kafka.server.common.OffsetAndEpoch(4096, 3);
        assertEquals(Snapshots.filenameFromSnapshotId(kafkas) + ".checkpoint", SnapshotFiles.name(ID));
        assertEquals(Optional.of(ID), SnapshotFiles.parse(SnapshotFiles.name(ID)));
        assertEquals(Optional.empty(), SnapshotFiles.parse(SnapshotFiles.name(ID) + ".part"));
        assertEquals(Optional.empty(), SnapshotFiles.parse("99999999999999999999-0000000000.checkpoint"));
    }

    @Test
    void readsBackWhatItWrote() {
        Property.check(20, random -> {
            MemoryDisk disk = disk();
            List<ByteBuffer> values = values(random, random.nextInt(2000), 2000);
            long sizeBytes = write(disk, values, (short) random.nextInt(2));

            SnapshotReader.Snapshot read = SnapshotReader.read(disk, LOG, ID);

            assertEquals(values, read.values());
            assertEquals(77, read.lastContainedLogTimeMs());
            assertEquals(disk.get(SnapshotFiles.path(LOG, ID)).length, sizeBytes);
        });
    }

    @Test
    void quorumInfoIsInItFromKraftVersionOneOn() throws IOException {
        MemoryDisk disk = disk();
        write(disk, List.of(), (short) 1);
        SnapshotReader.Snapshot dynamic = SnapshotReader.read(disk, LOG, ID);
        assertEquals(Optional.of(VOTERS), dynamic.voters());
        assertEquals(1, dynamic.kraftVersion());

        write(disk, List.of(), (short) 0);
        assertEquals(Optional.empty(), SnapshotReader.read(disk, LOG, ID).voters());
    }

    @Test
    void kafkaReadsOurs(@TempDir Path directory) throws IOException {
        MemoryDisk disk = disk();
        List<ByteBuffer> values = values(new SeededRandom(1), 300, 20_000);
        write(disk, values, (short) 1);
        Files.write(directory.resolve(SnapshotFiles.name(ID)), disk.get(SnapshotFiles.path(LOG, ID)));

        List<ByteBuffer> read = new ArrayList<>();
        List<String> controls = new ArrayList<>();
        var kafkasId = new org.apache.kafka.server.common.OffsetAndEpoch(4096, 3);
        try (var raw = FileRawSnapshotReader.open(directory, kafkasId);
                var reader = RecordsSnapshotReader.of(
                        raw,
                        IdentitySerde.INSTANCE,
                        BufferSupplier.NO_CACHING,
                        KAFKA_BATCH_BYTES,
                        true,
                        new LogContext())) {
            assertEquals(77, reader.lastContainedLogTimestamp());
            while (reader.hasNext()) {
                var batch = reader.next();
                assertEquals(3, batch.epoch());
                read.addAll(batch.records());
                batch.controlRecords()
                        .forEach(control -> controls.add(control.type().name()));
            }
        }

        assertEquals(values, read);
        assertEquals(List.of("SNAPSHOT_HEADER", "KRAFT_VERSION", "KRAFT_VOTERS", "SNAPSHOT_FOOTER"), controls);
    }

    @Test
    void weReadKafkas(@TempDir Path directory) throws IOException {
        var kafkasVoters = new VotersRecord()
                .setVersion((short) 0)
                .setVoters(List.of(new VotersRecord.Voter()
                        .setVoterId(1)
                        .setVoterDirectoryId(org.apache.kafka.common.Uuid.fromString("JEXY6aqzQY-32P5TStzaFg"))
                        .setEndpoints(new VotersRecord.EndpointCollection(List.of(new VotersRecord.Endpoint()
                                        .setName("CONTROLLER")
                                        .setHost("localhost")
                                        .setPort(9093))
                                .iterator()))
                        .setKRaftVersionFeature(
                                new VotersRecord.KRaftVersionFeature().setMaxSupportedVersion((short) 1))));
        var raw = FileRawSnapshotWriter.create(directory, new org.apache.kafka.server.common.OffsetAndEpoch(4096, 3));
        List<ByteBuffer> values = values(new SeededRandom(2), 300, 20_000);
        try (RecordsSnapshotWriter<ByteBuffer> writer = new RecordsSnapshotWriter.Builder()
                .setLastContainedLogTimestamp(77)
                .setKraftVersion(KRaftVersion.KRAFT_VERSION_1)
                .setVoterSet(Optional.of(org.apache.kafka.raft.VoterSet.fromVotersRecord(kafkasVoters)))
                .setRawSnapshotWriter(raw)
                .setCompression(Compression.NONE)
                .setMaxBatchSizeBytes(KAFKA_BATCH_BYTES)
                .build(IdentitySerde.INSTANCE)) {
            writer.append(values.stream().map(ByteBuffer::duplicate).toList());
            writer.freeze();
        }
        MemoryDisk disk = disk();
        disk.put(SnapshotFiles.path(LOG, ID), Files.readAllBytes(directory.resolve(SnapshotFiles.name(ID))));

        SnapshotReader.Snapshot read = SnapshotReader.read(disk, LOG, ID);

        assertEquals(values, read.values());
        assertEquals(77, read.lastContainedLogTimeMs());
        assertEquals(Optional.of(VOTERS), read.voters());
    }

    @Test
    void everyCutAndEveryChangedByteIsNoticed() throws IOException {
        MemoryDisk disk = disk();
        write(disk, values(new SeededRandom(3), 5, 30), (short) 1);
        byte[] whole = disk.get(SnapshotFiles.path(LOG, ID));
        for (int cut = 0; cut < whole.length; cut++) assertRefused(Arrays.copyOf(whole, cut), "cut to " + cut);
        Property.check(random -> {
            byte[] changed = whole.clone();
            int at = random.nextInt(changed.length);
            changed[at] ^= (byte) (1 + random.nextInt(255));
            assertNoOtherRecords(changed, disk, "byte " + at);
        });
    }

    /** Base offset and leader epoch are not under a checksum; whatever else changes is refused. */
    private static void assertNoOtherRecords(byte[] bytes, MemoryDisk original, String what) throws IOException {
        MemoryDisk disk = disk();
        disk.put(SnapshotFiles.path(LOG, ID), bytes);
        try {
            assertEquals(
                    SnapshotReader.read(original, LOG, ID).values(),
                    SnapshotReader.read(disk, LOG, ID).values(),
                    what);
        } catch (CorruptLog refused) {
            assertTrue(refused.toString().contains(".checkpoint"), refused.toString());
        }
    }

    private static void assertRefused(byte[] bytes, String what) {
        MemoryDisk disk = disk();
        disk.put(SnapshotFiles.path(LOG, ID), bytes);
        assertThrows(CorruptLog.class, () -> SnapshotReader.read(disk, LOG, ID), what);
    }

    @Test
    void aSnapshotThatIsNotCompleteHasNoCompleteName() throws IOException {
        MemoryDisk disk = disk();
        Iterable<ByteBuffer> failing = () -> {
            throw new IllegalStateException("the image is gone");
        };

        assertThrows(
                IllegalStateException.class,
                () -> new SnapshotWriter(disk, LOG).write(ID, 0, SnapshotWriter.QuorumInfo.STATIC, 0, failing));

        assertFalse(disk.exists(SnapshotFiles.path(LOG, ID)));
        SnapshotFiles.deleteLeftovers(disk, LOG);
        assertEquals(List.of(), disk.list(LOG));
    }

    @Test
    void itIsThereAfterACrashRightBehindIt() throws IOException {
        MemoryDisk disk = disk();
        List<ByteBuffer> values = values(new SeededRandom(4), 10, 100);
        write(disk, values, (short) 1);
        byte[] before = disk.get(SnapshotFiles.path(LOG, ID));

        disk.crash();

        assertArrayEquals(before, disk.get(SnapshotFiles.path(LOG, ID)));
    }

    private static MemoryDisk disk() {
        MemoryDisk disk = new MemoryDisk();
        disk.createDirectories(LOG);
        return disk;
    }

    private static long write(MemoryDisk disk, List<ByteBuffer> values, short kraftVersion) throws IOException {
        return new SnapshotWriter(disk, LOG)
                .write(ID, 77, new SnapshotWriter.QuorumInfo(kraftVersion, VOTERS), 1234, values);
    }

    private static List<ByteBuffer> values(SeededRandom random, int count, int maxBytes) {
        List<ByteBuffer> values = new ArrayList<>();
        for (int i = 0; i < count; i++) values.add(ByteBuffer.wrap(random.bytes(1 + random.nextInt(maxBytes))));
        return values;
    }

    @Test
    void voterRecordsSurviveTheirRoundTrip() {
        assertEquals(VOTERS, VoterSet.fromRecord(VOTERS.toRecord()));
        assertEquals(
                Uuid.parse("JEXY6aqzQY-32P5TStzaFg"),
                VOTERS.toRecord().voters().getFirst().voterDirectoryId());
    }
}
