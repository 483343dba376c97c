package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.metadata.ConfigResource;
import io.millrace.protocol.ErrorCode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A replica is copied from one whole node to another as fast as the replication throttle allows (KIP-73). */
class ThrottledReassignmentOnHostTest {
    private static final int BATCHES = 6;
    private static final int BATCH_BYTES = 900_000;
    private static final int BYTES_PER_SECOND = 1_000_000;

    @TempDir
    Path directory;

    @Test
    void aNewReplicaTakesAsLongAsTheRateSaysAndReplicasInSyncAreNotSlowed() throws Exception {
        try (HostedBrokers cluster = new HostedBrokers(directory)) {
            HostedNode first = cluster.broker(10);
            cluster.broker(11);
            HostedBrokers.create(first, "moved", List.of(10));
            HostedBrokers.create(first, "both", List.of(10, 11));
            for (int i = 0; i < BATCHES; i++)
                assertEquals(ErrorCode.NONE, HostedBrokers.produce(first, "moved", "x".repeat(BATCH_BYTES)));
            String rate = String.valueOf(BYTES_PER_SECOND);
            for (String id : List.of("10", "11"))
                HostedBrokers.alter(
                        first,
                        ConfigResource.Type.BROKER,
                        id,
                        Map.of("leader.replication.throttled.rate", rate, "follower.replication.throttled.rate", rate));
            for (String topic : List.of("moved", "both"))
                HostedBrokers.alter(
                        first,
                        ConfigResource.Type.TOPIC,
                        topic,
                        Map.of(
                                "leader.replication.throttled.replicas",
                                "*",
                                "follower.replication.throttled.replicas",
                                "*"));

            long beganNanos = System.nanoTime();
            HostedBrokers.reassign(first, "moved", List.of(10, 11));
            int produced = 0;
            while (HostedBrokers.inSync(first, "moved").size() < 2) {
                assertEquals(ErrorCode.NONE, HostedBrokers.produce(first, "both", "x"));
                produced++;
            }
            double seconds = (System.nanoTime() - beganNanos) / 1e9;
            // The first window may be exceeded by two batches, the last batch is not waited for.
            double least = (BATCHES - 3) * (double) BATCH_BYTES / BYTES_PER_SECOND;
            assertTrue(seconds > least && seconds < 5 * least, "it took " + seconds + " s");
            assertTrue(produced > 5 * seconds, produced + " records were replicated meanwhile");
            String metrics = first.told(first.node()::scrapeMetrics);
            assertTrue(
                    metrics.lines()
                            .anyMatch(line -> line.matches(
                                    "millrace_leader_replication_throttled_bytes_per_second [1-9]\\d{5,6}")),
                    () -> metrics.lines()
                            .filter(line -> line.contains("throttled"))
                            .toList()
                            .toString());
        }
    }
}
