package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.cluster.RetryBackoff;
import io.millrace.client.consumer.ConsumerFailure;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.DeadLetterHeaders;
import io.millrace.client.consumer.Deserializers;
import io.millrace.client.dispatch.DispatchLimits;
import io.millrace.client.dispatch.RecordOrder;
import io.millrace.client.dispatch.RetryRules;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.client.worker.RecordHandler;
import io.millrace.client.worker.RecordWorkers;
import io.millrace.client.worker.TryLater;
import io.millrace.client.worker.WorkerOptions;
import io.millrace.client.worker.WorkersFailure;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.messages.InitProducerIdResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Workers as applications use them, on real sockets, before a broker with batches and a coordinator that answers as it is told. */
@Timeout(60)
class RecordWorkersTest {
    private static final TopicPartition PARTITION = ScriptedLog.PARTITION;
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final RetryRules QUICK = new RetryRules(3, Long.MAX_VALUE, new RetryBackoff(1, 5));

    private ScriptedNode node;
    private ScriptedLog log;
    private ScriptedCoordinator coordinator;

    @BeforeEach
    void start() throws IOException {
        node = new ScriptedNode();
        log = new ScriptedLog(node);
        coordinator = new ScriptedCoordinator(node);
    }

    @AfterEach
    void stop() throws IOException {
        node.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Appends records whose values are their offsets, and whose keys are those modulo the number of keys. */
    private void fill(int count, int keyCount) {
        while (log.endOffset < count) {
            int size = (int) Math.min(50, count - log.endOffset);
            SimpleRecord[] records = new SimpleRecord[size];
            for (int i = 0; i < size; i++) {
                long offset = log.endOffset + i;
                records[i] = new SimpleRecord(1_000, bytes("key " + offset % keyCount), bytes(String.valueOf(offset)));
            }
            log.append(MemoryRecords.withRecords(log.endOffset, Compression.NONE, 1, records), size);
        }
    }

    private ConsumerOptions consumer(Object... namesAndValues) {
        return log.options(namesAndValues).with("group.id", ScriptedCoordinator.GROUP);
    }

    private static WorkerOptions options(int concurrency, RecordOrder order) {
        return WorkerOptions.of(concurrency, order)
                .withRetries(QUICK)
                .committingEvery(Duration.ofMillis(5))
                .handingOverWithin(PATIENCE);
    }

    private RecordWorkers workers(WorkerOptions options, RecordHandler<String, String> handler) {
        RecordWorkers workers =
                RecordWorkers.open(consumer(), Deserializers.string(), Deserializers.string(), options, handler);
        workers.assign(List.of(PARTITION));
        return workers;
    }

    private static void await(String what, BooleanSupplier isSo) {
        long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
        while (!isSo.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadlineNanos, () -> "still not so: " + what);
            LockSupport.parkNanos(1_000_000);
        }
    }

    private long committed() {
        CommittedOffset offset = coordinator.committed.get(PARTITION);
        return offset == null ? -1 : offset.offset();
    }

