package io.millrace.cli.consume;

import io.millrace.cli.filter.RecordFilter;
import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.consumer.ConsumerRecords;
import io.millrace.client.consumer.RebalanceListener;
import io.millrace.client.consumer.WokenUp;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** One run as a member of a group. What was printed is committed by a later poll, before partitions go, and at the end. */
final class GroupRun {
    private static final Duration PATIENCE = Duration.ofMillis(500);
    /** A process that is asked to end leaves the group first, unless that takes longer. */
    private static final long LEAVE_SECONDS = 20;

    private final Consumer<byte[], byte[]> consumer;
    private final RecordFilter wanted;
    private final RecordText text;
    private final OutputStream out;
    private final ReadProgress progress;
    private final PrintWriter news;
    private final long count;
    private final boolean isToExit;
    /** Where the log of each partition it has ended when it came; they are what it reads before it exits. */
    private final Map<TopicPartition, Long> ends = new HashMap<>();

    private boolean hasBeenAssigned;
    private long printed;

    /**
     * Nothing is read yet.
     *
     * @param news where it is told which partitions come and go
     * @param count records after which it ends
     * @param isToExit whether it ends, too, once all it has is read up to where the log ended when it was assigned
     */
    GroupRun(
            Consumer<byte[], byte[]> consumer,
            RecordFilter wanted,
            RecordText text,
            OutputStream out,
            ReadProgress progress,
            PrintWriter news,
            long count,
            boolean isToExit) {
        this.consumer = consumer;
        this.wanted = wanted;
        this.text = text;
        this.out = out;
        this.progress = progress;
        this.news = news;
        this.count = count;
        this.isToExit = isToExit;
    }

    /** Prints until there were enough records, or the process is told to end; the consumer is closed in the end. */
    void printAll(String topic) throws IOException {
        CountDownLatch left = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            consumer.wakeup();
            try {
                if (!left.await(LEAVE_SECONDS, TimeUnit.SECONDS)) tell("the group was not left in time");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        try (consumer) {
            consumer.partitionsFor(topic); // Says so if there is no such topic.
            consumer.subscribe(List.of(topic), new News());
            while (printed < count && !(isToExit && isAtEnd())) print(consumer.poll(PATIENCE));
        } catch (WokenUp asked) {
            out.flush();
        } finally {
            left.countDown();
        }
    }

    private boolean isAtEnd() {
        if (!hasBeenAssigned) return false;
        for (Map.Entry<TopicPartition, Long> each : ends.entrySet())
            if (consumer.position(each.getKey()) < each.getValue()) return false;
        return true;
    }

    private void print(ConsumerRecords<byte[], byte[]> records) throws IOException {
        Map<TopicPartition, Long> unread = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (printed == count) {
                unread.putIfAbsent(new TopicPartition(record.topic(), record.partition()), record.offset());
            } else if (wanted.takes(record)) {
                text.write(record, out);
                printed++;
            }
        }
        out.flush();
        unread.forEach(consumer::seek); // What was not printed is not to be committed.
        progress.at(printed, 0, 0);
    }

    private void tell(String what) {
        news.println(what);
        news.flush();
    }

    private void tell(String what, Set<TopicPartition> partitions) {
        if (!partitions.isEmpty())
            tell(what + partitions.stream().map(TopicPartition::toString).collect(Collectors.joining(" ", " ", "")));
    }

    private final class News implements RebalanceListener {
        @Override
        public void onAssigned(Set<TopicPartition> partitions) {
            tell("assigned", partitions);
            if (isToExit && !partitions.isEmpty()) ends.putAll(consumer.endOffsets(partitions));
            hasBeenAssigned = true;
        }

        @Override
        public void onRevoked(Set<TopicPartition> partitions) {
            tell("revoked", partitions);
            ends.keySet().removeAll(partitions);
        }

        @Override
        public void onLost(Set<TopicPartition> partitions) {
            tell("lost", partitions);
            ends.keySet().removeAll(partitions);
        }
    }
}
