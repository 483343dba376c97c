import io.millrace.client.cluster.RetryBackoff;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.consumer.Deserializers;
import io.millrace.client.dispatch.RecordOrder;
import io.millrace.client.dispatch.RetryRules;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.client.worker.ProcessedKeys;
import io.millrace.client.worker.RecordHandler;
import io.millrace.client.worker.RecordWorkers;
import io.millrace.client.worker.TopicProcessedKeys;
import io.millrace.client.worker.WorkerOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Workers of our own on a topic, as an application would use them, with the program's jar on the class path.
 *
 * <pre>
 * BROKER TOPIC GROUP [NAME=VALUE]...
 *   order=KEY concurrency=100 sleep=5   how records are handled: each sleeps so many milliseconds
 *   fail=10 dead=TOPIC                  values divisible by that fail always; they go to that topic
 *   once=TOPIC                          each value once, by the keys in that topic, which are claimed for 3 s
 *   count=N                             ends after so many, and prints "took MS"; otherwise it ends on SIGTERM
 *   print=true                          "begin PARTITION OFFSET" and "end PARTITION OFFSET KEY VALUE" of each
 *   anything else                       is a property of the consumer
 * </pre>
 *
 * It prints "left" after an orderly end, and "failed SENTENCE" if the workers ended by themselves.
 */
final class OwnWorkers {
    private static final String[] OWN = {"order", "concurrency", "sleep", "fail", "dead", "once", "count", "print"};

    private OwnWorkers() {}

    public static void main(String[] args) throws Exception {
        Map<String, String> own = new java.util.HashMap<>(Map.of(
                "order", "KEY", "concurrency", "100", "sleep", "5", "fail", "0", "dead", "", "count", "0", "print", "true"));
        own.put("once", "");
        ConsumerOptions consumer = ConsumerOptions.of(Map.of("bootstrap.servers", args[0], "group.id", args[2]))
                .with("auto.offset.reset", "earliest");
        for (int i = 3; i < args.length; i++) {
            String[] pair = args[i].split("=", 2);
            if (List.of(OWN).contains(pair[0])) own.put(pair[0], pair[1]);
            else consumer = consumer.with(pair[0], pair[1]);
        }
        WorkerOptions options = WorkerOptions.of(
                        Integer.parseInt(own.get("concurrency")), RecordOrder.valueOf(own.get("order")))
                .withRetries(new RetryRules(3, Long.MAX_VALUE, new RetryBackoff(5, 20)))
                .committingEvery(Duration.ofMillis(50));
        if (!own.get("dead").isEmpty())
            options = options.deadLettersTo(own.get("dead"), ProducerOptions.forServers(args[0]));
        long sleepMs = Long.parseLong(own.get("sleep"));
        int fail = Integer.parseInt(own.get("fail"));
        int count = Integer.parseInt(own.get("count"));
        boolean isPrinting = Boolean.parseBoolean(own.get("print"));
        AtomicInteger done = new AtomicInteger();
        AtomicLong firstNanos = new AtomicLong();
        CountDownLatch enough = new CountDownLatch(1);
        RecordHandler<String, String> handler = record -> {
                    firstNanos.compareAndSet(0, System.nanoTime());
                    if (isPrinting) say("begin " + record.partition() + " " + record.offset());
                    if (sleepMs > 0) Thread.sleep(sleepMs);
                    if (isPrinting) say("end " + place(record));
                    if (fail > 0 && Integer.parseInt(record.value()) % fail == 0)
                        throw new IllegalStateException("it is " + record.value());
                    if (done.incrementAndGet() == count) enough.countDown();
                };
        if (!own.get("once").isEmpty()) {
            TopicProcessedKeys keys = TopicProcessedKeys.open(
                    ConsumerOptions.forServers(args[0]),
                    ProducerOptions.forServers(args[0]).with("linger.ms", 0),
                    own.get("once"),
                    Duration.ofSeconds(3),
                    Duration.ofHours(1));
            handler = ProcessedKeys.once(keys, ConsumerRecord::value, handler);
        }
        RecordWorkers workers = RecordWorkers.open(
                consumer, Deserializers.string(), Deserializers.string(), options, handler);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            workers.close();
            say("left");
        }));
        workers.subscribe(List.of(args[1]));
        if (count > 0) {
            enough.await();
            say("took " + (System.nanoTime() - firstNanos.get()) / 1_000_000);
            return; // The hook closes them.
        }
        try {
            workers.await();
        } catch (RuntimeException failure) {
            say("failed " + failure.getMessage());
            Runtime.getRuntime().halt(1);
        }
    }

    private static String place(ConsumerRecord<String, String> record) {
        return record.partition() + " " + record.offset() + " " + record.key() + " " + record.value();
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
