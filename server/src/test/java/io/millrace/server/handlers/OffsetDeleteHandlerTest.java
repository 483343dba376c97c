package io.millrace.server.handlers;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitResponse;
import io.millrace.protocol.messages.OffsetDeleteRequest;
import io.millrace.protocol.messages.OffsetDeleteResponse;
import io.millrace.server.fixture.RecordedExchange;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.groups.GroupRoute;
import io.millrace.server.groups.LaneGroups;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OffsetDeleteHandlerTest {
    private final TestBroker broker = new TestBroker(2);
    private final GroupRoute groups = new GroupRoute(broker.home(), 3);

    @BeforeEach
    void groupsAreKeptHere() {
        broker.registerSelf();
        broker.create(LaneGroups.TOPIC, 3);
        broker.create("t", 2);
    }

    @AfterEach
    void close() {
        broker.close();
    }

    private void commit(String group, int partition) {
        var exchange = new RecordedExchange<OffsetCommitResponse>(ApiKey.OFFSET_COMMIT, 8);
        var request = OffsetCommitRequest.builder()
                .groupId(group)
                .topics(List.of(OffsetCommitRequest.OffsetCommitRequestTopic.builder()
                        .name("t")
                        .partitions(List.of(OffsetCommitRequest.OffsetCommitRequestPartition.builder()
                                .partitionIndex(partition)
                                .committedOffset(7)
                                .build()))
                        .build()))
                .build();
        broker.onHome(() -> new OffsetCommitHandler(broker.home(), groups).handle(request, exchange));
        var told = exchange.reply().topics().get(0).partitions().get(0);
        assertEquals(ErrorCode.NONE, ErrorCode.forCode(told.errorCode()));
    }

    private OffsetDeleteResponse delete(String group, OffsetDeleteRequest.OffsetDeleteRequestTopic... topics) {
        var exchange = new RecordedExchange<OffsetDeleteResponse>(ApiKey.OFFSET_DELETE, 0);
        var request = OffsetDeleteRequest.builder()
                .groupId(group)
                .topics(List.of(topics))
                .build();
        broker.onHome(() -> new OffsetDeleteHandler(broker.home(), groups).handle(request, exchange));
        return exchange.reply();
    }

    private static OffsetDeleteRequest.OffsetDeleteRequestTopic topic(String name, Integer... partitions) {
        return OffsetDeleteRequest.OffsetDeleteRequestTopic.builder()
                .name(name)
                .partitions(Arrays.stream(partitions)
                        .map(index -> OffsetDeleteRequest.OffsetDeleteRequestPartition.builder()
                                .partitionIndex(index)
                                .build())
                        .toList())
                .build();
    }

    /** What is said of each partition, such as {@code t-0 NONE}, and a bar between topics. */
    private static String told(OffsetDeleteResponse response) {
        assertEquals(ErrorCode.NONE, ErrorCode.forCode(response.errorCode()));
        List<String> topics = new ArrayList<>();
        for (var topic : response.topics()) {
            List<String> partitions = new ArrayList<>();
            for (var partition : topic.partitions())
                partitions.add(topic.name() + "-" + partition.partitionIndex() + " "
                        + ErrorCode.forCode(partition.errorCode()));
            topics.add(String.join(", ", partitions));
        }
        return String.join(" | ", topics);
    }

    @Test
    void partitionsThatDoNotExistAreUnknownAndTheOthersGo() {
        commit("g", 0);
        assertEquals(
                "t-9 UNKNOWN_TOPIC_OR_PARTITION, t--1 UNKNOWN_TOPIC_OR_PARTITION, t-0 NONE, t-1 NONE"
                        + " | nope-0 UNKNOWN_TOPIC_OR_PARTITION",
                told(delete("g", topic("t", 0, 9, -1, 1), topic("nope", 0))));
        assertEquals(0, offsetCount());
    }

    @Test
    void aRequestForNothingThatExistsStillAsksForTheGroup() {
        assertEquals(
                ErrorCode.GROUP_ID_NOT_FOUND,
                ErrorCode.forCode(delete("g", topic("nope", 0)).errorCode()));
        assertEquals(0, delete("g", topic("nope", 0)).topics().size(), "the group's error stands alone");
        commit("g", 0);
        assertEquals("nope-0 UNKNOWN_TOPIC_OR_PARTITION", told(delete("g", topic("nope", 0))));
        assertEquals(1, offsetCount());
    }

    @Test
    void theGroupWithoutNameIsInvalidThoughItHasOffsets() {
        commit("", 0);
        assertEquals(
                ErrorCode.INVALID_GROUP_ID,
                ErrorCode.forCode(delete("", topic("t", 0)).errorCode()));
        assertEquals(1, offsetCount());
    }

    private long offsetCount() {
        long count = 0;
        for (var lane : broker.lanes) for (var shard : lane.groups().all()) count += shard.offsetCount();
        return count;
    }
}
