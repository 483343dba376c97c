package io.millrace.compatibility;

import io.millrace.compatibility.program.JavaClients;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Clients that write down what they were promised: several producers of different kinds, somebody who creates topics and
 * writes to them, and somebody who commits offsets.
 */
final class PowerCutLoad implements AutoCloseable {
    static final String GROUP = "group";
    static final TopicPartition COMMITTED = new TopicPartition("plain", 0);

    private static final int UNACKNOWLEDGED = 64;
    private static final int SHORTEST = 20;
    private static final int LONGEST = 1_500;
    private static final int TOPIC_EVERY_ACKS = 60;
    private static final int TOPIC_WRITER = 100;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Number {@code number} of a writer was acknowledged at that offset. */
    record Acknowledged(int writer, int number, TopicPartition partition, long offset) {}

    /** What had been promised at one moment. */
    record Promises(List<Acknowledged> records, List<String> topics, long committed) {}

    private static final List<List<String>> WRITERS = List.of(
            List.of("acks", "all", "enable.idempotence", "true", "linger.ms", "0"),
            List.of("acks", "all", "enable.idempotence", "true", "linger.ms", "5", "compression.type", "lz4"),
            List.of("acks", "1", "enable.idempotence", "false", "retries", "0", "linger.ms", "0"),
            List.of("acks", "all", "enable.idempotence", "false", "retries", "0", "linger.ms", "2"));

    private final String bootstrap;
    private final List<Thread> threads = new ArrayList<>();
    private final List<Acknowledged> acknowledged = new ArrayList<>();
    private final List<String> topics = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();
    private volatile boolean isOver;
    private volatile long committed = -1;

    /** Creates the topics and lets everybody begin. */
    PowerCutLoad(String bootstrap) throws Exception {
        this.bootstrap = bootstrap;
        try (var admin = JavaClients.admin(bootstrap)) {
            admin.createTopics(List.of(
                            new NewTopic("plain", 4, (short) 1),
                            new NewTopic("rolling", 2, (short) 1).configs(Map.of("internal.segment.bytes", "100000"))))
                    .all()
                    .get();
            topics.add("plain");
            topics.add("rolling");
        }
        for (int i = 0; i < WRITERS.size(); i++) {
            int writer = i;
            start(() -> write(writer));
        }
        start(this::makeTopics);
        start(this::commit);
    }

    private interface Work {
        void run() throws Exception;
    }

    private void start(Work work) {
        threads.add(Thread.ofPlatform().start(() -> {
            try {
                work.run();
            } catch (Exception e) {
                if (!isOver) failed(e);
            }
        }));
    }

    private void failed(Exception cause) {
        synchronized (acknowledged) {
            failures.add(cause.toString());
            acknowledged.notifyAll();
        }
    }

    private KafkaProducer<byte[], byte[]> producer(List<String> settings) {
        return JavaClients.producer(bootstrap, settings.toArray(String[]::new));
    }

    private void write(int writer) throws InterruptedException {
        var unacknowledged = new Semaphore(UNACKNOWLEDGED);
        try (var producer = new Closing(producer(WRITERS.get(writer)))) {
            for (int number = 0; !isOver; number++) {
                unacknowledged.acquire();
                send(producer.producer, writer, number, partition(number), unacknowledged::release);
            }
        }
    }

    private static TopicPartition partition(int number) {
        int place = number % 6;
        return place < 4 ? new TopicPartition("plain", place) : new TopicPartition("rolling", place - 4);
    }

    private void send(
            KafkaProducer<byte[], byte[]> producer, int writer, int number, TopicPartition to, Runnable after) {
        var _ = producer.send(
                new ProducerRecord<>(to.topic(), to.partition(), null, value(writer, number)), (metadata, failure) -> {
                    if (failure == null) {
                        synchronized (acknowledged) {
                            acknowledged.add(new Acknowledged(writer, number, to, metadata.offset()));
                            acknowledged.notifyAll();
                        }
                    } else if (!isOver) {
                        failed(failure);
                    }
                    after.run();
                });
    }

    /** The bytes of a record: who wrote it, its number, and noise of some length that follows from them. */
    static byte[] value(int writer, int number) {
        var noise = new SplittableRandom(writer * 1_000_003L + number);
        byte[] value = new byte[SHORTEST + noise.nextInt(LONGEST - SHORTEST)];
        noise.nextBytes(value);
        ByteBuffer.wrap(value).putInt(writer).putInt(number);
        return value;
    }

    private void makeTopics() throws Exception {
        try (var admin = JavaClients.admin(bootstrap);
                var producer = new Closing(producer(List.of("acks", "all", "linger.ms", "0")))) {
            for (int number = 0; !isOver; number++) {
                String name = "made-" + number;
                admin.createTopics(List.of(new NewTopic(name, 1, (short) 1)))
                        .all()
                        .get();
                synchronized (acknowledged) {
                    topics.add(name);
                }
                var done = new Semaphore(0);
                send(producer.producer, TOPIC_WRITER, number, new TopicPartition(name, 0), done::release);
                done.acquire();
                awaitAcknowledged(count() + TOPIC_EVERY_ACKS);
            }
        }
    }

    private void commit() throws Exception {
        try (var admin = JavaClients.admin(bootstrap)) {
            for (long offset = 0; !isOver; offset++) {
                var promise = admin.alterConsumerGroupOffsets(GROUP, Map.of(COMMITTED, new OffsetAndMetadata(offset)));
                try {
                    promise.all().get();
                } catch (ExecutionException refused) {
                    // The coordinator's topic may just be being made; nothing was promised.
                    if (committed >= 0) throw refused;
                    continue;
                }
                committed = offset;
            }
        }
    }

    /** How many records have been acknowledged. */
    int count() {
        synchronized (acknowledged) {
            return acknowledged.size();
        }
    }

    /** Waits until so many records are acknowledged and an offset has been committed. */
    void awaitAcknowledged(int count) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        synchronized (acknowledged) {
            while (!isOver && failures.isEmpty() && (acknowledged.size() < count || committed < 0)) {
                long leftMs = (deadline - System.nanoTime()) / 1_000_000;
                if (leftMs <= 0)
                    throw new AssertionError("only " + acknowledged.size() + " of " + count
                            + " records acknowledged in time; last committed offset " + committed);
                acknowledged.wait(Math.min(leftMs, 100));
            }
            if (!failures.isEmpty()) throw new AssertionError("a client failed: " + failures.getFirst());
        }
    }

    /** What has been promised so far. */
    Promises promises() {
        synchronized (acknowledged) {
            return new Promises(List.copyOf(acknowledged), List.copyOf(topics), committed);
        }
    }

    /** Ends everybody; what is not acknowledged by now is given up. */
    @Override
    public void close() {
        isOver = true;
        for (Thread thread : threads) thread.interrupt();
        for (Thread thread : threads) Await.until("a client of the load has ended", PATIENCE, () -> !thread.isAlive());
    }

    /** A producer that is closed without waiting for what it still has. */
    private record Closing(KafkaProducer<byte[], byte[]> producer) implements AutoCloseable {
        @Override
        public void close() {
            boolean interrupted = Thread.interrupted();
            producer.close(Duration.ZERO);
            if (interrupted) Thread.currentThread().interrupt();
        }
    }
}
