package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Admin;
import io.millrace.client.AdminOptions;
import io.millrace.client.HostAndPort;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.client.worker.ProcessedKeys.Claim;
import io.millrace.client.worker.TopicProcessedKeys;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Business keys in a topic, of several instances at once, on the broker under test (Millrace or Apache). */
final class OwnProcessedKeysTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    /** Longer than a machine stands still; a key whose holder crashed waits so long. */
    private static final Duration CLAIM = Duration.ofSeconds(5);

    /** Until a key that somebody else is about is asked for again. A virtual thread that asked without a pause would hold its carrier. */
    private static final long PAUSE_NANOS = Duration.ofMillis(2).toNanos();

    private static final Duration DONE = Duration.ofHours(1);
    private static final int KEYS = 60;
    private static final int INSTANCES = 3;
    private static final int THREADS = 6;

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with("log.cleaner.backoff.ms=200");

    private static void create(String topic) throws Exception {
        try (Admin admin = Admin.of(List.of(HostAndPort.parse(broker.bootstrap())), AdminOptions.DEFAULT)) {
            TopicProcessedKeys.createTopic(admin, topic, 3, 1, DONE);
            TopicProcessedKeys.createTopic(admin, topic, 3, 1, DONE); // There is one by now, which is fine.
        }
    }

    private static TopicProcessedKeys open(String topic) {
        return TopicProcessedKeys.open(
                ConsumerOptions.forServers(broker.bootstrap()),
                ProducerOptions.forServers(broker.bootstrap()).with("linger.ms", 0),
                topic,
                CLAIM,
                DONE);
    }

    @Test
    void eachKeyIsDealtWithByOneAtATimeAndDoneOnceThoughManyCrash() throws Exception {
        create("claims");
        List<TopicProcessedKeys> instances = new ArrayList<>();
        for (int i = 0; i < INSTANCES; i++) instances.add(open("claims"));
        Map<String, String> holders = new ConcurrentHashMap<>();
        Set<String> done = ConcurrentHashMap.newKeySet();
        Set<String> crashed = ConcurrentHashMap.newKeySet();
        long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int thread = 0; thread < INSTANCES * THREADS; thread++) {
                TopicProcessedKeys keys = instances.get(thread % INSTANCES);
                Random random = new Random(thread);
                String name = "t" + thread + "-";
                all.add(threads.submit(() -> {
                    for (int round = 0; done.size() < KEYS; round++) {
                        assertTrue(System.nanoTime() < deadlineNanos, () -> "only " + done.size() + " are done");
                        String key = "order " + random.nextInt(KEYS);
                        String claimId = name + round;
                        Claim claim = keys.claim(key, claimId);
                        if (claim == Claim.DONE) assertTrue(done.contains(key), () -> key + " is not done");
                        if (claim != Claim.CLAIMED) {
                            LockSupport.parkNanos(PAUSE_NANOS);
                            continue;
                        }
                        String other = holders.putIfAbsent(key, claimId);
                        assertNull(other, () -> key + " is held by " + other + " and " + claimId);
                        holders.remove(key);
                        int what = random.nextInt(10);
                        // Nobody hears of it again; once for a key, so that the test waits for claims to expire once.
                        if (what == 0 && crashed.add(key)) continue;
                        if (what == 1) keys.release(key, claimId);
                        else {
                            assertTrue(done.add(key), () -> key + " is done twice");
                            assertTrue(keys.done(key, claimId));
                        }
                    }
                    return name;
                }));
            }
            for (Future<?> each : all) each.get();
        }
        assertFalse(crashed.isEmpty(), "none crashed");
        instances.forEach(TopicProcessedKeys::close);
        try (TopicProcessedKeys fresh = open("claims")) {
            // A claim is read behind all before it, so this one knows of them all.
            for (String each :
                    IntStream.range(0, KEYS).mapToObj(i -> "order " + i).toList())
                assertEquals(Claim.DONE, fresh.claim(each, "late"), each);
        }
    }

    @Test
    void claimsAreReadBackThoughVirtualThreadsThatAskTooComputeOnAllCarriers() throws Exception {
        create("carriers");
        int carriers = Runtime.getRuntime().availableProcessors();
        AtomicBoolean isOver = new AtomicBoolean();
        CountDownLatch computing = new CountDownLatch(carriers);
        try (TopicProcessedKeys keys = open("carriers");
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            assertEquals(Claim.CLAIMED, keys.claim("known", "first"));
            assertTrue(keys.done("known", "first"));
            Await.until("it has been read that it is done", PATIENCE, () -> keys.claim("known", "other") == Claim.DONE);
            List<Future<?>> all = new ArrayList<>();
            try {
                for (int thread = 0; thread < 8 * carriers; thread++) {
                    all.add(threads.submit(() -> {
                        while (!isOver.get()) {
                            for (int i = 0; i < 1_000; i++) assertEquals(Claim.DONE, keys.claim("known", "other"));
                            computing.countDown();
                            // No virtual thread gets this carrier for longer than a claim holds, unless the test is
                            // over.
                            long untilNanos = System.nanoTime() + 2 * CLAIM.toNanos();
                            while (System.nanoTime() < untilNanos && !isOver.get()) Thread.onSpinWait();
                        }
                        return null;
                    }));
                }
                assertTrue(computing.await(PATIENCE.toSeconds(), TimeUnit.SECONDS), "they do not compute");
                for (int i = 0; i < 20; i++) assertEquals(Claim.CLAIMED, keys.claim("order " + i, "c" + i));
            } finally {
                isOver.set(true);
            }
            for (Future<?> each : all) each.get();
        }
    }
}
