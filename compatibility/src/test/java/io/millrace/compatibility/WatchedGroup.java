package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Official consumers of one group that commit what they have read, and what has to hold of them: no record is passed over, nobody begins before
 * what was committed, and the coordinator has what it acknowledged. The topic's offsets have to be without gaps.
 */
final class WatchedGroup implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final String bootstrap;
    private final String group;
    private final String topic;
    private final List<Thread> members = new ArrayList<>();
    private volatile boolean isToStop;

    // Guarded by this.
    private final Map<TopicPartition, Long> acknowledged = new HashMap<>();
    private final Map<TopicPartition, Long> read = new HashMap<>();
    private final List<String> faults = new ArrayList<>();
    private final List<String> refusedCommits = new ArrayList<>();
    private long records;

    /** Begins with so many members. */
    WatchedGroup(String bootstrap, String group, String topic, int memberCount) {
        this.bootstrap = bootstrap;
        this.group = group;
        this.topic = topic;
        for (int i = 0; i < memberCount; i++)
            members.add(Thread.ofPlatform().name(group + "-" + i).daemon().start(this::consume));
    }

    private void consume() {
        try (var consumer = JavaClients.consumer(
                bootstrap,
                "group.id",
                group,
                "session.timeout.ms",
                "10000",
                "heartbeat.interval.ms",
                "1000",
                "reconnect.backoff.max.ms",
                "200",
                "socket.connection.setup.timeout.ms",
                "2000")) {
            consumer.subscribe(List.of(topic));
            while (!isToStop) pollAndCommit(consumer);
        } catch (RuntimeException e) {
            synchronized (this) {
                faults.add(Thread.currentThread().getName() + " ended: " + e);
            }
        }
    }

    private void pollAndCommit(KafkaConsumer<byte[], byte[]> consumer) {
        Map<TopicPartition, Long> before;
        synchronized (this) {
            before = Map.copyOf(acknowledged);
        }
        Map<TopicPartition, Long> firsts = new HashMap<>();
        Map<TopicPartition, OffsetAndMetadata> ends = new HashMap<>();
        int count = 0;
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
            TopicPartition partition = new TopicPartition(record.topic(), record.partition());
            firsts.putIfAbsent(partition, record.offset());
            ends.put(partition, new OffsetAndMetadata(record.offset() + 1));
            count++;
        }
        if (count == 0) return;
        synchronized (this) {
            records += count;
            firsts.forEach((partition, first) -> {
                long until = read.getOrDefault(partition, 0L);
                if (first > until) faults.add(partition + " was read to " + until + ", then from " + first);
                read.merge(partition, ends.get(partition).offset(), Math::max);
            });
        }
        try {
            consumer.commitSync(ends);
        } catch (KafkaException e) {
            synchronized (this) {
                refusedCommits.add(e.toString()); // the partitions are another's, who reads these records again
            }
            return;
        }
        synchronized (this) {
            // Its commit was taken: it had the partition all the time since it asked for these records.
            firsts.forEach((partition, first) -> {
                if (first < before.getOrDefault(partition, 0L))
                    faults.add(partition + " was read from " + first + " though committed to " + before.get(partition));
                acknowledged.merge(partition, ends.get(partition).offset(), Math::max);
            });
        }
    }

    private synchronized long records() {
        return records;
    }

    /** Waits until so many more records have been read. */
    void awaitMore(long more, Supplier<String> state) {
        long wanted = records() + more;
        Await.until("the group reads on", PATIENCE, () -> records() >= wanted, () -> summary() + "\n" + state.get());
    }

    /** What was acknowledged is what the coordinator has, at least; and no member has found anything amiss. */
    void check(Admin admin, Supplier<String> state) throws Exception {
        Map<TopicPartition, Long> before;
        synchronized (this) {
            before = Map.copyOf(acknowledged);
        }
        var held = admin.listConsumerGroupOffsets(group)
                .partitionsToOffsetAndMetadata()
                .get(60, TimeUnit.SECONDS);
        before.forEach((partition, offset) -> assertTrue(
                held.get(partition) != null && held.get(partition).offset() >= offset,
                () -> partition + " was acknowledged at " + offset + " and is " + held + "\n" + state.get()));
        synchronized (this) {
            assertEquals(List.of(), faults.stream().limit(10).toList(), state);
        }
    }

    /** Waits until all there is has been read and committed, and ends the members. */
    void end(Map<TopicPartition, Long> ends, Supplier<String> state) throws InterruptedException {
        Await.until(
                "all is read and committed",
                PATIENCE,
                () -> {
                    synchronized (this) {
                        return ends.equals(acknowledged);
                    }
                },
                () -> "ends " + ends + "; " + summary() + "\n" + state.get());
        isToStop = true;
        for (Thread member : members) member.join(PATIENCE);
    }

    /** What it has done so far. */
    synchronized String summary() {
        return group + ": " + records + " records read, acknowledged " + acknowledged + ", commits refused "
                + refusedCommits.size() + " " + refusedCommits.stream().limit(3).toList() + ", faults " + faults;
    }

    @Override
    public void close() {
        isToStop = true;
    }
}
