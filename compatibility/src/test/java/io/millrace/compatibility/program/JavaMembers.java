package io.millrace.compatibility.program;

import static io.millrace.compatibility.program.RecordRule.text;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.WakeupException;

/** Members of one group in this process: they print what they consume, and leave the group on SIGTERM. */
final class JavaMembers {
    private final String bootstrap;
    private final String topic;
    private final String[] settings;
    private volatile boolean leaving;

    /** With further settings of their consumers: in turn name and value. */
    JavaMembers(String bootstrap, String group, String topic, String... further) {
        this.bootstrap = bootstrap;
        this.settings = Stream.concat(Stream.of("group.id", group), Arrays.stream(further))
                .toArray(String[]::new);
        this.topic = topic;
    }

    void run(int memberCount) throws InterruptedException {
        var left = new CountDownLatch(memberCount);
        var consumers = new ArrayList<KafkaConsumer<byte[], byte[]>>();
        for (int member = 0; member < memberCount; member++) {
            consumers.add(JavaClients.consumer(bootstrap, settings));
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            leaving = true;
            consumers.forEach(KafkaConsumer::wakeup);
            try {
                left.await();
                System.out.println("left");
                System.out.flush();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        for (var consumer : consumers) {
            Thread.ofPlatform().start(() -> {
                consume(consumer);
                left.countDown();
            });
        }
        left.await();
    }

    private void consume(KafkaConsumer<byte[], byte[]> consumer) {
        try (consumer) {
            consumer.subscribe(List.of(topic));
            while (!leaving) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    print("record " + record.partition() + " " + record.offset() + " " + text(record.value()));
                }
                try {
                    consumer.commitSync();
                } catch (CommitFailedException | RebalanceInProgressException e) {
                    print("commit refused: " + e.getMessage());
                }
            }
        } catch (WakeupException e) {
            if (!leaving) throw e;
        }
    }

    private static synchronized void print(String line) {
        System.out.println(line);
    }
}
