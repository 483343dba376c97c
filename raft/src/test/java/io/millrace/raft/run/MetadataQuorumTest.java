package io.millrace.raft.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.Clock;
import io.millrace.protocol.Uuid;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.VoterAddresses;
import io.millrace.raft.VoterSet;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MetadataQuorumTest {
    private static final Path DATA = Path.of("/data");
    private static final Path LOG = DATA.resolve("__cluster_metadata-0");
    private static final ReplicaKey SELF = new ReplicaKey(1, Uuid.parse("JEXY6aqzQY-32P5TStzaFg"));
    private static final VoterSet STATIC = VoterAddresses.ofQuorumVoters(List.of("1@localhost:9093"), "CONTROLLER");
    private static final VoterSet DYNAMIC =
            VoterAddresses.ofInitialControllers("1@localhost:9093:JEXY6aqzQY-32P5TStzaFg", "CONTROLLER");
    private static final long START_MS = 1_790_000_000_000L;

    private final MemoryDisk disk = new MemoryDisk();
    private final ManualLane lane = new ManualLane();
    private MetadataLogConfig logConfig = MetadataLogConfig.DEFAULT;
    private TestStateMachine machine = new TestStateMachine();

    @Test
    void aNewNodeLeadsEpochOneOnceItsOwnBatchIsCommitted() throws IOException {
        MetadataQuorum quorum = start(STATIC);

        lane.runTasks();
        assertEquals(List.of(), machine.told, "nothing is forced yet");
        lane.runAll();

        assertEquals(List.of("leader 1"), machine.told);
        assertEquals(1, quorum.highWatermark());
        assertEquals(
                "{\"clusterId\":\"\",\"leaderId\":1,\"leaderEpoch\":1,\"votedId\":-1,\"appliedOffset\":0,"
                        + "\"currentVoters\":[{\"voterId\":1}],\"data_version\":0}",
                new String(disk.get(LOG.resolve("quorum-state")), StandardCharsets.UTF_8));
    }

    @Test
    void recordsAreCommittedInBatchesOnceForced() throws IOException {
        MetadataQuorum quorum = lead(STATIC);

        assertEquals(new AppendResult.Appended(1, 3), quorum.append(1, ints(10, 11, 12)));
        assertEquals(List.of(), machine.state);
        lane.runAll();

        assertEquals(List.of(10, 11, 12), machine.state);
        assertEquals(4, machine.nextOffset);
        assertEquals(4, quorum.highWatermark());
    }

    @Test
    void appendsOfOneTurnShareAForce() throws IOException {
        MetadataQuorum quorum = lead(STATIC);
        int before = disk.forces();

        for (int i = 0; i < 50; i++) quorum.append(1, ints(i));
        lane.runAll();

        assertEquals(50, machine.state.size());
        assertTrue(disk.forces() - before <= 3, (disk.forces() - before) + " forces for 50 appends");
    }

    @Test
    void onlyTheLeaderOfTheNamedEpochAppends() throws IOException {
        MetadataQuorum quorum = start(STATIC);
        assertInstanceOf(AppendResult.NotLeader.class, quorum.append(1, ints(1)));
        lane.runAll();

        assertEquals(new AppendResult.NotLeader(1), quorum.append(2, ints(1)));
        assertEquals(new AppendResult.NotLeader(1), quorum.append(0, ints(1)));
        assertInstanceOf(AppendResult.Appended.class, quorum.append(1, ints(1)));
    }

    @Test
    void recordsThatDoNotFitABatchAreRefusedAndTheQuorumGoesOn() throws IOException {
        logConfig = new MetadataLogConfig(1 << 20, 1000, -1, -1, 1024);
        MetadataQuorum quorum = lead(STATIC);

        AppendResult refused = quorum.append(1, List.of(ByteBuffer.allocate(2000)));
        quorum.append(1, ints(5));
        lane.runAll();

        assertInstanceOf(AppendResult.TooLarge.class, refused);
        assertEquals(List.of(5), machine.state);
    }

    @Test
    void aRestartReplaysTheLogBeforeItLeadsTheNextEpoch() throws IOException {
        MetadataQuorum quorum = lead(STATIC);
        quorum.append(1, ints(1, 2));
        quorum.append(1, ints(3));
        lane.runAll();
        shutDown(quorum);
        assertEquals(List.of("leader 1", "resigned 1"), machine.told);

        lead(STATIC);

        assertEquals(List.of(1, 2, 3), machine.state);
        assertEquals(List.of("leader 2"), machine.told);
    }

    @Test
    void aLongLogIsReplayedInPieces() throws IOException {
        MetadataQuorum quorum = lead(STATIC);
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            List<ByteBuffer> values = new ArrayList<>();
            for (int j = 0; j < 10; j++) {
                ByteBuffer value = ByteBuffer.allocate(10_000).putInt(0, i * 10 + j);
                values.add(value);
                expected.add(i * 10 + j);
            }
            quorum.append(1, values);
        }
        lane.runAll();
        shutDown(quorum);

        lead(STATIC);

        assertEquals(expected, machine.state);
    }

    @Test
    void votersOfABootstrapSnapshotAreUsedAndWrittenIntoTheLog() throws IOException {
        format(DYNAMIC, ints(33));
        MetadataQuorum quorum = lead(VoterSet.NONE);

        assertEquals(List.of("bootstrap", "leader 1"), machine.told);
        assertEquals(List.of(33), machine.bootstrap);
        assertEquals(3, quorum.highWatermark(), "leader change, kraft.version and voters");
        assertEquals(1, quorum.kraftVersion());
        assertTrue(new String(disk.get(LOG.resolve("quorum-state")), StandardCharsets.UTF_8)
                .endsWith("\"data_version\":1}"));
        shutDown(quorum);

        MetadataQuorum again = lead(VoterSet.NONE);
        assertEquals(4, again.highWatermark(), "only a leader change more");
        assertEquals(
                DYNAMIC.voters(),
                again.describe().voters().stream()
                        .map(QuorumDescription.VoterProgress::voter)
                        .toList());
    }

    @Test
    void bootstrapRecordsOfAnOldFormatAreFoundBesideTheLog() throws IOException {
        disk.createDirectories(LOG);
        new SnapshotWriter(disk, LOG)
                .write(SnapshotFiles.BOOTSTRAP, 0, SnapshotWriter.QuorumInfo.STATIC, START_MS, ints(20));
        disk.rename(SnapshotFiles.path(LOG, SnapshotFiles.BOOTSTRAP), DATA.resolve("bootstrap.checkpoint"));
        disk.forceDirectory(DATA);

        lead(STATIC);

        assertEquals(List.of(20), machine.bootstrap);
    }

    @Test
    void aNodeThatIsNotTheOnlyVoterIsRefusedInWords() {
        VoterSet others = VoterAddresses.ofQuorumVoters(List.of("1@a:9093", "2@b:9093"), "CONTROLLER");

        String message =
                assertThrows(UnsupportedQuorum.class, () -> open(others)).toString();
        assertTrue(message.contains("[1, 2]"), message);
        message =
                assertThrows(UnsupportedQuorum.class, () -> open(VoterSet.NONE)).toString();
        assertTrue(message.contains("controller.quorum.voters"), message);
    }

    @Test
    void aWipedDirectoryIsADifferentVoter() throws IOException {
        format(VoterAddresses.ofInitialControllers("1@localhost:9093:MvDxzVmcRsaTz33bUuRU6A", "CONTROLLER"), ints(1));

        assertThrows(UnsupportedQuorum.class, () -> open(VoterSet.NONE));
    }

    @Test
    void aSnapshotReplacesTheLogBeforeIt() throws IOException {
        logConfig = new MetadataLogConfig(4096, 604_800_000, 5000, -1, 4096);
        format(DYNAMIC, ints(33));
        MetadataQuorum quorum = lead(VoterSet.NONE);
        for (int i = 0; i < 200; i++) {
            quorum.append(1, ints(i));
            lane.runAll();
        }
        snapshot(quorum);
        for (int i = 200; i < 210; i++) quorum.append(1, ints(i));
        lane.runAll();
        lane.advanceMs(200_000);
        List<Integer> expected = List.copyOf(machine.state);
        assertFalse(disk.exists(LOG.resolve("00000000000000000000.log")));
        assertFalse(disk.exists(SnapshotFiles.path(LOG, SnapshotFiles.BOOTSTRAP)));
        shutDown(quorum);

        MetadataQuorum again = lead(VoterSet.NONE);

        assertEquals(expected, machine.state);
        assertEquals("snapshot 203-1", machine.told.getFirst());
        assertEquals(1, again.kraftVersion());
        assertEquals(
                DYNAMIC.voters(),
                again.describe().voters().stream()
                        .map(QuorumDescription.VoterProgress::voter)
                        .toList());
    }

    @Test
    void aLogThatEndsBeforeTheLatestSnapshotStartsAnewBehindIt() throws IOException {
        disk.createDirectories(LOG);
        new SnapshotWriter(disk, LOG)
                .write(new OffsetAndEpoch(500, 7), START_MS, SnapshotWriter.QuorumInfo.STATIC, START_MS, ints(1, 2));

        MetadataQuorum quorum = lead(STATIC);

        assertEquals(List.of("snapshot 500-7", "leader 8"), machine.told);
        assertEquals(501, quorum.highWatermark());
    }

    @Test
    void aSnapshotAheadOfWhatIsCommittedIsABug() throws IOException {
        MetadataQuorum quorum = lead(STATIC);

        assertThrows(
                IllegalArgumentException.class,
                () -> quorum.writeSnapshot(new OffsetAndEpoch(2, 1), 0, List.of(), result -> {}));
    }

    @Test
    void anOlderSnapshotIsNotWrittenAgain() throws IOException {
        MetadataQuorum quorum = lead(STATIC);
        quorum.append(1, ints(1));
        lane.runAll();
        assertInstanceOf(SnapshotResult.Written.class, snapshot(quorum));

        assertEquals(new SnapshotResult.NotNeeded(), snapshot(quorum));
        assertEquals(Optional.of(new OffsetAndEpoch(2, 1)), quorum.latestSnapshot());
    }

    @Test
    void damageBelowTheRecoveryPointIsFoundWhenReadAndBehindItCut() throws IOException {
        MetadataQuorum quorum = lead(STATIC);
        quorum.append(1, ints(1));
        quorum.append(1, ints(2));
        lane.runAll();
        AtomicLong written = new AtomicLong();
        quorum.recoveryPoint().write(written::set);
        long recoveryPoint = written.get();
        assertEquals(3, recoveryPoint);
        shutDown(quorum);
        Path segment = LOG.resolve("00000000000000000000.log");
        byte[] bytes = disk.get(segment);
        bytes[bytes.length - 1] ^= 1;
        disk.put(segment, bytes);

        disk.put(
                DATA.resolve("recovery-point-offset-checkpoint"),
                ("0\n1\n__cluster_metadata 0 " + recoveryPoint + "\n").getBytes(StandardCharsets.UTF_8));
        start(STATIC);
        lane.runAll();
        assertTrue(machine.told.contains("failed"), () -> machine.told.toString());
        assertEquals(List.of(1), machine.state);

        disk.put(
                DATA.resolve("recovery-point-offset-checkpoint"),
                "0\n1\n__cluster_metadata 0 2\n".getBytes(StandardCharsets.UTF_8));
        lead(STATIC);
        assertEquals(List.of(1), machine.state);
    }

    @Test
    void aFailingDiskEndsLeadershipAndNothingMoreIsCommitted() throws IOException {
        MetadataQuorum quorum = lead(STATIC);
        quorum.append(1, ints(1));
        lane.runTasks();
        disk.failWrites();
        lane.runAll();

        assertEquals(List.of(), machine.state);
        assertEquals(List.of("leader 1", "resigned 1", "failed"), machine.told);
        assertInstanceOf(AppendResult.NotLeader.class, quorum.append(1, ints(2)));
    }

    @Test
    void whateverTheCrashWhatWasCommittedStaysAndNoEpochIsLedTwice() {
        Property.check(100, this::crashAndRecover);
    }

    @Test
    void anOldSegmentThatAPowerCutBroughtBackHidesNoneBehindTheSnapshot() throws IOException {
        crashAndRecover(new SeededRandom(0xe9b61b4b362bcf0dL));
    }

    private void crashAndRecover(SeededRandom random) throws IOException {
        var story = new MetadataQuorumTest();
        story.logConfig = new MetadataLogConfig(4096, 604_800_000, 6000, -1, 4096);
        story.format(DYNAMIC, ints(33));
        List<Integer> committed = new ArrayList<>();
        int lastEpoch = 0;
        int next = 0;
        for (int life = 0; life < 6; life++) {
            MetadataQuorum quorum = story.lead(VoterSet.NONE);
            assertTrue(
                    story.machine.state.size() >= committed.size()
                            && story.machine.state.subList(0, committed.size()).equals(committed),
                    "committed was " + committed + ", now there is " + story.machine.state);
            int epoch = story.machine.leading.orElseThrow();
            assertTrue(epoch > lastEpoch, "epoch " + epoch + " after " + lastEpoch);
            lastEpoch = epoch;
            for (int step = random.nextInt(40); step > 0; step--) {
                int count = 1 + random.nextInt(5);
                List<ByteBuffer> values = new ArrayList<>();
                for (int i = 0; i < count; i++)
                    values.add(ByteBuffer.allocate(4 + random.nextInt(40)).putInt(0, next++));
                quorum.append(epoch, values);
                if (random.chance(0.5)) story.lane.runTasks();
                if (random.chance(0.5)) story.lane.runAll();
                if (random.chance(0.1)) story.snapshot(quorum);
                if (random.chance(0.1)) story.lane.advanceMs(60_000);
            }
            committed = List.copyOf(story.machine.state);
            if (random.chance(0.3)) story.shutDown(quorum);
            story.lane.crash();
            if (random.nextBoolean()) story.disk.crash();
            else story.disk.crash(random);
        }
    }

    private void format(VoterSet voters, List<ByteBuffer> values) throws IOException {
        disk.createDirectories(LOG);
        disk.forceDirectory(DATA);
        new SnapshotWriter(disk, LOG)
                .write(
                        SnapshotFiles.BOOTSTRAP,
                        START_MS,
                        new SnapshotWriter.QuorumInfo((short) 1, voters),
                        START_MS,
                        values);
    }

    private SnapshotResult snapshot(MetadataQuorum quorum) {
        List<ByteBuffer> values = machine.state.stream()
                .map(value -> ByteBuffer.allocate(4).putInt(0, value))
                .toList();
        List<SnapshotResult> results = new ArrayList<>();
        quorum.writeSnapshot(
                new OffsetAndEpoch(machine.nextOffset, machine.lastEpoch), machine.lastTimeMs, values, results::add);
        lane.runAll();
        return results.getFirst();
    }

    private void shutDown(MetadataQuorum quorum) {
        List<Optional<Exception>> ends = new ArrayList<>();
        quorum.shutdown(ends::add);
        lane.runAll();
        assertEquals(List.of(Optional.empty()), ends);
    }

    private MetadataQuorum lead(VoterSet voters) throws IOException {
        MetadataQuorum quorum = start(voters);
        lane.runAll();
        assertTrue(machine.leading.isPresent(), () -> machine.told.toString());
        return quorum;
    }

    private MetadataQuorum start(VoterSet voters) throws IOException {
        MetadataQuorum quorum = open(voters);
        quorum.start();
        return quorum;
    }

    private MetadataQuorum open(VoterSet voters) throws IOException {
        machine = new TestStateMachine();
        disk.createDirectories(DATA);
        return MetadataQuorum.open(disk, DATA, new QuorumConfig(SELF, voters, logConfig), lane, clock(), machine);
    }

    private Clock clock() {
        return new Clock() {
            @Override
            public long wallMs() {
                return START_MS + lane.nowMs();
            }

            @Override
            public long monotonicNanos() {
                return lane.nowMs() * 1_000_000;
            }
        };
    }

    private static List<ByteBuffer> ints(int... values) {
        List<ByteBuffer> buffers = new ArrayList<>();
        for (int value : values) buffers.add(ByteBuffer.allocate(4).putInt(0, value));
        return buffers;
    }
}
