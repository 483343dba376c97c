package io.millrace.client.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ClusterMetadataTest {
    private static final Uuid ID = new Uuid(1, 2);

    private final ClusterMetadata metadata = new ClusterMetadata(MetadataRules.DEFAULT, 0);

    private static MetadataResponse response(ErrorCode error, int... leaderAndEpoch) {
        var partitions = new java.util.ArrayList<MetadataResponse.MetadataResponsePartition>();
        for (int i = 0; i < leaderAndEpoch.length; i += 2) {
            partitions.add(MetadataResponse.MetadataResponsePartition.builder()
                    .partitionIndex(i / 2)
                    .leaderId(leaderAndEpoch[i])
                    .leaderEpoch(leaderAndEpoch[i + 1])
                    .build());
        }
        return MetadataResponse.builder()
                .brokers(List.of(
                        MetadataResponse.MetadataResponseBroker.builder()
                                .nodeId(1)
                                .host("a")
                                .port(9092)
                                .build(),
                        MetadataResponse.MetadataResponseBroker.builder()
                                .nodeId(2)
                                .host("b")
                                .port(9092)
                                .build()))
                .topics(List.of(MetadataResponse.MetadataResponseTopic.builder()
                        .name("orders")
                        .topicId(ID)
                        .errorCode(error.code())
                        .partitions(partitions)
                        .build()))
                .build();
    }

    private void ask(MetadataResponse answer, long nowMs) {
        metadata.want("orders", nowMs);
        assertTrue(metadata.askAtMs() <= nowMs, "a request is due");
        assertEquals("orders", asked(nowMs).getFirst().name());
        assertEquals(Long.MAX_VALUE, metadata.askAtMs(), "one request at a time");
        metadata.answered(answer, nowMs, 0);
    }

    private List<MetadataRequest.MetadataRequestTopic> asked(long nowMs) {
        return Objects.requireNonNull(metadata.ask(nowMs).topics());
    }

    private PartitionLeader leader(int partition) {
        return Objects.requireNonNull(metadata.view().topic("orders")).leader(partition);
    }

    @Test
    void aTopicIsKnownOnceItWasToldAndAskedForAgainWhenOld() {
        ask(response(ErrorCode.NONE, 1, 5, 2, 6), 10);
        assertEquals(new PartitionLeader(1, 5), leader(0));
        assertEquals(new PartitionLeader(2, 6), leader(1));
        assertEquals("orders", metadata.view().topicName(ID));
        assertFalse(metadata.isBootstrapping());
        assertEquals(10 + MetadataRules.DEFAULT.maxAgeMs(), metadata.askAtMs());
    }

    @Test
    void anOlderLeaderNeverReplacesANewerOne() {
        ask(response(ErrorCode.NONE, 1, 5), 10);
        assertTrue(metadata.hint("orders", ID, 0, new PartitionLeader(2, 6), null));
        assertFalse(metadata.hint("orders", ID, 0, new PartitionLeader(1, 6), null), "no news");
        assertFalse(metadata.hint("orders", new Uuid(3, 4), 0, new PartitionLeader(1, 9), null), "another topic's");
        assertFalse(metadata.hint("orders", ID, 0, new PartitionLeader(3, 9), null), "a broker nobody knows");
        metadata.refresh();
        ask(response(ErrorCode.NONE, 1, 5), 500);
        assertEquals(new PartitionLeader(2, 6), leader(0));
        metadata.refresh();
        ask(response(ErrorCode.NONE, 1, 7), 1_000);
        assertEquals(new PartitionLeader(1, 7), leader(0));
    }

    @Test
    void whatIsMissingIsAskedForAgainWithGrowingPauses() {
        ask(response(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION), 0);
        long firstMs = metadata.askAtMs();
        assertTrue(firstMs >= 80 && firstMs <= 120, () -> "first pause " + firstMs);
        ask(response(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION), firstMs);
        long secondMs = metadata.askAtMs() - firstMs;
        assertTrue(secondMs >= 160 && secondMs <= 240, () -> "second pause " + secondMs);
    }

    @Test
    void aTopicThatIsUnknownForAWhileKeepsItsLeaders() {
        ask(response(ErrorCode.NONE, 1, 5), 10);
        metadata.refresh();
        ask(response(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION), 500);
        assertEquals(new PartitionLeader(1, 5), leader(0));
    }

    @Test
    void theBootstrapAddressesAreUsedAgainWhenAskedToOrAfterAWhile() {
        ask(response(ErrorCode.NONE, 1, 5), 10);
        metadata.refresh();
        metadata.ask(500);
        metadata.failed(600, 0);
        assertFalse(metadata.isBootstrapping());
        metadata.ask(10 + MetadataRules.DEFAULT.rebootstrapAfterMs());
        metadata.failed(10 + MetadataRules.DEFAULT.rebootstrapAfterMs(), 0);
        assertTrue(metadata.isBootstrapping());
        metadata.ask(400_000);
        metadata.answered(response(ErrorCode.NONE, 1, 5), 400_000, 0);
        assertFalse(metadata.isBootstrapping());
        metadata.refresh();
        metadata.ask(500_000);
        metadata.answered(
                MetadataResponse.builder()
                        .errorCode(ErrorCode.REBOOTSTRAP_REQUIRED.code())
                        .build(),
                500_000,
                0);
        assertTrue(metadata.isBootstrapping());
    }

    @Test
    void aTopicThatNobodyUsesIsForgotten() {
        ask(response(ErrorCode.NONE, 1, 5), 10);
        metadata.want("other", 10 + MetadataRules.DEFAULT.maxIdleMs() + 1);
        assertEquals(1, asked(10 + MetadataRules.DEFAULT.maxIdleMs() + 1).size());
    }
}
