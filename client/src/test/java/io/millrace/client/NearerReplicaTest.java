package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.Deserializers;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.messages.FetchRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.compress.Compression;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A consumer with a rack, whose leader sends it to a replica (KIP-392). */
class NearerReplicaTest {
    private static final int FOLLOWER = 1;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private ScriptedNode leader;
    private ScriptedNode follower;
    private ScriptedLog leaderLog;
    private ScriptedLog followerLog;

    @BeforeEach
    void start() throws IOException {
        leader = new ScriptedNode();
        follower = new ScriptedNode();
        leaderLog = new ScriptedLog(leader);
        followerLog = new ScriptedLog(follower);
        for (ScriptedLog each : List.of(leaderLog, followerLog)) {
            each.nodes = new ScriptedNode[] {leader, follower};
            each.append(Compression.NONE, "a", "b");
        }
    }

    @AfterEach
    void stop() throws IOException {
        leader.close();
        follower.close();
    }

    private Consumer<String, String> open(Object... namesAndValues) {
        Consumer<String, String> consumer = Consumer.open(
                leaderLog.options(namesAndValues).with("client.rack", "r1"),
                Deserializers.string(),
                Deserializers.string());
        consumer.assign(List.of(ScriptedLog.PARTITION));
        return consumer;
    }

    @Test
    void theReplicaIsReadThatTheLeaderNames() {
        leaderLog.nearerReplica = FOLLOWER;
        try (var consumer = open()) {
            assertEquals(List.of("a", "b"), ScriptedLog.readTo(consumer, 2));
        }
        assertFalse(follower.received(ApiKey.FETCH).isEmpty());
        for (ScriptedNode.Received each : leader.received(ApiKey.FETCH))
            assertEquals("r1", ((FetchRequest) each.request()).rackId());
    }

    @Test
    void theLeaderIsReadOnceThatReplicaIsGone() throws IOException {
        leaderLog.nearerReplica = FOLLOWER;
        try (var consumer = open()) {
            assertEquals(List.of("a", "b"), ScriptedLog.readTo(consumer, 2));
            leaderLog.nearerReplica = -1;
            leaderLog.append(Compression.NONE, "c");
            follower.close();
            assertEquals(List.of("c"), ScriptedLog.readTo(consumer, 3));
        }
        assertTrue(leader.received(ApiKey.FETCH).size() > 1);
    }

    @Test
    void whatTheReplicaAnswersLateIsNotGivenASecondTime() {
        leaderLog.nearerReplica = FOLLOWER;
        followerLog.answers = new CountDownLatch(1);
        // For so long counts what the leader says of a nearer replica.
        try (var consumer = open("metadata.max.age.ms", 100)) {
            pollUntil(consumer, () -> !follower.received(ApiKey.FETCH).isEmpty());
            leaderLog.nearerReplica = -1;
            pollUntil(consumer, () -> consumer.position(ScriptedLog.PARTITION) == 2);
            // Only the replica has the next record, and it is asked for that when its late answer has come.
            leaderLog.nearerReplica = FOLLOWER;
            followerLog.append(Compression.NONE, "c");
            followerLog.answers.countDown();
            assertEquals(List.of("c"), ScriptedLog.readTo(consumer, 3));
        }
    }

    /** Polls, and has the consumer look again at where it fetches, until it is so. */
    private static void pollUntil(Consumer<String, String> consumer, BooleanSupplier isSo) {
        long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
        while (!isSo.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadlineNanos, "it does not come to be so");
            consumer.pause(List.of(ScriptedLog.PARTITION));
            consumer.resume(List.of(ScriptedLog.PARTITION));
            consumer.poll(Duration.ofMillis(10));
        }
    }
}
