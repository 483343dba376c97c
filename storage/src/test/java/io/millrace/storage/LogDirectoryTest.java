package io.millrace.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.storage.PartitionDirectoryName.State;
import io.millrace.testkit.Property;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class LogDirectoryTest {
    private static final Path PATH = Path.of("data");
    private static final TopicPartition ORDERS = new TopicPartition("orders", 3);

    private final CrashingDisk disk = new CrashingDisk();
    private final LogDirectory directory = LogDirectory.open(disk, PATH).orElseThrow();

    @Test
    void onlyOneOwnerAtATime() {
        assertTrue(LogDirectory.open(disk, PATH).isEmpty());
        directory.close();
        assertTrue(LogDirectory.open(disk, PATH).isPresent());
    }

    @Test
    void identityIsReadBackAndSurvivesAPowerCut() {
        Property.check(20, random -> {
            assertEquals(
                    Optional.empty(),
                    LogDirectory.open(new CrashingDisk(), PATH).orElseThrow().metaProperties());
            MetaProperties written = new MetaProperties("cluster", 7, new Uuid(random.nextLong(), random.nextLong()));
            directory.writeMetaProperties(written);
            LogDirectory left =
                    LogDirectory.open(disk.afterPowerCut(random), PATH).orElseThrow();
            assertEquals(Optional.of(written), left.metaProperties());
        });
    }

    @Test
    void anIdentityOfAnotherVersionIsRefusedWithASentence() {
        disk.put(PATH.resolve("meta.properties"), "version=0\nbroker.id=1\n".getBytes(StandardCharsets.UTF_8));
        var ofZooKeepersTime = assertThrows(MetaProperties.UnknownVersion.class, directory::metaProperties);
        assertEquals(
                PATH.resolve("meta.properties")
                        + " has version 0, and known here is version 1 only: 0 is of the ZooKeeper"
                        + " era; migrate the cluster to KRaft first (Kafka 3.9 does); nothing was changed",
                ofZooKeepersTime.getMessage());
        disk.put(PATH.resolve("meta.properties"), "version=2\nnode.id=1\n".getBytes(StandardCharsets.UTF_8));
        var newer = assertThrows(MetaProperties.UnknownVersion.class, directory::metaProperties);
        assertEquals(
                PATH.resolve("meta.properties") + " has version 2, and known here is version 1 only: start the program"
                        + " that wrote it; nothing was changed",
                newer.getMessage());
    }

    @Test
    void apachesOwnIdentityFileIsRead() {
        String apache = """
                #
                #Mon Nov 23 07:14:46 UTC 2026
                cluster.id=abc
                directory.id=AAECAwQFBgcICQoLDA0ODw
                node.id=1
                version=1
                """;
        disk.put(PATH.resolve("meta.properties"), apache.getBytes(StandardCharsets.UTF_8));
        assertEquals(
                new MetaProperties("abc", 1, Uuid.parse("AAECAwQFBgcICQoLDA0ODw")),
                directory.metaProperties().orElseThrow());
    }

    @Test
    void theCleanShutdownMarkerComesAndGoes() {
        assertFalse(directory.wasCleanlyShutDown());
        directory.markCleanlyShutDown(12);
        assertTrue(directory.wasCleanlyShutDown());
        assertEquals(OptionalLong.of(12), directory.cleanShutdownBrokerEpoch());
        directory.removeCleanShutdownMarker();
        assertFalse(directory.wasCleanlyShutDown());
        assertEquals(OptionalLong.empty(), directory.cleanShutdownBrokerEpoch());
    }

    @Test
    void aCheckpointIsTheOldOrTheNewOneAfterAPowerCut() {
        Property.check(50, random -> {
            directory.highWatermarks().write(Map.of(ORDERS, 1L));
            disk.cutPowerAfter(random.nextInt(8));
            try {
                directory.highWatermarks().write(Map.of(ORDERS, 2L));
            } catch (CrashingDisk.PowerCut off) {
                assertTrue(disk.operations() > 0);
            }
            disk.keepPower();
            LogDirectory left =
                    LogDirectory.open(disk.afterPowerCut(random), PATH).orElseThrow();
            long read = left.highWatermarks().read().getOrDefault(ORDERS, 0L);
            assertTrue(read == 1 || read == 2, () -> "read " + read);
        });
    }

    /** As Apache's broker leaves those that it had nothing to write to. */
    @Test
    void anEmptyCheckpointHasNoOffsets() {
        disk.put(directory.cleanedOffsets().file(), new byte[0]);
        assertEquals(Map.of(), directory.cleanedOffsets().read());
    }

    @Test
    void aCheckpointThatIsNotOneIsRefused() {
        Path file = directory.recoveryPoints().file();
        for (String wrong :
                List.of("0", "0\n", "1\n0\n", "0\n2\norders 3 5\n", "0\n1\norders 3\n", "0\n1\norders 3 x\n")) {
            disk.put(file, wrong.getBytes(StandardCharsets.UTF_8));
            assertThrows(CorruptLog.class, () -> directory.recoveryPoints().read(), wrong);
        }
    }

    @Test
    void partitionsAreListedWithTheirStateAndTopicId() {
        Path orders = directory.createPartition(ORDERS, Uuid.ONE);
        directory.createPartition(new TopicPartition("a-b.c", 0), null);
        Path aside = directory.setAside(orders, ORDERS, State.DELETE, new Uuid(5, 6));
        disk.put(PATH.resolve("lost+found").resolve("x"), new byte[1]);
        LogDirectory.Listing listing = directory.list();
        assertEquals(List.of("lost+found"), listing.unknown());
        assertEquals(
                List.of(
                        new LogDirectory.Entry(
                                PATH.resolve("a-b.c-0"),
                                new PartitionDirectoryName(new TopicPartition("a-b.c", 0), State.CURRENT),
                                Optional.empty()),
                        new LogDirectory.Entry(
                                aside, new PartitionDirectoryName(ORDERS, State.DELETE), Optional.of(Uuid.ONE))),
                listing.partitions());
        directory.delete(aside);
        assertEquals(1, directory.list().partitions().size());
    }

    @Test
    void aLogFollowsItsDirectoryWhenThatIsSetAside() {
        Path path = directory.createPartition(ORDERS, Uuid.ONE);
        PartitionLog log = PartitionLog.open(
                disk, path, ORDERS, Uuid.ONE, LogConfig.DEFAULT, ProducerStateConfig.DEFAULT, 0, 0, true, 0);
        LogUnderTest.append(log, Batches.of(5, "a"));
        log.directoryRenamed(directory.setAside(path, ORDERS, State.DELETE, new Uuid(5, 6)));
        assertEquals(1, LogUnderTest.readAll(log, 1000).size());
        log.close();
    }

    @Test
    void namesAreReadBackAndFitIntoAFileSystem() {
        for (State state : State.values())
            for (String topic : List.of("t", "with.dot", "with-dash-7", "x".repeat(249))) {
                TopicPartition partition = new TopicPartition(topic, 12);
                String name = PartitionDirectoryName.of(partition, state, new Uuid(-1, 3));
                assertTrue(name.length() <= 255, name);
                PartitionDirectoryName read = PartitionDirectoryName.parse(name).orElseThrow();
                assertEquals(state, read.state());
                assertEquals(12, read.partition().partition());
                assertTrue(topic.startsWith(read.partition().topic()));
            }
        assertEquals(
                "orders-3.00000000000000050000000000000006-delete",
                PartitionDirectoryName.of(ORDERS, State.DELETE, new Uuid(5, 6)));
    }

    @Test
    void otherNamesAreNobodys() {
        for (String name :
                List.of("", "orders", "orders-", "-3", "orders-x", "orders--", "lost+found", "a-99999999999"))
            assertEquals(Optional.empty(), PartitionDirectoryName.parse(name), name);
    }

    @Test
    void anEmptyPartitionMetadataAfterAPowerCutIsNoTopicId() throws Exception {
        Path path = directory.createPartition(ORDERS, Uuid.ONE);
        disk.put(path.resolve(PartitionMetadata.FILE_NAME), new byte[0]);
        assertEquals(Optional.empty(), PartitionMetadata.read(disk, path));
        PartitionMetadata.write(disk, path, Uuid.ONE);
        byte[] whole = disk.content(path.resolve(PartitionMetadata.FILE_NAME));
        for (int left = 0; left < whole.length; left++) {
            disk.put(path.resolve(PartitionMetadata.FILE_NAME), java.util.Arrays.copyOf(whole, left));
            assertEquals(Optional.empty(), PartitionMetadata.read(disk, path));
            byte[] zeros = java.util.Arrays.copyOf(java.util.Arrays.copyOf(whole, left), whole.length);
            disk.put(path.resolve(PartitionMetadata.FILE_NAME), zeros);
            assertEquals(Optional.empty(), PartitionMetadata.read(disk, path));
        }
        disk.put(path.resolve(PartitionMetadata.FILE_NAME), "version: 1\ntopic_id: x".getBytes(StandardCharsets.UTF_8));
        assertThrows(CorruptLog.class, () -> PartitionMetadata.read(disk, path));
    }

    @Test
    void topicIdsOfTheCheckpointsAreReadBackUntilTheyAreRemoved() {
        CrashingDisk disk = new CrashingDisk();
        LogDirectory directory = LogDirectory.open(disk, Path.of("ids")).orElseThrow();
        CheckpointTopicIds ids = directory.checkpointTopicIds();
        assertEquals(Optional.empty(), ids.read());
        Map<TopicPartition, Uuid> some =
                Map.of(new TopicPartition("a", 0), Uuid.ONE, new TopicPartition("b.c", 12), Uuid.METADATA_TOPIC_ID);
        ids.write(some);
        assertEquals(Optional.of(some), ids.read());
        disk.put(Path.of("ids", CheckpointTopicIds.FILE_NAME), "0\n1\na 0 short\n".getBytes(StandardCharsets.UTF_8));
        assertThrows(CorruptLog.class, ids::read);
        ids.remove();
        assertEquals(Optional.empty(), ids.read());
        ids.remove();
    }
}
