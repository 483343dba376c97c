package io.millrace.server.groups;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.coordinators.group.GroupRequestContext;
import io.millrace.coordinators.group.run.GroupShard;
import io.millrace.environment.OpenMode;
import io.millrace.metadata.PartitionImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.HeartbeatRequest;
import io.millrace.protocol.messages.JoinGroupRequest;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetFetchRequest;
import io.millrace.protocol.messages.PartitionChangeRecord;
import io.millrace.replication.FetchVerdict;
import io.millrace.replication.FollowerFetch;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.fixture.MemoryDisk;
import io.millrace.server.fixture.TestBroker;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Shards on real logs, as images give and take the leadership of broker 1. */
class LaneGroupsTest {
    private static final int OTHER = 2;
    private static final GroupRequestContext CONTEXT = new GroupRequestContext(5, "c", "/127.0.0.1");

    private final MemoryDisk disk = new MemoryDisk();
    private final TestBroker broker = newBroker();
    private final List<String> heard = new ArrayList<>();

    private TestBroker newBroker() {
        TestBroker made = new TestBroker(1, disk, Map.of());
        made.register(TestBroker.ID, 10, null);
        made.register(OTHER, 20, null);
        return made;
    }

    private GroupShard shard() {
        return broker.home().groups().shard(0);
    }

    private LeaderPartition partition() {
        return broker.partition(LaneGroups.TOPIC, 0);
    }

    private void commit(String name, long offset) {
        broker.onHome(() -> shard().commitOffsets(
                        CONTEXT,
                        OffsetCommitRequest.builder()
                                .groupId("g")
                                .topics(List.of(OffsetCommitRequest.OffsetCommitRequestTopic.builder()
                                        .name("t")
                                        .partitions(List.of(OffsetCommitRequest.OffsetCommitRequestPartition.builder()
                                                .partitionIndex(0)
                                                .committedOffset(offset)
                                                .committedMetadata("")
                                                .build()))
                                        .build()))
                                .build(),
                        response -> heard.add(name + ": "
                                + ErrorCode.forCode(response.topics()
                                        .getFirst()
                                        .partitions()
                                        .getFirst()
                                        .errorCode()))));
    }

    private void join(String name) {
        broker.onHome(() -> shard().joinGroup(
                        CONTEXT,
                        JoinGroupRequest.builder()
                                .groupId("g")
                                .sessionTimeoutMs(10_000)
                                .rebalanceTimeoutMs(60_000)
                                .memberId("")
                                .groupInstanceId("i")
                                .protocolType("consumer")
                                .protocols(List.of(JoinGroupRequest.JoinGroupRequestProtocol.builder()
                                        .name("range")
                                        .metadata(new byte[0])
                                        .build()))
                                .build(),
                        response -> heard.add(name + ": " + ErrorCode.forCode(response.errorCode()))));
    }

    private void fetch(String name) {
        broker.onHome(() -> fetchOffsets(shard(), name));
    }

    private void fetchOffsets(GroupShard shard, String name) {
        shard.fetchOffsets(
                OffsetFetchRequest.OffsetFetchRequestGroup.builder()
                        .groupId("g")
                        .topics(null)
                        .build(),
                false,
                group -> heard.add(name + ": "
                        + (group.errorCode() != 0
                                ? ErrorCode.forCode(group.errorCode()).name()
                                : group.topics().isEmpty()
                                        ? "nothing"
                                        : "offset "
                                                + group.topics()
                                                        .getFirst()
                                                        .partitions()
                                                        .getFirst()
                                                        .committedOffset())));
    }

    /** The controller has decided. */
    private void leader(int leader, int leaderEpoch) {
        broker.publish(PartitionChangeRecord.builder()
                .topicId(TestBroker.idOf(LaneGroups.TOPIC))
                .partitionId(0)
                .leader(leader)
                .build());
        PartitionImage now = broker.image().topics().partition(LaneGroups.TOPIC, 0);
        if (now == null) throw new AssertionError("it is gone");
        assertEquals(leaderEpoch, now.leaderEpoch());
    }

    /** Broker 2 has everything up to an offset. */
    private void followerHas(long offset, int leaderEpoch) {
        int lastEpoch = offset == 0 ? FollowerFetch.NO_EPOCH : 4;
        broker.onHome(() -> assertTrue(
                partition().fetched(new FollowerFetch(OTHER, 20, leaderEpoch, offset, lastEpoch, 0))
                        instanceof FetchVerdict.Agrees));
    }

