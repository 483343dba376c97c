package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.ScriptedCoordinator.Trouble;
import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerFailure;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.consumer.Deserializers;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.common.compress.Compression;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a consumer commits for a group that it is no member of, on real sockets, before a coordinator that fails as it is told. */
class ConsumerCommitsTest {
    private static final TopicPartition PARTITION = ScriptedLog.PARTITION;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private ScriptedNode node;
    private ScriptedLog log;
    private ScriptedCoordinator coordinator;

    @BeforeEach
    void start() throws IOException {
        node = new ScriptedNode();
        log = new ScriptedLog(node);
        coordinator = new ScriptedCoordinator(node);
        log.append(Compression.NONE, "a", "b", "c", "d");
    }

    @AfterEach
    void stop() throws IOException {
        node.close();
    }

    private Consumer<String, String> open(Object... namesAndValues) {
        var options = log.options("group.id", ScriptedCoordinator.GROUP, "max.poll.records", 1);
        for (int i = 0; i < namesAndValues.length; i += 2)
            options = options.with(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
        Consumer<String, String> consumer = Consumer.open(options, Deserializers.string(), Deserializers.string());
        consumer.assign(List.of(PARTITION));
        return consumer;
    }

    private Consumer<String, String> openManual() {
        return open("enable.auto.commit", false);
    }

    private ConsumerRecord<String, String> next(Consumer<String, String> consumer) {
        return consumer.poll(PATIENCE).iterator().next();
    }

    private List<Long> commits() {
        return node.received(ApiKey.OFFSET_COMMIT).stream()
                .map(each -> ((OffsetCommitRequest) each.request())
                        .topics()
                        .getFirst()
                        .partitions()
                        .getFirst()
                        .committedOffset())
                .toList();
    }

    /** -1 if there is none. */
    private static long offset(Map<TopicPartition, CommittedOffset> committed) {
        CommittedOffset there = committed.get(PARTITION);
        return there == null ? -1 : there.offset();
    }

    @Test
    void aConsumerOfAGroupBeginsWhereTheOneBeforeCommitted() {
        try (var first = openManual()) {
            assertEquals(List.of("a", "b"), ScriptedLog.readTo(first, 2));
            first.commit();
            assertEquals(List.of("c"), ScriptedLog.readTo(first, 3));
        }
        try (var second = openManual()) {
            assertEquals(List.of("c", "d"), ScriptedLog.readTo(second, 4));
        }
        assertEquals(List.of(2L), commits());
    }

    @Test
    void aGroupThatHasCommittedNothingBeginsWhereTheResetSays() {
        try (var consumer = open("enable.auto.commit", false, "auto.offset.reset", "latest")) {
            assertEquals(4, consumer.position(PARTITION));
            assertEquals(Map.of(), consumer.committed(List.of(PARTITION)));
        }
    }

    @Test
    void aSeekBeforeTheCommittedOffsetIsKnownWins() {
        coordinator.committed.put(PARTITION, new CommittedOffset(3, -1, ""));
        try (var consumer = openManual()) {
            consumer.poll(Duration.ZERO);
            consumer.seek(PARTITION, 1);
            assertEquals(List.of("b", "c", "d"), ScriptedLog.readTo(consumer, 4));
        }
    }

    @Test
    void theEpochOfTheRecordAndTheMetadataGoAlong() {
        try (var consumer = openManual()) {
            next(consumer);
            consumer.commit();
            assertEquals(Map.of(PARTITION, new CommittedOffset(1, 1, "")), consumer.committed(List.of(PARTITION)));
            CommittedOffset own = new CommittedOffset(3, 1, "by hand");
            consumer.commit(Map.of(PARTITION, own));
            assertEquals(Map.of(PARTITION, own), consumer.committed(List.of(PARTITION)));
        }
    }

    @Test
    void oneRecordOrOnePartitionIsCommittedByItself() {
        try (var consumer = openManual()) {
            ConsumerRecord<String, String> first = next(consumer);
            next(consumer);
            consumer.commit(first);
            assertEquals(1, offset(consumer.committed(List.of(PARTITION))));
            consumer.commit(List.of(PARTITION));
            assertEquals(2, offset(consumer.committed(List.of(PARTITION))));
            TopicPartition other = new TopicPartition("orders", 7);
            assertThrows(IllegalStateException.class, () -> consumer.commit(List.of(other)));
        }
    }

    @Test
    void aCommitIsRepeatedUntilACoordinatorTakesIt() {
        try (var consumer = openManual()) {
            next(consumer);
            coordinator.searches.add(ErrorCode.COORDINATOR_NOT_AVAILABLE);
            coordinator.troubles.addAll(List.of(
                    new Trouble.Cut(false),
                    new Trouble.Refused(ErrorCode.NOT_COORDINATOR),
                    new Trouble.Refused(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS),
                    new Trouble.Refused(ErrorCode.UNKNOWN_TOPIC_ID),
                    new Trouble.Cut(true)));
            consumer.commit();
            assertEquals(1, offset(coordinator.committed));
            assertEquals(6, commits().size());
            coordinator.troubles.addAll(
                    List.of(new Trouble.Refused(ErrorCode.UNSTABLE_OFFSET_COMMIT), new Trouble.Cut(false)));
            assertEquals(1, offset(consumer.committed(List.of(PARTITION))));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = ErrorCode.class,
            names = {
                "ILLEGAL_GENERATION",
                "UNKNOWN_MEMBER_ID",
                "REBALANCE_IN_PROGRESS",
                "FENCED_INSTANCE_ID",
                "GROUP_ID_NOT_FOUND",
                "STALE_MEMBER_EPOCH",
                "GROUP_AUTHORIZATION_FAILED",
                "OFFSET_METADATA_TOO_LARGE"
            })
    void aRefusalIsToldAsTheCoordinatorSaidIt(ErrorCode error) {
        try (var consumer = openManual()) {
            next(consumer);
            coordinator.troubles.add(new Trouble.Refused(error));
            ConsumerFailure told = assertThrows(ConsumerFailure.class, consumer::commit);
            assertEquals(error, told.error());
            coordinator.troubles.add(new Trouble.Refused(error));
            CompletionException later = assertThrows(
                    CompletionException.class, () -> consumer.commitAsync().join());
            assertEquals(
                    error,
                    assertInstanceOf(ConsumerFailure.class, later.getCause()).error());
            assertEquals(2, commits().size());
        }
    }

    @Test
    void aRefusedSearchIsToldAtOnce() {
        try (var consumer = openManual()) {
            coordinator.search = ErrorCode.GROUP_AUTHORIZATION_FAILED;
            ConsumerFailure told = assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE));
            assertEquals(ErrorCode.GROUP_AUTHORIZATION_FAILED, told.error());
            assertEquals(PARTITION, told.partition().orElseThrow());
            assertThrows(ConsumerFailure.class, () -> consumer.committed(List.of(PARTITION)));
        }
    }

