package io.millrace.cli.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.client.TopicDescription;
import io.millrace.client.TopicDescription.PartitionDescription;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ClusterHealthTest {
    private static PartitionDescription partition(int number, int leader, List<Integer> isr, List<Integer> offline) {
        return new PartitionDescription(number, leader, 1, List.of(1, 2, 3), isr, List.of(), List.of(), offline);
    }

    @Test
    void partitionsAreCountedByWhatAilsThem() {
        var topic = new TopicDescription(
                "a",
                Uuid.ZERO,
                false,
                List.of(
                        partition(0, 1, List.of(1, 2, 3), List.of()),
                        partition(1, 2, List.of(2, 3), List.of(1)),
                        partition(2, 3, List.of(3), List.of(1, 2)),
                        partition(3, -1, List.of(1), List.of(1, 2, 3))));
        var health = ClusterHealth.of(List.of(topic), Map.of("a", 2));
        assertEquals(List.of(1, 4, 12), List.of(health.topicCount(), health.partitionCount(), health.replicaCount()));
        List<TopicPartition> names = List.of(1, 2, 3).stream()
                .map(number -> new TopicPartition("a", number))
                .toList();
        assertEquals(names, health.underReplicated());
        assertEquals(names.subList(1, 3), health.underMinIsr());
        assertEquals(names.subList(2, 3), health.offline());
        assertEquals(
                List.of(),
                ClusterHealth.of(List.of(topic), Map.of()).underMinIsr(),
                "one is enough if nothing is said");
    }
}