    @Test
    void offsetsComeBackWithTheLeadership() {
        broker.create(LaneGroups.TOPIC, 1);
        commit("c", 7);
        leader(OTHER, 5);
        fetch("elsewhere");
        leader(TestBroker.ID, 6);
        fetch("here again");
        assertEquals(List.of("c: NONE", "elsewhere: NOT_COORDINATOR", "here again: offset 7"), heard);
    }

    @Test
    void whileTheLogIsNotOpenYetTheAnswerIsThatItIsBeingLoaded() {
        broker.create(LaneGroups.TOPIC, 1);
        commit("c", 7);
        broker.close();
        TestBroker next = new TestBroker(1, disk, Map.of());
        next.publishWithoutRunning(TestBroker.topicRecords(LaneGroups.TOPIC, TestBroker.idOf(LaneGroups.TOPIC), 1));
        fetch("opening", next);
        fetch("not here", next, 1);
        next.time.run();
        fetch("open", next);
        next.time.run();
        assertEquals(
                List.of(
                        "c: NONE",
                        "opening: COORDINATOR_LOAD_IN_PROGRESS",
                        "not here: NOT_COORDINATOR",
                        "open: offset 7"),
                heard);
    }

    private void fetch(String name, TestBroker from) {
        fetch(name, from, 0);
    }

    private void fetch(String name, TestBroker from, int partition) {
        from.homeThread().as(() -> fetchOffsets(from.home().groups().shard(partition), name));
    }

    @Test
    void offsetsOfATopicThatIsDeletedWhileTheShardIsElsewhereGoWhenItComes() {
        broker.create(LaneGroups.TOPIC, 1);
        broker.create("t", 1);
        commit("c", 7);
        leader(OTHER, 5);
        broker.delete("t");
        leader(TestBroker.ID, 6);
        broker.time.advance(1);
        fetch("here again");
        assertEquals(List.of("c: NONE", "here again: nothing"), heard);
    }

    @Test
    void offsetsOfATopicThatIsThereAgainStay() {
        broker.create(LaneGroups.TOPIC, 1);
        broker.create("t", 1);
        broker.delete("t");
        broker.create("t", new Uuid(1, 2), 1);
        commit("c", 7);
        leader(OTHER, 5);
        leader(TestBroker.ID, 6);
        broker.time.advance(1);
        fetch("here again");
        assertEquals(List.of("c: NONE", "here again: offset 7"), heard);
    }

    @Test
    void whileAnotherIsLikelyToCoordinateOnlyHeartbeatsAreAnswered() {
        broker.createReplicated(LaneGroups.TOPIC, List.of(1, 2), List.of(1, 2));
        commit("c", 7);
        followerHas(1, 4);
        broker.time.advance(3_001);
        broker.onHome(() -> broker.home().applier().inSync().controllerIsSilent(3_000));
        fetch("silent");
        commit("silent", 8);
        broker.onHome(() -> broker.home()
                .groups()
                .shardForHeartbeats(0)
                .heartbeat(
                        HeartbeatRequest.builder()
                                .groupId("g")
                                .generationId(1)
                                .memberId("m")
                                .build(),
                        response -> heard.add("beat: " + ErrorCode.forCode(response.errorCode()))));
        broker.onHome(() -> broker.home().applier().inSync().controllerIsHeard());
        fetch("heard");
        assertEquals(
                List.of(
                        "c: NONE",
                        "silent: NOT_COORDINATOR",
                        "silent: NOT_COORDINATOR",
                        "beat: UNKNOWN_MEMBER_ID",
                        "heard: offset 7"),
                heard);
    }

    @Test
    void whoWaitsIsToldWhenTheLeadershipGoesAndNothingStays() {
        broker.createReplicated(LaneGroups.TOPIC, List.of(1, 2), List.of(1, 2));
        join("j");
        commit("c", 7);
        assertEquals(List.of(), heard, "the one waits for the others, the other for broker 2");
        leader(OTHER, 5);
        assertEquals(List.of("c: NOT_COORDINATOR", "j: NOT_COORDINATOR"), heard);
        assertEquals(List.of(), broker.home().groups().all());
        broker.time.advance(100_000);
        assertEquals(2, heard.size());
    }