    @Test
    void aCallThatFindsNoCoordinatorInTimeSaysWhy() {
        coordinator.search = ErrorCode.COORDINATOR_NOT_AVAILABLE;
        try (var consumer = open("enable.auto.commit", false, "default.api.timeout.ms", 100)) {
            ConsumerFailure told = assertThrows(ConsumerFailure.class, () -> consumer.commit(Map.of(PARTITION, at(2))));
            assertEquals(ErrorCode.REQUEST_TIMED_OUT, told.error());
            String sentence = String.valueOf(told.getMessage());
            assertTrue(sentence.contains("COORDINATOR_NOT_AVAILABLE"), sentence);
            assertTrue(sentence.contains(ScriptedCoordinator.GROUP), sentence);
        }
    }

    private static CommittedOffset at(long offset) {
        return new CommittedOffset(offset, -1, "");
    }

    @Test
    void coordinatorsOfAllVersionsAreUnderstood() throws IOException {
        for (int back = 0; back <= 8; back++) {
            stop();
            start();
            coordinator = new ScriptedCoordinator(
                    node,
                    Math.max(ApiKey.OFFSET_COMMIT.oldestVersion(), ApiKey.OFFSET_COMMIT.latestVersion() - back),
                    ApiKey.OFFSET_FETCH.latestVersion() - back,
                    Math.max(0, ApiKey.FIND_COORDINATOR.latestVersion() - back));
            try (var consumer = openManual()) {
                next(consumer);
                consumer.commit();
            }
            try (var consumer = openManual()) {
                assertEquals(1, consumer.position(PARTITION));
            }
        }
    }

