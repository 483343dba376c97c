package io.millrace.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.Lane;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HostLaneTest {
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private HostHelpers helpers = new HostHelpers(2);
    private HostLane lane = newLane("lane");

    private HostLane newLane(String name) {
        try {
            return new HostLane(name, helpers, (laneName, cause) -> failure.complete(cause));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @BeforeEach
    void start() {
        lane.start();
    }

    @AfterEach
    void stop() {
        lane.stop();
        assertTrue(lane.awaitStopped(10_000));
        assertTrue(helpers.close(10_000));
    }

    private <T> T onLane(java.util.function.Supplier<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        lane.execute(() -> result.complete(work.get()));
        return result.join();
    }

    @Test
    void tasksOfEachSenderRunInTheOrderTheyWereHandedIn() throws Exception {
        int senders = 4;
        int each = 20_000;
        List<List<Integer>> seen = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(senders * each);
        List<Thread> threads = new ArrayList<>();
        for (int s = 0; s < senders; s++) {
            List<Integer> mine = new ArrayList<>();
            seen.add(mine);
            threads.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < each; i++) {
                    int number = i;
                    lane.execute(() -> {
                        mine.add(number);
                        done.countDown();
                    });
                }
            }));
        }
        for (Thread thread : threads) thread.join();
        assertTrue(done.await(30, TimeUnit.SECONDS));
        for (List<Integer> mine : seen) {
            for (int i = 0; i < each; i++) assertEquals(i, mine.get(i));
        }
    }

    @Test
    void noWakeUpIsLostWhenALaneFallsAsleepWhileATaskIsHandedIn() throws Exception {
        // Each round waits for its task, so the lane is always just falling asleep when the next one comes.
        for (int i = 0; i < 20_000; i++) {
            int number = i;
            CompletableFuture<Integer> answer = new CompletableFuture<>();
            lane.execute(() -> answer.complete(number));
            assertEquals(number, answer.get(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void twoLanesThatPassATaskToAndFroLoseNone() throws Exception {
        HostLane other = newLane("other");
        other.start();
        CountDownLatch passes = new CountDownLatch(30_000);
        class Ball implements Runnable {
            @Override
            public void run() {
                passes.countDown();
                if (passes.getCount() == 0) return;
                (lane.isCurrent() ? other : lane).execute(this);
            }
        }
        lane.execute(new Ball());
        assertTrue(passes.await(30, TimeUnit.SECONDS), () -> passes.getCount() + " passes left");
        other.stop();
        assertTrue(other.awaitStopped(10_000));
    }

    @Test
    void aTaskHandedInByATaskRunsAfterThoseAlreadyWaiting() {
        List<String> order = new ArrayList<>();
        CompletableFuture<List<String>> done = new CompletableFuture<>();
        lane.execute(() -> {
            lane.execute(() -> order.add("second"));
            lane.execute(() -> {
                order.add("third");
                lane.execute(() -> done.complete(order));
            });
            order.add("first");
        });
        assertEquals(List.of("first", "second", "third"), done.join());
    }

    @Test
    void timersRunInTheOrderTheyAreDueAndNotEarly() {
        CompletableFuture<List<String>> done = new CompletableFuture<>();
        long startNanos = System.nanoTime();
        lane.execute(() -> {
            List<String> order = new ArrayList<>();
            lane.schedule(30, () -> {
                order.add("late");
                done.complete(order);
            });
            lane.schedule(10, () -> order.add("early"));
            lane.schedule(20, () -> order.add("never")).cancel();
            lane.schedule(0, () -> order.add("at once"));
        });
        assertEquals(List.of("at once", "early", "late"), done.join());
        assertTrue(System.nanoTime() - startNanos >= 30_000_000);
    }

    @Test
    void anIdleLaneDoesNotGoRoundItsLoop() {
        long before = onLane(lane::turns);
        CompletableFuture<Long> later = new CompletableFuture<>();
        lane.execute(() -> lane.schedule(300, () -> later.complete(lane.turns())));
        // One turn each for the task that sets the timer and for the timer, and one for a rounded-up wait.
        assertTrue(later.join() - before <= 5, () -> later.join() + " turns after " + before);
    }

    @Test
    void workThatBlocksIsDoneElsewhereAndAnsweredOnTheLane() {
        CompletableFuture<Lane.Outcome<String>> outcome = new CompletableFuture<>();
        CompletableFuture<Boolean> answeredHere = new CompletableFuture<>();
        lane.execute(() -> lane.offload(() -> Thread.currentThread().getName(), then -> {
            answeredHere.complete(lane.isCurrent());
            outcome.complete(then);
        }));
        assertTrue(answeredHere.join());
        var done = assertInstanceOf(Lane.Outcome.Done.class, outcome.join());
        assertTrue(String.valueOf(done.value()).startsWith("helper-"), () -> "ran on " + done.value());
    }

    @Test
    void workThatThrowsIsAnsweredWithWhatItThrew() {
        IOException thrown = new IOException("the disk is gone");
        CompletableFuture<Lane.Outcome<Object>> outcome = new CompletableFuture<>();
        lane.execute(() -> lane.offload(
                () -> {
                    throw thrown;
                },
                outcome::complete));
        var failed = assertInstanceOf(Lane.Outcome.Failed.class, outcome.join());
        assertSame(thrown, failed.cause());
        assertFalse(lane.isStopped());
    }

    @Test
    void workHandedInAfterTheHelpersClosedIsAnsweredAsFailed() {
        helpers.close();
        CompletableFuture<Lane.Outcome<Integer>> outcome = new CompletableFuture<>();
        lane.execute(() -> lane.offload(() -> 1, outcome::complete));
        var failed = assertInstanceOf(Lane.Outcome.Failed.class, outcome.join());
        assertEquals("the disk helpers have been closed", failed.cause().getMessage());
    }

    @Test
    void aTaskThatThrowsStopsTheLaneAndIsReported() {
        IllegalStateException broken = new IllegalStateException("an invariant broke");
        lane.execute(() -> {
            throw broken;
        });
        assertSame(broken, failure.join());
        assertTrue(lane.awaitStopped(10_000));
        assertTrue(lane.isStopped());
    }

    @Test
    void tasksHandedInBeforeStopAreRunBeforeItStops() {
        List<Integer> ran = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            int number = i;
            lane.execute(() -> ran.add(number));
        }
        lane.stop();
        assertTrue(lane.awaitStopped(10_000));
        assertEquals(1000, ran.size());
    }

    @Test
    void whatBelongsToTheLaneIsRefusedFromOtherThreads() {
        assertThrows(IllegalStateException.class, () -> lane.schedule(1, () -> {}));
        assertThrows(IllegalStateException.class, () -> lane.offload(() -> 1, outcome -> {}));
    }
}
