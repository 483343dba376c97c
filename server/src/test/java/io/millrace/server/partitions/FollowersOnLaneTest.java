package io.millrace.server.partitions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.metadata.MetadataImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.MetadataRecord;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.PartitionRecord;
import io.millrace.protocol.messages.TopicRecord;
import io.millrace.records.BatchHeader;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.records.TopicPartition;
import io.millrace.replication.FollowerAnswer;
import io.millrace.replication.FollowerRequest;
import io.millrace.replication.run.FollowerPartition;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.storage.Checkpoints;
import io.millrace.server.storage.LaneOffsets;
import io.millrace.server.storage.LaneUpkeep;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.LogDirectoryFailed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Broker 1 keeps replicas that brokers 2 and 3 lead, by turns; what those send is written here. */
class FollowersOnLaneTest {
    private static final TopicPartition T0 = new TopicPartition("t", 0);

    private TestBroker broker = new TestBroker(1);
    private final List<String> asked = new ArrayList<>();

    FollowersOnLaneTest() {
        fetchHere();
    }

    private void fetchHere() {
        broker.home().applier().followers().fetchBy(new LeaderFetches() {
            @Override
            public void follow(Uuid topicId, FollowerPartition partition, int leaderBroker) {
                assertEquals(TestBroker.idOf("t"), topicId);
                asked.add(partition.name() + " from " + leaderBroker + " in " + partition.leaderEpoch());
            }

            @Override
            public void leave(FollowerPartition partition) {
                asked.add("leave " + partition.name());
            }

            @Override
            public void brokersChanged(MetadataImage image) {}

            @Override
            public void throttleChanged() {
                asked.add("throttle");
            }

            @Override
            public void close() {
                asked.add("close");
            }
        });
    }

    private static PartitionRecord partition(List<Integer> replicas, int leader, int epoch) {
        return PartitionRecord.builder()
                .topicId(TestBroker.idOf("t"))
                .partitionId(0)
                .replicas(replicas)
                .isr(replicas)
                .leader(leader)
                .leaderEpoch(epoch)
                .partitionEpoch(epoch)
                .build();
    }

    private void create(int leader, String... properties) {
        List<MetadataRecord> records =
                new ArrayList<>(List.of(TestBroker.topicRecords("t", TestBroker.idOf("t"), 0, properties)));
        records.add(partition(List.of(1, 2, 3), leader, 4));
        broker.publish(records.toArray(MetadataRecord[]::new));
    }

    private void leads(int leader, int epoch) {
        broker.publish(partition(List.of(1, 2, 3), leader, epoch));
    }

    private FollowerPartition follower() {
        FollowerPartition follower = broker.home().partitions().findFollowed(T0);
        if (follower == null) throw new AssertionError("t-0 is not followed");
        return follower;
    }

    private FollowerRequest.Fetch fetch() {
        return (FollowerRequest.Fetch) follower().next().orElseThrow();
    }

    /** The leader sends a batch, and says how much is committed. */
    private void sends(long highWatermark, int leaderEpoch, String... values) {
        FollowerRequest.Fetch request = fetch();
        ByteBuffer batch = Batches.of(values);
        BatchHeader.setBaseOffset(batch, 0, request.fetchOffset());
        BatchHeader.setPartitionLeaderEpoch(batch, 0, leaderEpoch);
        follower().fetched(request, highWatermark, 0, batch);
    }

    private List<String> directories() throws IOException {
        return broker.disk.list(TestBroker.DIRECTORY).stream()
                .filter(name -> name.startsWith("t-"))
                .toList();
    }

