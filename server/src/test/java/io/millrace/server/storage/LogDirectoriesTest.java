package io.millrace.server.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.OpenMode;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.server.config.BadConfig;
import io.millrace.server.fixture.MemoryDisk;
import io.millrace.server.fixture.TestBroker;
import io.millrace.storage.LogDirectory;
import io.millrace.storage.MetaProperties;
import io.millrace.storage.PartitionDirectoryName;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogDirectoriesTest {
    private static final Path ONE = Path.of("/one");
    private static final Path TWO = Path.of("/two");
    private static final TopicPartition PARTITION = new TopicPartition("t", 0);

    private static final Uuid TOPIC_ID = new Uuid(3, 3);
    private static final Uuid EARLIER_TOPIC_ID = new Uuid(4, 4);

    private final MemoryDisk disk = new MemoryDisk();

    private LogDirectory at(Path path) {
        return LogDirectory.open(disk, path).orElseThrow();
    }

    private String refusal(int nodeId, Path... paths) {
        return String.valueOf(assertThrows(BadConfig.class, () -> LogDirectories.open(disk, List.of(paths), nodeId))
                .getMessage());
    }

    private void expectUnlocked(Path... paths) {
        for (Path path : paths) at(path).close();
    }

    @Test
    void formattedDirectoriesAreTakenInTheirOrderAndLocked() {
        TestBroker.format(disk, ONE, 1);
        TestBroker.format(disk, TWO, 1);
        LogDirectories directories = LogDirectories.open(disk, List.of(TWO, ONE), 1);
        assertEquals(
                List.of(TWO, ONE),
                directories.inUse().stream().map(use -> use.directory().path()).toList());
        assertTrue(refusal(1, ONE).contains("in use"));
        directories.close();
        expectUnlocked(ONE, TWO);
    }

    @Test
    void aDirectoryThatIsNotFormattedOrOfAnotherNodeIsRefusedAndEverythingUnlocked() {
        TestBroker.format(disk, ONE, 1);
        disk.createDirectories(TWO);
        assertTrue(refusal(1, ONE, TWO).contains("not formatted"));
        expectUnlocked(ONE, TWO);
        assertTrue(refusal(2, ONE).contains("node 1"));
        expectUnlocked(ONE);
    }

    @Test
    void directoriesOfDifferentClustersAreRefused() {
        TestBroker.format(disk, ONE, 1);
        disk.createDirectories(TWO);
        LogDirectory two = at(TWO);
        two.writeMetaProperties(new MetaProperties("BBBBBBBBBBBBBBBBBBBBBQ", 1, new Uuid(2, 2)));
        two.close();
        assertTrue(refusal(1, ONE, TWO).contains("BBBBBBBBBBBBBBBBBBBBBQ"));
        expectUnlocked(ONE, TWO);
    }

    @Test
    void whatLiesInADirectoryIsFoundByPartition() {
        TestBroker.format(disk, ONE, 1);
        LogDirectory one = at(ONE);
        one.createPartition(PARTITION, new Uuid(3, 3));
        one.createPartition(new TopicPartition("__cluster_metadata", 0), null);
        one.close();
        LogDirectories directories = LogDirectories.open(disk, List.of(ONE), 1);
        assertEquals(List.of(PARTITION), List.copyOf(directories.atStart().found()));
        assertEquals(
                new Uuid(3, 3),
                directories.atStart().found(PARTITION).orElseThrow().topicId());
        assertTrue(directories.atStart().leftovers().isEmpty());
    }

    @Test
    void deletionsThatAnEarlierRunDidNotFinishAreLeftovers() throws Exception {
        TestBroker.format(disk, ONE, 1);
        LogDirectory one = at(ONE);
        Path path = one.createPartition(PARTITION, new Uuid(3, 3));
        one.setAside(path, PARTITION, PartitionDirectoryName.State.DELETE, new Uuid(4, 4));
        one.close();
        LogDirectories directories = LogDirectories.open(disk, List.of(ONE), 1);
        assertTrue(directories.atStart().found().isEmpty());
        assertEquals(1, directories.atStart().leftovers().size());
        directories.atStart().leftovers().get(0).run();
        assertTrue(disk.list(ONE).stream().noneMatch(name -> name.startsWith("t-")), disk.list(ONE)::toString);
    }

    private void makePartition(Path path, Uuid topicId, boolean withSegment) throws IOException {
        LogDirectory directory = at(path);
        Path partition = directory.createPartition(PARTITION, topicId);
        if (withSegment)
            disk.open(partition.resolve("00000000000000000000.log"), OpenMode.CREATE_NEW)
                    .close();
        directory.close();
    }

    @Test
    void onePartitionInTwoDirectoriesIsRefused() throws IOException {
        TestBroker.format(disk, ONE, 1);
        TestBroker.format(disk, TWO, 1);
        for (Path path : List.of(ONE, TWO)) makePartition(path, TOPIC_ID, true);
        assertTrue(refusal(1, ONE, TWO).contains("two log directories"));
        expectUnlocked(ONE, TWO);
    }

    @Test
    void ofOnePartitionInTwoDirectoriesTheOneWithoutASegmentYields() throws IOException {
        TestBroker.format(disk, ONE, 1);
        TestBroker.format(disk, TWO, 1);
        makePartition(ONE, TOPIC_ID, false);
        makePartition(TWO, TOPIC_ID, true);
        LogDirectories directories = LogDirectories.open(disk, List.of(ONE, TWO), 1);
        assertEquals(
                TWO.resolve("t-0"),
                directories.atStart().found(PARTITION).orElseThrow().path());
        directories.atStart().leftovers().forEach(Runnable::run);
        assertFalse(disk.exists(ONE.resolve("t-0")));
        assertTrue(disk.exists(TWO.resolve("t-0")));
        directories.close();
    }

    @Test
    void aTopicMadeAgainWhileADirectoryWasAwayIsFoundBesideTheFirst() throws IOException {
        TestBroker.format(disk, ONE, 1);
        TestBroker.format(disk, TWO, 1);
        makePartition(ONE, EARLIER_TOPIC_ID, true);
        makePartition(TWO, TOPIC_ID, true);
        LogDirectories directories = LogDirectories.open(disk, List.of(ONE, TWO), 1);
        assertEquals(2, directories.atStart().allFound(PARTITION).size());
        assertEquals(TWO.resolve("t-0"), found(directories, TOPIC_ID));
        assertEquals(ONE.resolve("t-0"), found(directories, EARLIER_TOPIC_ID));
        assertEquals(ONE.resolve("t-0"), found(directories, new Uuid(5, 5)));
        assertTrue(directories.atStart().leftovers().isEmpty());
        directories.close();
    }

    private static Path found(LogDirectories directories, Uuid topicId) {
        return directories.atStart().found(PARTITION, topicId).orElseThrow().path();
    }
}
