package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.compatibility.program.JavaClients;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;

/** Members of a consumer group of the official client's that read what a {@link NumberedLoad} writes, and commit after each poll; any error is kept. */
final class NumberedGroup implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(100);

    private final List<KafkaConsumer<byte[], byte[]>> consumers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final BitSet found = new BitSet();
    private final List<String> failures = new ArrayList<>();
    private int again;
    private long lastNanos = System.nanoTime();
    private long longestSilenceNanos;
    private volatile boolean isEnded;

    /** So many members join. */
    NumberedGroup(String bootstrap, String topic, int members) {
        for (int i = 0; i < members; i++) {
            KafkaConsumer<byte[], byte[]> consumer =
                    JavaClients.consumer(bootstrap, "group.id", "numbers", "session.timeout.ms", "10000");
            consumers.add(consumer);
            threads.add(Thread.ofPlatform().name("member " + i).start(() -> read(consumer, topic)));
        }
    }

    private void read(KafkaConsumer<byte[], byte[]> consumer, String topic) {
        try (consumer) {
            consumer.subscribe(List.of(topic));
            while (!isEnded) {
                var records = consumer.poll(POLL);
                if (records.isEmpty()) continue;
                synchronized (found) {
                    heard();
                    for (ConsumerRecord<byte[], byte[]> record : records) {
                        int number = ByteBuffer.wrap(record.value()).getInt();
                        if (found.get(number)) again++;
                        found.set(number);
                    }
                }
                consumer.commitSync();
            }
        } catch (WakeupException ended) {
            if (!isEnded) fail(ended);
        } catch (RuntimeException failed) {
            fail(failed);
        }
    }

    private void fail(RuntimeException failed) {
        synchronized (found) {
            failures.add(failed.toString());
        }
    }

    private void heard() {
        long now = System.nanoTime();
        longestSilenceNanos = Math.max(longestSilenceNanos, now - lastNanos);
        lastNanos = now;
    }

    /** The longest time, in ms, since the last call in which no member was given anything. */
    long longestSilenceMs() {
        synchronized (found) {
            heard();
            long longest = longestSilenceNanos;
            longestSilenceNanos = 0;
            return TimeUnit.NANOSECONDS.toMillis(longest);
        }
    }

    /** Waits until it has read so many. */
    void await(int count, ReplicatedCluster cluster) {
        Await.until(
                "the group has read " + count,
                PATIENCE,
                () -> {
                    synchronized (found) {
                        return found.cardinality() >= count || !failures.isEmpty();
                    }
                },
                () -> {
                    synchronized (found) {
                        return found.cardinality() + " are read\n" + cluster.output();
                    }
                });
    }

    /** Ends, and checks that no member met an error, that nothing is missing, and that no record was given twice. */
    void end(BitSet written) throws InterruptedException {
        isEnded = true;
        for (Thread thread : threads) thread.join();
        assertEquals(List.of(), failures, "what members met");
        BitSet missing = (BitSet) written.clone();
        missing.andNot(found);
        assertEquals("{}", missing.toString(), "what the group was not given");
        assertEquals(0, again, "records were given twice");
    }

    @Override
    public void close() {
        isEnded = true;
        consumers.forEach(KafkaConsumer::wakeup);
        try {
            for (Thread thread : threads) thread.join(PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
