package io.millrace.server.partitions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.metadata.ConfigResource;
import io.millrace.protocol.MetadataRecord;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.protocol.messages.RemoveTopicRecord;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.storage.Checkpoints;
import io.millrace.server.storage.LaneOffsets;
import io.millrace.storage.AppendOrigin;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LaneApplierTest {
    private final TestBroker broker = new TestBroker(2);

    private List<String> directories() throws Exception {
        return broker.disk.list(TestBroker.DIRECTORY).stream()
                .filter(name -> name.startsWith("t-"))
                .toList();
    }

    private static void append(TestBroker to, String... values) {
        to.partition("t", 0).append(Batches.of(values), AppendOrigin.CLIENT);
    }

    @Test
    void eachLaneLeadsItsShareOfANewTopic() throws Exception {
        broker.create("t", 4);
        assertEquals(List.of("t-0", "t-1", "t-2", "t-3"), directories());
        for (BrokerLane lane : broker.lanes)
            assertEquals(2, lane.partitions().all().size());
        assertEquals(4, broker.partition("t", 0).leaderEpoch());
    }

    @Test
    void aDeletedTopicIsSetAsideAtOnceAndGoneAfterItsDelay() throws Exception {
        broker.create("t", 1);
        append(broker, "a");
        broker.delete("t");
        assertEquals(1, directories().size());
        assertTrue(directories().get(0).endsWith("-delete"), directories()::toString);
        assertEquals(0, broker.disk.openFiles());
        broker.time.advance(60_000);
        assertEquals(List.of(), directories());
    }

    @Test
    void aTopicMadeAnewInOneBatchBeginsEmpty() {
        broker.create("t", 1);
        append(broker, "a");
        LeaderPartition before = broker.partition("t", 0);
        Uuid again = new Uuid(12, 12);
        List<MetadataRecord> records = new ArrayList<>();
        records.add(RemoveTopicRecord.builder().topicId(TestBroker.idOf("t")).build());
        records.addAll(List.of(TestBroker.topicRecords("t", again, 1)));
        broker.publish(records.toArray(MetadataRecord[]::new));
        LeaderPartition after = broker.partition("t", 0);
        assertNotSame(before, after);
        assertEquals(0, after.log().logEndOffset());
        assertEquals(again, after.log().topicId().orElseThrow());
    }

    @Test
    void aTopicsPropertiesReachItsLogsAsTheyChange() {
        broker.create("t", 1, "retention.ms", "1000");
        assertEquals(1_000, broker.partition("t", 0).log().config().retentionMs());
        broker.publish(ConfigRecord.builder()
                .resourceType(ConfigResource.Type.TOPIC.code())
                .resourceName("t")
                .name("retention.ms")
                .value("2000")
                .build());
        assertEquals(2_000, broker.partition("t", 0).log().config().retentionMs());
    }

    @Test
    void aDynamicDefaultOfTheBrokerReachesTheLogsOfTopicsWithoutTheirOwn() {
        broker.create("t", 1);
        broker.publish(ConfigRecord.builder()
                .resourceType(ConfigResource.Type.BROKER.code())
                .resourceName("")
                .name("log.retention.ms")
                .value("3000")
                .build());
        assertEquals(3_000, broker.partition("t", 0).log().config().retentionMs());
    }

    @Test
    void whatADirectoryHeldAtStartIsOpenedWithItsRecords() {
        broker.create("t", 2);
        append(broker, "a", "b");
        broker.close();
        TestBroker next = new TestBroker(1, broker.disk, Map.of());
        assertEquals(2, next.directories.atStart().found().size());
        next.create("t", 2);
        assertEquals(0, next.home().applier().openings().waiting());
        assertEquals(2, next.partition("t", 0).highWatermark());
    }

    @Test
    void aDirectoryOfAnEarlierTopicOfThatNameIsSetAsideNotRead() throws Exception {
        broker.create("t", 1);
        append(broker, "a", "b");
        broker.close();
        TestBroker next = new TestBroker(1, broker.disk, Map.of());
        next.create("t", new Uuid(12, 12), 1);
        assertEquals(0, next.partition("t", 0).log().logEndOffset());
        assertTrue(
                next.disk.list(TestBroker.DIRECTORY).stream().anyMatch(name -> name.endsWith("-stray")),
                "nothing was set aside");
    }

    @Test
    void aStoppedLaneLeadsNothingAndTakesNoImage() {
        broker.create("t", 1);
        for (BrokerLane lane : broker.lanes)
            lane.run(() -> lane.applier().stop(0, () -> lane.applier().layDown(logs -> {})));
        broker.time.run();
        broker.create("u", 1);
        for (BrokerLane lane : broker.lanes) assertTrue(lane.partitions().all().isEmpty());
        assertNull(broker.home().image().topics().topic("u"));
    }

    @Test
    void checkpointsAreNotWrittenAgainWhileNothingMoves() {
        broker.create("t", 2);
        append(broker, "a");
        Checkpoints checkpoints = broker.checkpoints(1_000);
        broker.onHome(checkpoints::start);
        broker.time.advance(1_000);
        int written = broker.disk.renamed().size();
        assertTrue(written > 0);
        broker.time.advance(60_000);
        assertEquals(written, broker.disk.renamed().size(), broker.disk.renamed()::toString);
        append(broker, "b");
        broker.time.advance(1_000);
        assertEquals(written + 1, broker.disk.renamed().size(), "only the high watermarks moved");
        broker.onHome(checkpoints::stop);
        append(broker, "c");
        broker.time.advance(60_000);
        assertEquals(written + 1, broker.disk.renamed().size());
    }

    @Test
    void theLogStartOffsetIsCheckpointedOnceRecordsAreDeleted() {
        broker.create("t", 1);
        append(broker, "a", "b");
        TopicPartition name = new TopicPartition("t", 0);
        BrokerLane owner = broker.home().ownerOf(name);
        assertTrue(LaneOffsets.of(owner).logStartOffsets().isEmpty());
        broker.partition("t", 0).log().deleteRecordsBefore(1);
        assertEquals(
                List.of(Map.of(name, 1L)),
                List.copyOf(LaneOffsets.of(owner).logStartOffsets().values()));
    }
}
