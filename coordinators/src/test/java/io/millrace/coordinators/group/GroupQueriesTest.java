package io.millrace.coordinators.group;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.protocol.CoordinatorRecordFrame;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ConsumerGroupMemberMetadataKey;
import io.millrace.protocol.messages.ConsumerGroupMetadataKey;
import io.millrace.protocol.messages.ConsumerGroupMetadataValue;
import io.millrace.protocol.messages.ListGroupsResponse;
import io.millrace.records.BatchBuilder;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What administrators are told, and groups of kinds that are not run here. */
class GroupQueriesTest {
    private final GroupBench bench = new GroupBench();

    @Test
    void aStableGroupIsDescribedWithItsAssignment() {
        var member = bench.stableGroup(1).getFirst();
        var group = bench.describe(GroupBench.GROUP);
        assertEquals("Stable", group.groupState());
        assertEquals("consumer", group.protocolType());
        assertEquals("range", group.protocolData());
        var described = group.members().getFirst();
        assertEquals(member.memberId(), described.memberId());
        assertEquals("client", described.clientId());
        assertEquals("/10.0.0.1", described.clientHost());
        assertArrayEquals(GroupBench.subscription("t"), described.memberMetadata());
        assertEquals(("for " + member.memberId()).length(), described.memberAssignment().length);
    }

    @Test
    void listsAreFilteredByStateAndType() {
        bench.stableGroup(1);
        assertEquals(1, bench.list(List.of(), List.of()).size());
        assertEquals(1, bench.list(List.of("stable"), List.of("Classic")).size());
        assertEquals(0, bench.list(List.of("Empty"), List.of()).size());
        assertEquals(0, bench.list(List.of(), List.of("share")).size());
    }

    @Test
    void groupsOfOtherKindsKeepTheirIdsAndTheirOffsets() {
        bench.commit("t", 0, 7);
        bench.log.append(consumerGroup());
        bench.failOver();
        ListGroupsResponse.ListedGroup listed =
                bench.list(List.of(), List.of("consumer")).getFirst();
        assertEquals(GroupBench.GROUP, listed.groupId());
        assertEquals("consumer", listed.groupType());
        assertEquals(1, bench.list(List.of(), List.of()).size());
        assertEquals(
                ErrorCode.INCONSISTENT_GROUP_PROTOCOL.code(),
                bench.join("", "range").response().errorCode());
        assertEquals(ErrorCode.UNKNOWN_MEMBER_ID, bench.heartbeat("m", 1));
        assertEquals(ErrorCode.GROUP_ID_NOT_FOUND, bench.commit("t", 0, 8));
        assertEquals(
                ErrorCode.GROUP_ID_NOT_FOUND.code(),
                bench.describe(GroupBench.GROUP).errorCode());
        assertEquals(ErrorCode.GROUP_ID_NOT_FOUND, bench.deleteGroup());
        assertEquals(7, bench.fetch("t", 0));
    }

    private static ByteBuffer consumerGroup() {
        BatchBuilder batch = BatchBuilder.plain(0, 0);
        batch.append(
                0,
                CoordinatorRecordFrame.writeKey(ConsumerGroupMetadataKey.builder()
                        .groupId(GroupBench.GROUP)
                        .build()),
                CoordinatorRecordFrame.writeValue(
                        ConsumerGroupMetadataValue.builder().epoch(3).build(), 0),
                List.of());
        batch.append(
                0,
                CoordinatorRecordFrame.writeKey(ConsumerGroupMemberMetadataKey.builder()
                        .groupId(GroupBench.GROUP)
                        .memberId("m")
                        .build()),
                null,
                List.of());
        batch.append(0, ByteBuffer.wrap(new byte[] {0x7f, 0x11, 1, 2, 3}), ByteBuffer.wrap(new byte[9]), List.of());
        return batch.build();
    }
}
