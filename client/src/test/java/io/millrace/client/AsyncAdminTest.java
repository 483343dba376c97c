package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class AsyncAdminTest {
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();

    private void runAll() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) task.run();
    }

    private static Admin admin() {
        return Admin.of(List.of(new HostAndPort("localhost", 1)), AdminOptions.DEFAULT);
    }

    @Test
    void questionsAreAnsweredInTheirOrderByOneTaskAndAFailureIsItsAskersOwn() throws IOException {
        try (Admin admin = admin()) {
            AsyncAdmin async = admin.async(tasks::add);
            List<Integer> order = new ArrayList<>();
            CompletableFuture<Boolean> first = async.ask(it -> order.add(1));
            CompletableFuture<Boolean> second = async.ask(it -> {
                order.add(2);
                throw new ClientFailure.NotSupported("not that");
            });
            CompletableFuture<Boolean> third = async.ask(it -> order.add(3));
            assertEquals(1, tasks.size());
            assertEquals(List.of(), order);

            runAll();

            assertEquals(List.of(1, 2, 3), order);
            assertTrue(first.join() && third.join(), "both were added");
            var failure = assertThrows(CompletionException.class, second::join);
            assertInstanceOf(ClientFailure.NotSupported.class, failure.getCause());
            CompletableFuture<Boolean> later = async.ask(it -> order.add(4));
            runAll();
            assertTrue(later.join(), "it was asked");
        }
    }

    @Test
    void whatWasCancelledBeforeItsTurnIsNotAsked() throws IOException {
        try (Admin admin = admin()) {
            AsyncAdmin async = admin.async(tasks::add);
            List<Integer> order = new ArrayList<>();
            CompletableFuture<Boolean> cancelled = async.ask(it -> order.add(1));
            CompletableFuture<Boolean> asked = async.ask(it -> order.add(2));
            cancelled.cancel(false);
            runAll();
            assertEquals(List.of(2), order);
            assertTrue(asked.join(), "it was asked");
        }
    }

    @Test
    void questionsDoNotPileUpAndAnExecutorThatTakesNoneIsSaid() throws IOException {
        try (Admin admin = admin()) {
            AsyncAdmin async = admin.async(tasks::add);
            List<CompletableFuture<Integer>> all = new ArrayList<>();
            for (int i = 0; i <= AsyncAdmin.MOST_WAITING; i++) all.add(async.ask(it -> 1));
            var tooMany = assertThrows(CompletionException.class, all.getLast()::join);
            assertInstanceOf(RejectedExecutionException.class, tooMany.getCause());
            runAll();
            assertEquals(1, all.getFirst().join());

            AsyncAdmin refused = admin.async(task -> {
                throw new RejectedExecutionException("closed");
            });
            var nobody = assertThrows(CompletionException.class, refused.ask(it -> 1)::join);
            assertTrue(String.valueOf(nobody.getCause()).endsWith(": closed"), nobody::toString);
        }
    }
}