    @Test
    void aCommitIsAcknowledgedOnceAllInSyncHaveIt() {
        broker.createReplicated(LaneGroups.TOPIC, List.of(1, 2), List.of(1, 2));
        commit("c", 7);
        followerHas(0, 4);
        assertEquals(List.of(), heard);
        followerHas(1, 4);
        assertEquals(List.of("c: NONE"), heard);
    }

    @Test
    void aNewLeaderShowsWhatIsCommittedAndWaitsForTheRest() {
        broker.createReplicated(LaneGroups.TOPIC, List.of(1, 2), List.of(1, 2));
        commit("committed", 7);
        followerHas(1, 4);
        commit("not committed", 8);
        leader(OTHER, 5);
        leader(TestBroker.ID, 6);
        assertEquals(List.of("committed: NONE", "not committed: NOT_COORDINATOR"), heard);
        assertTrue(shard().isActive(), "it does not wait for broker 2 to be loaded");
        heard.clear();
        fetch("f");
        assertEquals(List.of(), heard, "8 could still be lost");
        followerHas(2, 6);
        assertEquals(List.of("f: offset 8"), heard);
    }

    @Test
    void tooFewReplicasInSyncStopCommitsAndNotWhatIsCommitted() {
        broker.createReplicated(LaneGroups.TOPIC, List.of(1, 2), List.of(1, 2), "min.insync.replicas", "2");
        commit("c", 7);
        followerHas(1, 4);
        broker.publish(PartitionChangeRecord.builder()
                .topicId(TestBroker.idOf(LaneGroups.TOPIC))
                .partitionId(0)
                .isr(List.of(1))
                .build());
        commit("refused", 8);
        fetch("f");
        assertEquals(List.of("c: NONE", "refused: COORDINATOR_NOT_AVAILABLE", "f: offset 7"), heard);
    }

    @Test
    void aLaterEpochOfTheSameLeaderKeepsTheGroups() {
        broker.create(LaneGroups.TOPIC, 1);
        join("j");
        GroupShard before = shard();
        leader(TestBroker.ID, 5);
        assertEquals(before, shard());
        broker.time.advance(10_000);
        assertEquals(List.of("j: NONE"), heard);
    }

    @Test
    void aLaterEpochDuringTheLoadDoesNotEndIt() {
        broker.createReplicated(LaneGroups.TOPIC, List.of(1, 2), List.of(1, 2));
        commit("c", 7);
        followerHas(1, 4);
        leader(OTHER, 5);
        broker.publishWithoutRunning(change(TestBroker.ID));
        broker.publishWithoutRunning(change(TestBroker.ID));
        broker.time.run();
        fetch("f");
        assertEquals(List.of("c: NONE", "f: offset 7"), heard);
    }

    private static PartitionChangeRecord change(int leader) {
        return PartitionChangeRecord.builder()
                .topicId(TestBroker.idOf(LaneGroups.TOPIC))
                .partitionId(0)
                .leader(leader)
                .build();
    }

    @Test
    void aShardThatCouldNotBeLoadedIsLoadedAgainInALaterEpoch() throws Exception {
        broker.createReplicated(LaneGroups.TOPIC, List.of(1, 2), List.of(1, 2));
        commit("c", 7);
        followerHas(1, 4);
        leader(OTHER, 5);
        leader(TestBroker.ID, 6);
        fetch("before");
        leader(OTHER, 7);
        flip(70);
        leader(TestBroker.ID, 8);
        assertFalse(shard().isActive());
        fetch("damaged");
        flip(70);
        leader(TestBroker.ID, 9);
        fetch("mended");
        assertEquals(List.of("c: NONE", "before: offset 7", "damaged: NOT_COORDINATOR", "mended: offset 7"), heard);
    }

    /** Damages a byte of the log, or mends it. */
    private void flip(int position) throws Exception {
        Path segment = TestBroker.DIRECTORY.resolve(LaneGroups.TOPIC + "-0/00000000000000000000.log");
        try (var file = disk.open(segment, OpenMode.READ_WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            file.read(position, one);
            one.put(0, (byte) ~one.get(0)).rewind();
            file.write(position, one);
        }
    }
}