    @Test
    void whatAnotherBrokerLeadsIsFollowedAndNotServed() {
        create(2);
        assertEquals(List.of("t-0 from 2 in 4"), asked);
        assertNull(broker.home().partitions().find(T0));
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER, broker.home().whyNotLed(T0));
        sends(1, 4, "a", "b");
        assertEquals(2, follower().log().logEndOffset());
        assertEquals(1, follower().highWatermark());
        assertEquals(1, broker.home().applier().followers().count());
        assertEquals(0, broker.home().applier().followers().leaderless());
    }

    @Test
    void aFollowerThatIsElectedLeadsWithWhatItHas() {
        create(2);
        sends(1, 4, "a", "b");
        FollowerPartition before = follower();
        leads(1, 5);
        assertEquals(List.of("t-0 from 2 in 4", "leave t-0"), asked);
        LeaderPartition led = broker.partition("t", 0);
        assertSame(before.log(), led.log());
        assertEquals(2, led.log().logEndOffset());
        // Until the others have fetched in its own epoch it does not know that more is committed.
        assertEquals(1, led.highWatermark());
        assertTrue(before.next().isEmpty());
    }

    @Test
    void whoWaitsAtALeaderThatResignsIsAnsweredAndItsLogFollows() {
        create(1);
        LeaderPartition led = broker.partition("t", 0);
        led.append(Batches.of("a"), AppendOrigin.CLIENT);
        List<String> woken = new ArrayList<>();
        led.whenCommitted(1, () -> woken.add("acknowledgement"));
        broker.home().partitions().watch(T0, () -> woken.add("fetch"));
        broker.home().partitions().watchEnd(T0, () -> woken.add("follower's fetch"));
        leads(2, 5);
        assertEquals(List.of("acknowledgement", "fetch", "follower's fetch"), woken);
        assertSame(led.log(), follower().log());
        assertEquals(new FollowerRequest.Fetch(5, 1, 4, 0), fetch());
        leads(1, 6);
        assertEquals(1, broker.partition("t", 0).log().logEndOffset());
    }

    @Test
    void aLogThatIsBeingForcedChangesItsRoleWhenThatIsDone() {
        create(1, "flush.messages", "1");
        LeaderPartition led = broker.partition("t", 0);
        broker.homeThread().as(() -> led.append(Batches.of("a"), AppendOrigin.CLIENT));
        broker.publishWithoutRunning(partition(List.of(1, 2, 3), 2, 5));
        broker.time.run();
        assertEquals(List.of("t-0 from 2 in 5"), asked);
        assertSame(led.log(), follower().log());
    }

    @Test
    void aLaterLeadershipIsFollowedWhereverItIs() {
        create(2);
        leads(2, 5);
        leads(3, 6);
        leads(-1, 7);
        assertEquals(1, broker.home().applier().followers().leaderless());
        leads(2, 8);
        assertEquals(
                List.of(
                        "t-0 from 2 in 4",
                        "t-0 from 2 in 5",
                        "leave t-0",
                        "t-0 from 3 in 6",
                        "leave t-0",
                        "t-0 from 2 in 8"),
                asked);
        assertEquals(8, fetch().leaderEpoch());
    }

    @Test
    void aReplicaThatIsTakenAwayIsDeletedAndMadeAnewWhenItComesBack() throws Exception {
        create(2);
        sends(2, 4, "a", "b");
        broker.publish(partition(List.of(2, 3), 2, 5));
        assertEquals(List.of("t-0 from 2 in 4", "leave t-0"), asked);
        assertNull(broker.home().partitions().replica(T0));
        assertEquals(1, directories().size());
        assertTrue(directories().get(0).endsWith("-delete"), directories()::toString);
        assertEquals(0, broker.home().applier().places().size());
        broker.publish(partition(List.of(1, 2, 3), 2, 6));
        assertEquals(0, follower().log().logEndOffset());
        broker.time.advance(60_000);
        assertEquals(List.of("t-0"), directories());
    }

    @Test
    void aClosedLogWhoseReplicaIsTakenAwayIsDeletedToo() throws Exception {
        broker.publish(
                TopicRecord.builder().name("t").topicId(TestBroker.idOf("t")).build(), partition(List.of(1), 1, 4));
        broker.publish(partition(List.of(1), -1, 5));
        assertNull(broker.home().partitions().replica(T0));
        broker.publish(partition(List.of(2), 2, 6));
        broker.time.advance(60_000);
        assertEquals(List.of(), directories());
        assertEquals(0, broker.home().applier().places().size());
    }

    @Test
    void aDeletedTopicTakesItsFollowersAlong() throws Exception {
        create(2);
        sends(2, 4, "a", "b");
        broker.delete("t");
        assertEquals("leave t-0", asked.getLast());
        broker.time.advance(60_000);
        assertEquals(List.of(), directories());
        assertEquals(0, broker.disk.openFiles());
    }

    @Test
    void aStartGoesOnWithTheLogAndTheHighWatermarkThatWereCheckpointed() {
        create(2);
        sends(1, 4, "a", "b");
        Checkpoints checkpoints = checkpoints();
        broker.time.advance(1_000);
        broker.onHome(checkpoints::stop);
        broker.close();
        assertEquals("close", asked.getLast());
        asked.clear();
        broker = new TestBroker(1, broker.disk, Map.of());
        fetchHere();
        create(3);
        assertEquals(List.of("t-0 from 3 in 4"), asked);
        assertEquals(1, follower().highWatermark());
        assertEquals(new FollowerRequest.Fetch(4, 2, 4, 0), fetch());
    }

    @Test
    void highWatermarksOfReplicasAreCheckpointedMoreOftenThanTheRest() {
        create(2);
        broker.create("alone", 1);
        broker.partition("alone", 0).append(Batches.of("x"), AppendOrigin.CLIENT);
        sends(1, 4, "a", "b");
        Checkpoints checkpoints = broker.checkpoints(60_000);
        broker.onHome(checkpoints::start);
        broker.onHome(() -> checkpoints.startHighWatermarks(1_000));
        broker.time.advance(1_000);
        assertEquals(Map.of(T0, 1L), highWatermarksOnDisk());
        int written = broker.disk.renamed().size();
        broker.time.advance(10_000);
        assertEquals(written, broker.disk.renamed().size(), "nothing has moved");
        sends(2, 4, "c");
        broker.time.advance(1_000);
        assertEquals(Map.of(T0, 2L), highWatermarksOnDisk());
        assertEquals(Map.of(), recoveryPointsOnDisk());
        broker.time.advance(60_000);
        assertEquals(Map.of(T0, 2L, new TopicPartition("alone", 0), 1L), highWatermarksOnDisk());
    }

    private Map<TopicPartition, Long> highWatermarksOnDisk() {
        return broker.directories.inUse().get(0).directory().highWatermarks().read();
    }

    @Test
    void theCheckpointsGoOnSayingWhatTheySaidOfALogThatNobodyLeads() {
        create(2);
        sends(1, 4, "a", "b");
        broker.onHome(() -> follower().checkpoint(() -> {}));
        Checkpoints checkpoints = checkpoints();
        broker.time.advance(1_000);
        broker.onHome(checkpoints::stop);
        assertEquals(Map.of(T0, 2L), recoveryPointsOnDisk());
        broker.close();
        broker = new TestBroker(1, broker.disk, Map.of());
        fetchHere();
        create(-1);
        assertNull(broker.home().partitions().replica(T0));
        checkpoints();
        broker.time.advance(1_000);
        assertEquals(Map.of(T0, 2L), recoveryPointsOnDisk());
        leads(2, 5);
        assertEquals(2, follower().log().logEndOffset());
        assertEquals(1, follower().highWatermark());
    }

    private Checkpoints checkpoints() {
        Checkpoints checkpoints = broker.checkpoints(1_000);
        broker.onHome(checkpoints::start);
        return checkpoints;
    }

    private Map<TopicPartition, Long> recoveryPointsOnDisk() {
        return broker.directories.inUse().get(0).directory().recoveryPoints().read();
    }

    @Test
    void aCutBelowTheRecoveryPointIsOnDiskBeforeMoreIsFetched() {
        create(2);
        sends(0, 4, "a", "b");
        sends(0, 4, "c");
        broker.onHome(() -> follower().checkpoint(() -> {}));
        Checkpoints checkpoints = checkpoints();
        broker.time.advance(1_000);
        assertEquals(Map.of(T0, 3L), recoveryPointsOnDisk());
        leads(3, 5);
        broker.onHome(() -> follower().answered(fetch(), new FollowerAnswer.Diverges(new OffsetAndEpoch(2, 4))));
        assertEquals(2, follower().log().logEndOffset());
        assertTrue(follower().next().isEmpty());
        broker.time.advance(10);
        assertTrue(follower().next().isEmpty());
        broker.onHome(() -> broker.home().applier().followers().checkpointBy(checkpoints::writeNow));
        broker.time.advance(1);
        assertEquals(Map.of(T0, 2L), recoveryPointsOnDisk());
        assertEquals(2, fetch().fetchOffset());
    }

    @Test
    void aFollowerThatWasCutLeadsOnceThatIsOnDiskOrStops() {
        create(2);
        sends(0, 4, "a", "b");
        sends(0, 4, "c");
        broker.onHome(() -> follower().checkpoint(() -> {}));
        leads(3, 5);
        broker.onHome(() -> follower().answered(fetch(), new FollowerAnswer.Diverges(new OffsetAndEpoch(2, 4))));
        leads(1, 6);
        assertNull(broker.home().partitions().replica(T0));
        Checkpoints checkpoints = checkpoints();
        broker.onHome(() -> broker.home().applier().followers().checkpointBy(checkpoints::writeNow));
        broker.time.advance(1);
        assertEquals(2, broker.partition("t", 0).log().logEndOffset());

        leads(2, 7);
        sends(0, 7, "d");
        broker.onHome(() -> follower().checkpoint(() -> {}));
        broker.onHome(checkpoints::stop);
        leads(3, 8);
        broker.onHome(() -> follower().answered(fetch(), new FollowerAnswer.Diverges(new OffsetAndEpoch(2, 4))));
        leads(1, 9);
        assertNull(broker.home().partitions().replica(T0));
        List<Integer> closed = new ArrayList<>();
        broker.onHome(() -> broker.home()
                .applier()
                .stop(0, () -> broker.home().applier().layDown(logs -> closed.add(logs.size()))));
        assertEquals(List.of(0), closed);
        assertEquals(
                2,
                LaneOffsets.of(broker.home())
                        .recoveryPoints()
                        .values()
                        .iterator()
                        .next()
                        .get(T0));
    }

    @Test
    void aFailedLogDirectoryTakesItsFollowersOffline() {
        create(2);
        FollowerPartition before = follower();
        broker.onHome(() -> broker.home()
                .applier()
                .directoryFailed(broker.directories.inUse().get(0)));
        assertEquals("leave t-0", asked.getLast());
        assertTrue(before.next().isEmpty());
        assertNull(broker.home().partitions().replica(T0));
        assertEquals(ErrorCode.KAFKA_STORAGE_ERROR, broker.home().whyNotLed(T0));
        assertEquals(1, broker.home().partitions().offlineCount());
    }

    @Test
    void aReadOfADiskThatFailsIsTheOwnersToKnow() {
        create(2);
        LogDirectoryFailed failure =
                new LogDirectoryFailed(TestBroker.DIRECTORY.resolve("t-0"), "read", new IOException("gone"));
        broker.home().applier().followers().diskFailed(failure);
        assertEquals(List.of(failure), broker.failures);
    }

    @Test
    void followersForgetOldSegmentsByThemselves() {
        create(2, "retention.ms", "1000", "file.delete.delay.ms", "0", "segment.bytes", "1048576", "segment.ms", "1");
        sends(1, 4, "a");
        broker.time.advance(10);
        sends(2, 4, "b");
        LaneUpkeep upkeep = new LaneUpkeep(broker.home(), 5_000, broker.failures::add);
        broker.onHome(upkeep::start);
        assertEquals(0, follower().log().logStartOffset());
        broker.time.advance(10_000);
        assertEquals(2, follower().log().logStartOffset());
    }

    @Test
    void changedPropertiesReachTheLogsOfFollowers() {
        create(2, "retention.ms", "1000");
        assertEquals(1_000, follower().log().config().retentionMs());
        broker.publish(io.millrace.protocol.messages.ConfigRecord.builder()
                .resourceType(io.millrace.metadata.ConfigResource.Type.TOPIC.code())
                .resourceName("t")
                .name("retention.ms")
                .value("2000")
                .build());
        assertEquals(2_000, follower().log().config().retentionMs());
    }
}