    @Test
    void commitsThatNobodyWaitsForEndInOrderOnAThreadForCallbacksAndShareRequests() throws Exception {
        ConcurrentLinkedQueue<Integer> ended = new ConcurrentLinkedQueue<>();
        Set<Thread> threads = java.util.concurrent.ConcurrentHashMap.newKeySet();
        try (var consumer = openManual()) {
            coordinator.troubles.add(new Trouble.Cut(false));
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                int number = i;
                all.add(consumer.commitAsync(Map.of(PARTITION, at(i))).thenRun(() -> {
                    ended.add(number);
                    threads.add(Thread.currentThread());
                }));
            }
            CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        assertEquals(
                IntStream.range(0, 500).boxed().sorted().toList(),
                ended.stream().sorted().toList());
        assertEquals(499, offset(coordinator.committed));
        List<Long> sent = commits();
        assertEquals(sent.stream().sorted().toList(), sent);
        assertTrue(sent.size() < 250, () -> sent.size() + " requests for 500 commits");
        threads.remove(Thread.currentThread()); // Where a commit had ended before it was said what is to be done then.
        assertTrue(threads.size() <= 1, threads::toString);
    }

    @Test
    void anAutomaticCommitComesWithThePollAfterTheRecordsAndAtTheEnd() {
        try (var consumer = open("auto.commit.interval.ms", 0)) {
            assertEquals("a", next(consumer).value());
            assertFalse(commits().contains(1L));
            assertEquals("b", next(consumer).value());
            coordinator.awaitCommit(1);
            assertFalse(commits().contains(2L));
        }
        assertEquals(2, offset(coordinator.committed));
    }

    @Test
    void whatTheApplicationDidNotGetIsNotCommitted() {
        var options = log.options("group.id", ScriptedCoordinator.GROUP);
        try (Consumer<String, String> consumer =
                Consumer.open(options, Deserializers.string(), (topic, headers, data) -> {
                    String value = Deserializers.string().deserialize(topic, headers, data);
                    if ("c".equals(value)) throw new OutOfMemoryError("as if");
                    return value;
                })) {
            consumer.assign(List.of(PARTITION));
            assertThrows(OutOfMemoryError.class, () -> consumer.poll(PATIENCE));
            assertEquals(0, consumer.position(PARTITION));
        }
        assertEquals(0, offset(coordinator.committed));
    }

    @Test
    void partitionsThatAreLetGoAreCommittedWhereTheyStood() {
        try (var consumer = open("auto.commit.interval.ms", 1_000_000)) {
            next(consumer);
            consumer.assign(List.of(new TopicPartition("orders", 1)));
            coordinator.awaitCommit(1);
        }
    }

    @Test
    void closingWaitsNoLongerThanItMay() {
        var consumer = open("auto.commit.interval.ms", 1_000_000);
        next(consumer);
        coordinator.search = ErrorCode.COORDINATOR_NOT_AVAILABLE;
        for (int i = 0; i < 1000; i++) coordinator.troubles.add(new Trouble.Refused(ErrorCode.NOT_COORDINATOR));
        CompletableFuture<Void> pending = consumer.commitAsync();
        long beganNanos = System.nanoTime();
        consumer.close(Duration.ofMillis(50));
        assertTrue(System.nanoTime() - beganNanos < PATIENCE.toNanos());
        assertThrows(CompletionException.class, pending::join);
        assertThrows(IllegalStateException.class, consumer::commit);
    }

    @Test
    void withoutAGroupThereIsNothingToCommitFor() {
        try (Consumer<String, String> consumer =
                Consumer.open(log.options(), Deserializers.string(), Deserializers.string())) {
            consumer.assign(List.of(PARTITION));
            assertThrows(IllegalStateException.class, consumer::commit);
            assertThrows(IllegalStateException.class, () -> consumer.committed(List.of(PARTITION)));
            assertNotEquals(0, next(consumer).timestamp());
        }
        assertThrows(IllegalArgumentException.class, () -> log.options("enable.auto.commit", true));
    }

    @Test
    void commitsAreCounted() {
        try (var consumer = openManual()) {
            next(consumer);
            consumer.commit();
            assertEquals(1.0, consumer.metrics().get("commit-total"));
            assertEquals(0.0, consumer.metrics().get("commit-failed-total"));
        }
    }
}
