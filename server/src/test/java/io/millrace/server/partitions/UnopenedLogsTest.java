package io.millrace.server.partitions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import io.millrace.metadata.ConfigResource;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.records.TopicPartition;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.storage.Checkpoints;
import io.millrace.server.storage.LogDirectories;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.PartitionLog;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Logs that wait to be opened, and those that cannot be. */
class UnopenedLogsTest {
    private static final TopicPartition NAME = new TopicPartition("t", 0);
    private static final Path LOG = TestBroker.DIRECTORY.resolve("t-0/00000000000000000000.log");

    private static TestBroker withDamagedLog() throws Exception {
        TestBroker broker = new TestBroker(1);
        broker.create("t", 1);
        broker.partition("t", 0).append(Batches.of("a"), AppendOrigin.CLIENT);
        broker.partition("t", 0).append(Batches.of("b"), AppendOrigin.CLIENT);
        broker.directories.inUse().getFirst().directory().recoveryPoints().write(Map.of(NAME, 2L));
        broker.close();
        broker.disk.delete(TestBroker.DIRECTORY.resolve("t-0/00000000000000000002.snapshot"));
        try (DiskFile file = broker.disk.open(LOG, OpenMode.READ_WRITE)) {
            file.write(30, ByteBuffer.wrap(new byte[] {77}));
        }
        TestBroker next = new TestBroker(1, broker.disk, Map.of());
        next.create("t", 1);
        return next;
    }

    private static long sizeOfLog(TestBroker broker) throws Exception {
        try (DiskFile file = broker.disk.open(LOG, OpenMode.READ)) {
            return file.sizeBytes();
        }
    }

    @Test
    void aDamagedLogStaysOfflineAndIsNotCutWhateverChanges() throws Exception {
        TestBroker broker = withDamagedLog();
        long sizeBytes = sizeOfLog(broker);
        assertNull(broker.home().partitions().find(NAME));
        broker.publish(ConfigRecord.builder()
                .resourceType(ConfigResource.Type.TOPIC.code())
                .resourceName("t")
                .name("retention.ms")
                .value("1000")
                .build());
        assertNull(broker.home().partitions().find(NAME));
        assertEquals(1, broker.home().applier().openings().offline());
        assertEquals(sizeBytes, sizeOfLog(broker));
        assertEquals(List.of(), broker.failures);
    }

    @Test
    void theCheckpointsGoOnSpeakingOfALogThatIsNotOpen() throws Exception {
        TestBroker broker = withDamagedLog();
        broker.create("u", 1);
        Checkpoints checkpoints = broker.checkpoints(1_000);
        broker.onHome(checkpoints::start);
        broker.time.advance(1_000);
        Map<TopicPartition, Long> written = broker.directories
                .inUse()
                .getFirst()
                .directory()
                .recoveryPoints()
                .read();
        assertEquals(Map.of(NAME, 2L, new TopicPartition("u", 0), 0L), written);
    }

    @Test
    void aTopicMadeAgainBeginsEmptyBesideTheDamagedLogOfTheFirst() throws Exception {
        TestBroker broker = withDamagedLog();
        broker.delete("t");
        broker.create("t", new Uuid(12, 12), 1);
        assertEquals(0, broker.partition("t", 0).log().logEndOffset());
        assertTrue(
                broker.disk.list(TestBroker.DIRECTORY).stream().anyMatch(name -> name.endsWith("-stray")),
                "what is left of the first was not kept");
    }

    @Test
    void anyNumberMayWaitAndFewAreOpenedAtATimeInternalTopicsFirst() {
        TestBroker broker = new TestBroker(1);
        LogDirectories.InUse directory = broker.directories.inUse().getFirst();
        Openings openings = new Openings(broker.homeThread(), 2);
        List<String> begun = new ArrayList<>();
        broker.onHome(() -> {
            for (int i = 0; i < 70_000; i++) add(openings, directory, "t", i, begun);
            add(openings, directory, "__consumer_offsets", 0, begun);
            openings.whenSettled(() -> begun.add("settled"));
        });
        assertEquals(70_002, begun.size());
        assertEquals("__consumer_offsets-0", begun.get(2));
        assertEquals("settled", begun.getLast());
        assertEquals(70_001, openings.counts().offline());
    }

    @Test
    void onlyThoseOfTheNamedDirectoriesAreLetGo() {
        TestBroker broker = new TestBroker(1);
        LogDirectories.InUse directory = broker.directories.inUse().getFirst();
        Openings openings = new Openings(broker.homeThread(), 1);
        List<String> begun = new ArrayList<>();
        broker.onHome(() -> {
            for (int i = 0; i < 3; i++) add(openings, directory, "kept", i, begun);
            openings.dropWaiting(Predicate.not(directory::equals));
            openings.whenSettled(() -> begun.add("settled"));
        });
        assertEquals(List.of("kept-0", "kept-1", "kept-2", "settled"), begun);
        begun.clear();
        broker.onHome(() -> {
            for (int i = 0; i < 3; i++) add(openings, directory, "dropped", i, begun);
            openings.dropWaiting(directory::equals);
            openings.whenSettled(() -> begun.add("settled"));
        });
        assertEquals(List.of("dropped-0", "settled"), begun);
        // The first could not be opened; a directory that holds any of them must not be marked as closed in order.
        for (int i = 0; i < 3; i++) assertEquals(directory, openings.unopened().get(new TopicPartition("dropped", i)));
    }

    private static void add(
            Openings openings, LogDirectories.InUse directory, String topic, int index, List<String> begun) {
        TopicPartition name = new TopicPartition(topic, index);
        Callable<PartitionLog> open = () -> {
            begun.add(name.toString());
            throw new IllegalStateException("not today");
        };
        openings.add(name, directory, open, outcome -> {});
    }
}
