package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.compatibility.program.JavaClients;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Numbers that an idempotent producer writes to the partitions of a topic by turns, with acks=all, until it is told to end; and what has to be found
 * of them: every number that was acknowledged, none twice, in order.
 */
final class NumberedLoad implements AutoCloseable {
    private static final int MOST_UNACKNOWLEDGED = 2_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final String bootstrap;
    private final String topic;
    private final int partitions;
    private final KafkaProducer<byte[], byte[]> producer;
    /** What a test reads again afterwards has to be bounded. */
    private static final int USUAL_PER_SECOND = 10_000;

    private static final long PAUSE_NANOS = 10_000_000;

    private final int burst;

    private final Semaphore room = new Semaphore(MOST_UNACKNOWLEDGED);
    private final BitSet acknowledged = new BitSet();
    private final List<String> failures = new ArrayList<>();
    private final Thread writer;
    private final long[] lastNanos;
    private long longestSilenceNanos;
    private volatile boolean isEnded;

    /** Begins to write. */
    NumberedLoad(String bootstrap, String topic, int partitions) {
        this(bootstrap, topic, partitions, USUAL_PER_SECOND);
    }

    /** Begins to write so many a second at most. */
    NumberedLoad(String bootstrap, String topic, int partitions, int perSecond) {
        burst = (int) (perSecond * PAUSE_NANOS / 1_000_000_000);
        lastNanos = new long[partitions];
        Arrays.fill(lastNanos, System.nanoTime());
        this.bootstrap = bootstrap;
        this.topic = topic;
        this.partitions = partitions;
        producer = JavaClients.producer(
                bootstrap,
                "acks",
                "all",
                "enable.idempotence",
                "true",
                "linger.ms",
                "2",
                "delivery.timeout.ms",
                "120000", // the default; two faults, one after the other, and a start of all nodes come before it
                "request.timeout.ms",
                "5000",
                "reconnect.backoff.max.ms",
                "200",
                "socket.connection.setup.timeout.ms",
                "2000");
        writer = Thread.ofPlatform().start(this::write);
    }

    private void write() {
        for (int next = 0; !isEnded; next++) {
            int number = next;
            if (number % burst == 0) LockSupport.parkNanos(PAUSE_NANOS);
            try {
                room.acquire();
            } catch (InterruptedException e) {
                return;
            }
            byte[] value = ByteBuffer.allocate(200).putInt(number).array();
            var _ = producer.send(
                    new ProducerRecord<>(topic, number % partitions, null, value), (metadata, failure) -> {
                        room.release();
                        synchronized (acknowledged) {
                            if (failure == null) {
                                acknowledged.set(number);
                                heard(number % partitions);
                            } else failures.add(number + ": " + failure);
                        }
                    });
        }
    }

    private void heard(int partition) {
        long now = System.nanoTime();
        longestSilenceNanos = Math.max(longestSilenceNanos, now - lastNanos[partition]);
        lastNanos[partition] = now;
    }

    /** The longest time, in ms, since the last call in which some partition acknowledged nothing. */
    long longestSilenceMs() {
        synchronized (acknowledged) {
            for (int partition = 0; partition < partitions; partition++) heard(partition);
            long longest = longestSilenceNanos;
            longestSilenceNanos = 0;
            return TimeUnit.NANOSECONDS.toMillis(longest);
        }
    }

    /** How many are acknowledged. */
    int count() {
        synchronized (acknowledged) {
            return acknowledged.cardinality();
        }
    }

    /** Waits until so many more are acknowledged. */
    void awaitMore(int more, ReplicatedCluster cluster) {
        awaitMore(more, cluster::output);
    }

    /** Waits until so many more are acknowledged. */
    void awaitMore(int more, Supplier<String> state) {
        int wanted = count() + more;
        Await.until(
                wanted + " are acknowledged",
                PATIENCE,
                () -> count() >= wanted,
                () -> count() + " are\n" + state.get());
    }

    /** Waits until so many more are acknowledged, or so long; how many have been. */
    int awaitMoreOrEnd(int more, Duration atMost) {
        int before = count();
        long deadline = System.nanoTime() + atMost.toNanos();
        while (count() < before + more && System.nanoTime() - deadline < 0) LockSupport.parkNanos(PAUSE_NANOS);
        return count() - before;
    }

    /** Which are acknowledged. */
    BitSet acknowledged() {
        synchronized (acknowledged) {
            return (BitSet) acknowledged.clone();
        }
    }

    /** Where the partitions end. */
    Map<TopicPartition, Long> ends(Admin admin) throws Exception {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++)
            asked.put(new TopicPartition(topic, partition), OffsetSpec.latest());
        Map<TopicPartition, Long> ends = new HashMap<>();
        admin.listOffsets(asked)
                .all()
                .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .forEach((key, end) -> ends.put(key, end.offset()));
        return ends;
    }

    /** Ends the writing, and checks that nothing that was written failed. */
    void end() throws InterruptedException {
        isEnded = true;
        writer.join();
        producer.flush();
        assertEquals(List.of(), failures.stream().limit(10).toList(), "what could not be written");
    }

    /** Reads all there is from leaders, and checks it. */
    void check(ReplicatedCluster cluster) {
        check(cluster::output);
    }

    /** Reads all there is from leaders, and checks it. */
    void check(Supplier<String> state) {
        BitSet found = new BitSet();
        int[] last = new int[partitions];
        Arrays.fill(last, -1);
        List<String> disorders = new ArrayList<>();
        List<TopicPartition> all = new ArrayList<>();
        for (int partition = 0; partition < partitions; partition++) all.add(new TopicPartition(topic, partition));
        try (var consumer = JavaClients.consumer(bootstrap, "max.poll.records", "50000")) {
            consumer.assign(all);
            consumer.seekToBeginning(all);
            var ends = consumer.endOffsets(all);
            Await.until(
                    "all is read",
                    PATIENCE,
                    () -> {
                        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                            int number = ByteBuffer.wrap(record.value()).getInt();
                            found.set(number);
                            if (number <= last[record.partition()])
                                disorders.add(number + " after " + last[record.partition()] + " in "
                                        + record.partition() + " at offset " + record.offset());
                            last[record.partition()] = number;
                        }
                        return all.stream().allMatch(partition -> consumer.position(partition) >= ends.get(partition));
                    },
                    state);
        }
        BitSet missing = (BitSet) acknowledged.clone();
        missing.andNot(found);
        assertEquals(
                "{}",
                missing.toString(),
                () -> "of " + count() + " acknowledged records these are not there\n" + state.get());
        assertEquals(List.of(), disorders.stream().limit(20).toList(), state);
    }

    @Override
    public void close() {
        isEnded = true;
        room.release(MOST_UNACKNOWLEDGED);
        producer.close(Duration.ZERO);
    }
}
