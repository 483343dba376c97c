package io.millrace.raft.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.Uuid;
import io.millrace.raft.ElectionState;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.VoterAddresses;
import io.millrace.raft.VoterSet;
import io.millrace.testkit.Property;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.kafka.raft.FileQuorumStateStore;
import org.apache.kafka.server.common.KRaftVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuorumStateFileTest {
    private static final VoterSet VOTERS = VoterAddresses.ofQuorumVoters(List.of("1@localhost:9093"), "CONTROLLER");
    private static final Uuid DIRECTORY = Uuid.parse("JEXY6aqzQY-32P5TStzaFg");

    @Test
    void aMissingFileIsTheInitialState() throws IOException {
        assertEquals(ElectionState.INITIAL, new QuorumStateFile(new MemoryDisk(), Path.of("/log")).read());
    }

    @Test
    void whatIsWrittenIsReadBackAfterACrash() throws IOException {
        MemoryDisk disk = new MemoryDisk();
        disk.createDirectories(Path.of("/log"));
        ElectionState voted = ElectionState.voted(7, new ReplicaKey(1, DIRECTORY));
        QuorumStateFile file = new QuorumStateFile(disk, Path.of("/log"));

        file.write(voted, (short) 1, VOTERS);
        disk.crash();

        assertEquals(voted, file.read());
    }

    @Test
    void theTextIsThatOfKafkaAtBothVersions(@TempDir Path directory) throws IOException {
        assertEquals(
                writtenByKafka(directory, KRaftVersion.KRAFT_VERSION_0),
                QuorumStateFile.format(ElectionState.led(5, 1), (short) 0, VOTERS));
        assertEquals(
                writtenByKafka(directory, KRaftVersion.KRAFT_VERSION_1),
                QuorumStateFile.format(ElectionState.led(5, 1), (short) 1, VOTERS));
    }

    @Test
    void kafkaReadsAVoteOfOurs(@TempDir Path directory) throws IOException {
        ElectionState voted = ElectionState.voted(9, new ReplicaKey(1, DIRECTORY));
        Path file = directory.resolve(QuorumStateFile.NAME);
        Files.writeString(file, QuorumStateFile.format(voted, (short) 1, VOTERS));

        var read = new FileQuorumStateStore(file.toFile()).readElectionState().orElseThrow();

        assertEquals(9, read.epoch());
        assertTrue(read.isVotedCandidate(
                org.apache.kafka.raft.ReplicaKey.of(1, org.apache.kafka.common.Uuid.fromString(DIRECTORY.toString()))));
    }

    @Test
    void readsBackWhatItWrites() {
        Property.check(random -> {
            var voted = random.nextBoolean()
                    ? Optional.<ReplicaKey>empty()
                    : Optional.of(new ReplicaKey(
                            random.nextInt(Integer.MAX_VALUE), new Uuid(random.anyLong(), random.anyLong())));
            OptionalInt leader = random.nextBoolean() ? OptionalInt.empty() : OptionalInt.of(random.nextInt(100));
            ElectionState election = new ElectionState(random.nextInt(Integer.MAX_VALUE), leader, voted);

            assertEquals(election, QuorumStateFile.parse(QuorumStateFile.format(election, (short) 1, VOTERS)));
        });
    }

    @Test
    void everyTruncationIsRefused() {
        String text = QuorumStateFile.format(ElectionState.led(5, 1), (short) 0, VOTERS);
        for (int cut = 0; cut < text.length(); cut++) {
            String piece = text.substring(0, cut);
            assertThrows(IllegalArgumentException.class, () -> QuorumStateFile.parse(piece), piece);
        }
    }

    @Test
    void aLaterVersionIsRefusedWithThePathInTheMessage() {
        MemoryDisk disk = new MemoryDisk();
        disk.put(
                Path.of("/log/quorum-state"),
                "{\"leaderId\":1,\"leaderEpoch\":1,\"votedId\":-1,\"data_version\":2}"
                        .getBytes(StandardCharsets.UTF_8));

        String message = assertThrows(IOException.class, () -> new QuorumStateFile(disk, Path.of("/log")).read())
                .toString();

        assertTrue(message.contains("/log/quorum-state") && message.contains("data_version is 2"), message);
    }

    private static String writtenByKafka(Path directory, KRaftVersion version) throws IOException {
        Path file = directory.resolve(QuorumStateFile.NAME);
        new FileQuorumStateStore(file.toFile())
                .writeElectionState(
                        org.apache.kafka.raft.ElectionState.withElectedLeader(5, 1, Optional.empty(), Set.of(1)),
                        version);
        return Files.readString(file).strip();
    }
}