    @Test
    void handlersRunAtOnceAndEachKeyKeepsItsOrder() {
        fill(1_000, 20);
        Map<String, List<Long>> seen = new ConcurrentHashMap<>();
        CountDownLatch twenty = new CountDownLatch(20);
        try (var workers = workers(options(50, RecordOrder.KEY), record -> {
            twenty.countDown();
            assertTrue(twenty.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)); // Only if as many are at work at once.
            seen.computeIfAbsent(String.valueOf(record.key()), each -> Collections.synchronizedList(new ArrayList<>()))
                    .add(record.offset());
        })) {
            coordinator.awaitCommit(1_000);
            assertEquals(1_000, workers.counts().handled());
        }
        assertEquals(20, seen.size());
        seen.forEach((key, offsets) -> {
            assertEquals(50, offsets.size(), key);
            assertEquals(offsets.stream().sorted().toList(), offsets);
        });
    }

    @Test
    void aPartitionIsHandledInItsOrderIfThatIsWanted() {
        fill(200, 20);
        List<Long> seen = Collections.synchronizedList(new ArrayList<>());
        try (var workers = workers(options(50, RecordOrder.PARTITION), record -> seen.add(record.offset()))) {
            coordinator.awaitCommit(200);
            assertEquals(200, workers.counts().handled());
        }
        assertEquals(offsetsTo(200), seen);
    }

    private static List<Long> offsetsTo(int end) {
        return IntStream.range(0, end).mapToObj(Long::valueOf).toList();
    }

    @Test
    void noCommitPassesARecordThatIsNotFinished() {
        fill(100, 100);
        Semaphore mayEnd = new Semaphore(0);
        AtomicInteger others = new AtomicInteger();
        try (var workers = workers(options(200, RecordOrder.NONE), record -> {
            if (record.offset() == 40) mayEnd.acquire();
            else others.incrementAndGet();
        })) {
            await("all others are finished", () -> others.get() == 99);
            await("so the workers know", () -> workers.counts().handled() == 99);
            coordinator.awaitCommit(40);
            assertEquals(40, committed());
            mayEnd.release();
            coordinator.awaitCommit(100);
        }
    }

    /** Workers that handle all but record 40, and then end; those that come after them finish the rest. Returns what the latter handle. */
    private List<Long> leaveOneBehind() throws Exception {
        fill(100, 100);
        AtomicInteger others = new AtomicInteger();
        RecordWorkers first = workers(options(200, RecordOrder.KEY), record -> {
            if (record.offset() == 40) new Semaphore(0).acquire();
            else others.incrementAndGet();
        });
        await(
                "all others are finished",
                () -> others.get() == 99 && first.counts().handled() == 99);
        coordinator.awaitCommit(40);
        first.close(Duration.ofMillis(1));
        assertEquals(40, committed());
        List<Long> seen = Collections.synchronizedList(new ArrayList<>());
        try (var second = workers(options(200, RecordOrder.KEY), record -> seen.add(record.offset()))) {
            coordinator.awaitCommit(100);
            assertEquals(seen.size(), second.counts().handled());
        }
        return seen;
    }

    @Test
    void whatIsFinishedBehindAnUnfinishedRecordIsNotHandledAgainByTheNext() throws Exception {
        assertEquals(List.of(40L), leaveOneBehind());
    }

    @Test
    void brokersThatTakeNoMetadataAreGivenOffsetsOnly() throws Exception {
        coordinator.mostMetadataChars = 3;
        List<Long> seen = leaveOneBehind();
        assertEquals(offsetsTo(100).subList(40, 100), seen.stream().sorted().toList());
    }

    @Test
    void aFailedRecordIsTriedAgainAndHoldsUpItsKeyOnly() {
        fill(40, 2);
        AtomicInteger attempts = new AtomicInteger();
        List<Long> seen = Collections.synchronizedList(new ArrayList<>());
        try (var workers = workers(options(8, RecordOrder.KEY), record -> {
            if (record.offset() == 2 && attempts.incrementAndGet() < 3) throw new IOException("not now");
            seen.add(record.offset());
        })) {
            coordinator.awaitCommit(40);
            assertEquals(2, workers.counts().failures());
        }
        assertEquals(3, attempts.get());
        for (int key = 0; key < 2; key++) {
            int its = key;
            List<Long> ofKey = seen.stream().filter(each -> each % 2 == its).toList();
            assertEquals(ofKey.stream().sorted().toList(), ofKey);
        }
        assertEquals(40, seen.size());
    }

    @Test
    void whatIsPutOffIsNoFailure() {
        fill(1, 1);
        AtomicInteger calls = new AtomicInteger();
        try (var workers = workers(options(8, RecordOrder.KEY), record -> {
            if (calls.incrementAndGet() < 10) throw new TryLater(Duration.ofMillis(1), "not yet");
        })) {
            coordinator.awaitCommit(1);
            assertEquals(0, workers.counts().failures());
        }
        assertEquals(10, calls.get());
    }

    @Test
    void workersEndAtARecordThatIsGivenUpAndCommitUpToIt() throws Exception {
        fill(50, 50);
        AtomicInteger attempts = new AtomicInteger();
        try (var workers = workers(options(8, RecordOrder.NONE), record -> {
            if (record.offset() != 17) return;
            attempts.incrementAndGet();
            throw new IOException("never");
        })) {
            WorkersFailure failure = assertThrows(WorkersFailure.class, workers::await);
            assertEquals(17, failure.offset());
            assertEquals(PARTITION, failure.partition().orElseThrow());
            assertEquals("never", Objects.requireNonNull(failure.getCause()).getMessage());
            assertEquals(
                    "record 17 of orders-0 was given up after 3 failures, the last of them java.io.IOException: never",
                    failure.getMessage());
        }
        assertEquals(3, attempts.get());
        assertEquals(17, committed());
    }

    @Test
    void aFailureThatNoRetryMendsIsNotRetried() {
        fill(3, 3);
        AtomicInteger attempts = new AtomicInteger();
        WorkerOptions options = options(8, RecordOrder.NONE)
                .retryingIf(each -> each instanceof IOException)
                .skipping();
        try (var workers = workers(options, record -> {
            if (record.offset() != 1) return;
            attempts.incrementAndGet();
            throw new IllegalArgumentException("wrong");
        })) {
            coordinator.awaitCommit(3);
            assertEquals(1, workers.counts().skipped());
        }
        assertEquals(1, attempts.get());
    }

    @Test
    void anErrorOfAHandlerEndsTheWorkers() {
        fill(3, 3);
        try (var workers = workers(options(1, RecordOrder.PARTITION), record -> {
            if (record.offset() == 1) throw new StackOverflowError();
        })) {
            assertThrows(WorkersFailure.class, workers::await);
        }
        assertEquals(1, committed());
    }

    @Test
    void aRecordThatCannotBeDeserializedIsGivenUpAtOnce() {
        log.append(Compression.NONE, "12345678", "odd", "87654321");
        List<Long> seen = new CopyOnWriteArrayList<>();
        RecordHandler<String, Long> handler = record -> seen.add(record.offset());
        try (var workers = RecordWorkers.open(
                consumer(),
                Deserializers.string(),
                Deserializers.longs(),
                options(4, RecordOrder.NONE).skipping(),
                handler)) {
            workers.assign(List.of(PARTITION));
            coordinator.awaitCommit(3);
            assertEquals(1, workers.counts().skipped());
        }
        assertEquals(List.of(0L, 2L), seen.stream().sorted().toList());
    }

    @Test
    void noMoreIsHeldThanMayBe() {
        fill(500, 500);
        Semaphore mayEnd = new Semaphore(0);
        int most = 30;
        int polled = 10;
        RecordHandler<String, String> handler = record -> mayEnd.acquire();
        WorkerOptions options = options(4, RecordOrder.NONE).withLimits(new DispatchLimits(4, 1_000, most, 1 << 20));
        try (var workers = RecordWorkers.open(
                consumer("max.poll.records", polled),
                Deserializers.string(),
                Deserializers.string(),
                options,
                handler)) {
            workers.assign(List.of(PARTITION));
            await("as many are held", () -> workers.counts().held() >= most);
            assertEquals(4, workers.counts().running());
            for (int i = 0; i < 500; i++) {
                mayEnd.release();
                int held = workers.counts().held();
                assertTrue(held < most + polled, () -> held + " are held");
            }
            coordinator.awaitCommit(500);
        }
    }

    @Test
    void closingWaitsForHandlersAndCommitsTheirRecords() throws Exception {
        fill(10, 10);
        CountDownLatch haveBegun = new CountDownLatch(4);
        CountDownLatch mayEnd = new CountDownLatch(1);
        var workers = workers(options(4, RecordOrder.NONE).committingEvery(Duration.ofHours(1)), record -> {
            haveBegun.countDown();
            mayEnd.await();
        });
        haveBegun.await();
        workers.stop();
        mayEnd.countDown();
        workers.close();
        assertEquals(4, workers.counts().handled());
        assertEquals(4, committed());
        workers.await();
    }

    @Test
    void handlersThatDoNotEndInTimeAreInterruptedAndTheirRecordsNotCommitted() throws Exception {
        fill(10, 10);
        CountDownLatch others = new CountDownLatch(9);
        CountDownLatch interrupted = new CountDownLatch(1);
        var workers = workers(options(10, RecordOrder.NONE), record -> {
            if (record.offset() != 6) {
                others.countDown();
                return;
            }
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.countDown();
                throw e;
            }
        });
        others.await();
        workers.close(Duration.ofMillis(300));
        assertTrue(interrupted.await(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        assertEquals(6, committed());
    }

    @Test
    void aHandlerCanStopTheWorkersAndNotWaitForThem() throws Exception {
        fill(1, 1);
        var workers = new RecordWorkers[1];
        List<Exception> refusals = new CopyOnWriteArrayList<>();
        CountDownLatch isSet = new CountDownLatch(1);
        workers[0] = workers(options(1, RecordOrder.KEY), record -> {
            isSet.await();
            refusals.add(assertThrows(IllegalStateException.class, () -> workers[0].close()));
            workers[0].stop();
        });
        isSet.countDown();
        workers[0].await();
        assertEquals(1, refusals.size());
        assertEquals(1, committed());
    }

    @Test
    void aCommitThatIsRefusedForGoodEndsTheWorkers() {
        fill(10, 10);
        coordinator.troubles.add(new ScriptedCoordinator.Trouble.Refused(ErrorCode.NONE)); // The first question.
        coordinator.troubles.add(new ScriptedCoordinator.Trouble.Refused(ErrorCode.GROUP_AUTHORIZATION_FAILED));
        try (var workers = workers(options(2, RecordOrder.PARTITION), record -> {})) {
            WorkersFailure failure = assertThrows(WorkersFailure.class, workers::await);
            assertEquals(
                    ErrorCode.GROUP_AUTHORIZATION_FAILED,
                    assertInstanceOf(ConsumerFailure.class, failure.getCause()).error());
        }
    }

    @Test
    void optionsThatDoNotGoTogetherAreRefused() {
        RecordHandler<String, String> handler = record -> {};
        WorkerOptions options = options(1, RecordOrder.KEY);
        for (ConsumerOptions each : List.of(
                log.options(),
                consumer("group.id", "g", "enable.auto.commit", true),
                consumer("max.poll.interval.ms", 100)))
            assertThrows(
                    IllegalArgumentException.class,
                    () -> RecordWorkers.open(each, Deserializers.string(), Deserializers.string(), options, handler));
        var unused = assertThrows(
                IllegalArgumentException.class,
                () -> options.deadLettersTo("dead", producer().with("acks", 0)));
        try (var workers = RecordWorkers.open(
                consumer(),
                Deserializers.string(),
                Deserializers.string(),
                options.deadLettersTo("dead", producer()),
                handler)) {
            assertThrows(IllegalArgumentException.class, () -> workers.subscribe(List.of("orders", "dead")));
            assertThrows(IllegalStateException.class, workers::await);
        }
    }

    // ---- Dead letters. They go to the one topic there is, which nobody looks at again.

    private final List<Record> letters = new CopyOnWriteArrayList<>();
    private volatile ErrorCode letterError = ErrorCode.NONE;
    private final Semaphore mayAnswer = new Semaphore(0);

    private ProducerOptions producer() {
        return ProducerOptions.forServers(
                        node.address().host() + ":" + node.address().port())
                .with("linger.ms", 0);
    }

    private void takeLetters() {
        node.answers(
                ApiKey.INIT_PRODUCER_ID,
                request -> InitProducerIdResponse.builder()
                        .producerId(9)
                        .producerEpoch((short) 0)
                        .build());
        node.answers(ApiKey.PRODUCE, request -> {
            mayAnswer.acquireUninterruptibly();
            var topic = ((ProduceRequest) request).topicData().getFirst();
            ByteBuffer batch = assertInstanceOf(
                            RecordsPayload.Buffer.class,
                            topic.partitionData().getFirst().records())
                    .bytes();
            if (letterError == ErrorCode.NONE)
                MemoryRecords.readableRecords(batch.slice()).records().forEach(letters::add);
            return ProduceResponse.builder()
                    .responses(List.of(ProduceResponse.TopicProduceResponse.builder()
                            .name(topic.name())
                            .topicId(topic.topicId())
                            .partitionResponses(List.of(ProduceResponse.PartitionProduceResponse.builder()
                                    .errorCode(letterError.code())
                                    .build()))
                            .build()))
                    .build();
        });
    }

    @Test
    void aDeadLetterIsTheRecordWithWhereItIsFromAndIsCommittedOnceItIsAcknowledged() {
        takeLetters();
        fill(5, 5);
        RecordHandler<String, String> handler = record -> {
            if (record.offset() == 3) throw new IOException("never");
        };
        try (var workers = workers(options(2, RecordOrder.NONE).deadLettersTo("orders", producer()), handler)) {
            coordinator.awaitCommit(3);
            await("the others are finished", () -> workers.counts().handled() == 4);
            assertEquals(3, committed());
            mayAnswer.release(100);
            coordinator.awaitCommit(5);
            assertEquals(1, workers.counts().deadLettered());
        }
        assertEquals(1, letters.size());
        Record letter = letters.getFirst();
        assertEquals("key 3", StandardCharsets.UTF_8.decode(letter.key()).toString());
        assertEquals("3", StandardCharsets.UTF_8.decode(letter.value()).toString());
        Map<String, String> headers = new HashMap<>();
        for (Header each : letter.headers()) headers.put(each.key(), new String(each.value(), StandardCharsets.UTF_8));
        assertTrue(String.valueOf(headers.remove(DeadLetterHeaders.STACK_TRACE))
                .startsWith("java.io.IOException: never\n\tat "));
        assertEquals(
                Map.of(
                        DeadLetterHeaders.TOPIC, "orders",
                        DeadLetterHeaders.PARTITION, "0",
                        DeadLetterHeaders.OFFSET, "3",
                        DeadLetterHeaders.TIMESTAMP, "1000",
                        DeadLetterHeaders.GROUP, "readers",
                        DeadLetterHeaders.FAILURES, "3",
                        DeadLetterHeaders.EXCEPTION, "java.io.IOException",
                        DeadLetterHeaders.MESSAGE, "never"),
                headers);
    }

    @Test
    void workersEndIfADeadLetterIsNotDelivered() {
        takeLetters();
        mayAnswer.release(100);
        letterError = ErrorCode.TOPIC_AUTHORIZATION_FAILED;
        fill(5, 5);
        RecordHandler<String, String> handler = record -> {
            if (record.offset() == 3) throw new IOException("never");
        };
        try (var workers = workers(options(2, RecordOrder.NONE).deadLettersTo("orders", producer()), handler)) {
            WorkersFailure failure = assertThrows(WorkersFailure.class, workers::await);
            assertEquals(3, failure.offset());
            assertFalse(String.valueOf(failure.getMessage()).isEmpty());
        }
        assertEquals(3, committed());
    }
}
