package io.millrace.client.producer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;

class PartitionersTest {
    @Test
    void keysFindThePartitionThatKafkasClientFinds() {
        SeededRandom random = new SeededRandom(0x5eed);
        for (int i = 0; i < 100_000; i++) {
            byte[] key = random.bytes(random.nextInt(40));
            int partitions = 1 + random.nextInt(1_000);
            assertEquals(Utils.murmur2(key), Partitioners.murmur2(key));
            assertEquals(BuiltInPartitioner.partitionForKey(key, partitions), Partitioners.forKey(key, partitions));
        }
    }

    @Test
    void roundRobinGivesEachAvailablePartitionItsTurn() {
        Property.check(random -> {
            int[] available = random.nextBoolean() ? new int[] {0, 2, 3} : new int[0];
            Partitioner.Partitions partitions = new Partitioner.Partitions(5, available);
            Partitioner partitioner = Partitioners.roundRobin();
            int[] seen = new int[5];
            int rounds = 1 + random.nextInt(20);
            int turns = available.length == 0 ? 5 : available.length;
            for (int i = 0; i < rounds * turns; i++)
                seen[partitioner.partition("t", null, null, null, null, partitions)]++;
            for (int i = 0; i < 5; i++) {
                boolean hasTurn = available.length == 0 || i == 0 || i == 2 || i == 3;
                assertEquals(hasTurn ? rounds : 0, seen[i]);
            }
        });
    }

    @Test
    void randomReachesAllAvailablePartitions() {
        Partitioner.Partitions partitions = new Partitioner.Partitions(4, new int[] {1, 3});
        boolean[] seen = new boolean[4];
        for (int i = 0; i < 1_000; i++)
            seen[Partitioners.random().partition("t", null, null, null, null, partitions)] = true;
        assertTrue(seen[1] && seen[3] && !seen[0] && !seen[2]);
    }
}
