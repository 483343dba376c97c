package io.millrace.coordinators.group;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.BatchBuilder;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.Record;
import io.millrace.records.RecordIterator;
import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRecord;
import org.apache.kafka.coordinator.group.GroupCoordinatorRecordSerde;
import org.apache.kafka.coordinator.group.generated.GroupMetadataKey;
import org.apache.kafka.coordinator.group.generated.GroupMetadataValue;
import org.apache.kafka.coordinator.group.generated.OffsetCommitKey;
import org.apache.kafka.coordinator.group.generated.OffsetCommitValue;
import org.apache.kafka.server.common.ApiMessageAndVersion;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Our records read by the official classes, and theirs by us. */
class RecordOracleTest {
    private final GroupBench bench = new GroupBench();
    private final GroupCoordinatorRecordSerde serde = new GroupCoordinatorRecordSerde();

    @Test
    void theOfficialClassesReadEveryRecordAndWriteTheSameBytes() {
        var member = bench.stableGroup(2).getFirst();
        bench.commit(
                9,
                bench.commitRequest("t", 3, 44)
                        .memberId(member.memberId())
                        .generationIdOrMemberEpoch(1)
                        .build());
        bench.lane.advance(60_000);
        bench.commit(4, bench.commitRequest("t", 4, 45).retentionTimeMs(1_000).build());
        bench.deleteOffset("t", 3);
        bench.deleteGroup();
        List<CoordinatorRecord> read = new ArrayList<>();
        for (Record record : records()) {
            ByteBuffer value = record.value();
            CoordinatorRecord official = serde.deserialize(key(record), value == null ? null : value.duplicate());
            assertArrayEquals(bytes(record.key()), serde.serializeKey(official));
            assertArrayEquals(bytes(record.value()), serde.serializeValue(official));
            read.add(official);
        }
        assertEquals(
                List.of("2:3", "2:3", "1:4", "2:3", "1:1", "1:-", "1:-", "2:-"),
                read.stream().map(RecordOracleTest::kind).toList());
        var stable = (GroupMetadataValue) read.get(1).value().message();
        assertEquals(1, stable.generation());
        assertEquals("range", stable.protocol());
        assertEquals(member.memberId(), stable.leader());
        assertEquals(2, stable.members().size());
        var committed = (OffsetCommitValue) read.get(2).value().message();
        assertEquals(44, committed.offset());
        assertEquals("m", committed.metadata());
    }

    private static String kind(CoordinatorRecord record) {
        ApiMessageAndVersion value = record.value();
        return record.key().apiKey() + ":" + (value == null ? "-" : Short.toString(value.version()));
    }

    @Test
    void groupsThatKafkaStoredGoOnHere() {
        for (short version = 0; version <= 4; version++) {
            GroupBench fresh = new GroupBench();
            var value = new GroupMetadataValue()
                    .setProtocolType("consumer")
                    .setGeneration(7)
                    .setProtocol("range")
                    .setLeader("m-1")
                    .setCurrentStateTimestamp(5)
                    .setMembers(List.of(new GroupMetadataValue.MemberMetadata()
                            .setMemberId("m-1")
                            .setClientId("c")
                            .setClientHost("/h")
                            .setRebalanceTimeout(60_000)
                            .setSessionTimeout(10_000)
                            .setSubscription(GroupBench.subscription("t"))
                            .setAssignment(new byte[] {1, 2})));
            fresh.log.append(batchOf(CoordinatorRecord.record(
                    new GroupMetadataKey().setGroup(GroupBench.GROUP), new ApiMessageAndVersion(value, version))));
            fresh.failOver();
            var described = fresh.describe(GroupBench.GROUP);
            assertEquals("Stable", described.groupState());
            assertArrayEquals(new byte[] {1, 2}, described.members().getFirst().memberAssignment());
            assertEquals(ErrorCode.NONE, fresh.heartbeat("m-1", 7));
        }
    }

    @Test
    void offsetsThatKafkaStoredAreFetchedHere() {
        for (short version = 0; version <= 4; version++) {
            GroupBench fresh = new GroupBench();
            var value = new OffsetCommitValue().setOffset(9).setMetadata("").setCommitTimestamp(1);
            var key = new OffsetCommitKey()
                    .setGroup(GroupBench.GROUP)
                    .setTopic("t")
                    .setPartition(2);
            fresh.log.append(batchOf(CoordinatorRecord.record(key, new ApiMessageAndVersion(value, version))));
            fresh.failOver();
            assertEquals(9, fresh.fetch("t", 2));
        }
    }

    @Test
    void groupsAreOnThePartitionWhereKafkaLooksForThem() {
        Property.check(random -> {
            String groupId = random.string(40);
            int partitions = 1 + random.nextInt(100);
            assertEquals(Utils.abs(groupId.hashCode()) % partitions, GroupPartitioner.partitionOf(groupId, partitions));
        });
        assertEquals(Integer.MIN_VALUE, "polygenelubricants".hashCode());
        assertEquals(0, GroupPartitioner.partitionOf("polygenelubricants", 50));
    }

    private ByteBuffer batchOf(CoordinatorRecord record) {
        BatchBuilder batch = BatchBuilder.plain(0, 0);
        batch.append(0, serde.serializeKey(record), serde.serializeValue(record), List.of());
        return batch.build();
    }

    private List<Record> records() {
        List<Record> records = new ArrayList<>();
        for (ByteBuffer batch : bench.log.batches()) {
            new RecordIterator(batch, 0, DecompressionLimit.DEFAULT).forEachRemaining(records::add);
        }
        return records;
    }

    private static ByteBuffer key(Record record) {
        ByteBuffer key = record.key();
        if (key == null) throw new AssertionError("offset " + record.offset() + " has no key");
        return key.duplicate();
    }

    private static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
        if (buffer == null) return null;
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }
}
