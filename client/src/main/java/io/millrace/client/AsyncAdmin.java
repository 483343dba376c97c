package io.millrace.client;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An {@link Admin} whose calls are made on an executor's threads, one after another, in the order they were asked for. Any thread
 * may ask.
 *
 * <pre>{@code
 * AsyncAdmin async = admin.async(Executors.newVirtualThreadPerTaskExecutor());
 * async.ask(it -> it.topics().list()).thenAccept(topics -> System.out.println(topics.size()));
 * }</pre>
 */
public final class AsyncAdmin {
    /** Who asks faster than a cluster answers is told so, rather than to have the questions pile up. */
    static final int MOST_WAITING = 1_000;

    private final Admin admin;
    private final Executor executor;
    private final ArrayDeque<Turn<?>> waiting = new ArrayDeque<>();
    private boolean isBusy;

    AsyncAdmin(Admin admin, Executor executor) {
        this.admin = admin;
        this.executor = executor;
    }

    /** A question and who waits for its answer; one that nobody waits for any more is not asked. */
    private record Turn<T>(Function<? super Admin, ? extends T> question, CompletableFuture<T> answer) {
        void take(Admin admin) {
            if (answer.isDone()) return;
            try {
                answer.complete(question.apply(admin));
            } catch (Throwable failure) { // Whatever it is, it is the asker's.
                answer.completeExceptionally(failure);
            }
        }
    }

    /**
     * Makes calls when those asked for before are done.
     *
     * @param question makes one or more calls; it must not keep the admin
     * @return what it returned, or what it threw, such as a {@link ClientFailure}; {@link RejectedExecutionException} if a thousand
     *     questions wait already or the executor takes none. Cancelled before its turn, the question is not asked
     */
    public <T> CompletableFuture<T> ask(Function<? super Admin, ? extends T> question) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        synchronized (waiting) {
            if (waiting.size() >= MOST_WAITING) {
                answer.completeExceptionally(
                        new RejectedExecutionException(MOST_WAITING + " questions wait for the cluster already"));
                return answer;
            }
            waiting.add(new Turn<>(question, answer));
            if (isBusy) return answer;
            isBusy = true;
        }
        try {
            executor.execute(this::takeTurns);
        } catch (RejectedExecutionException e) {
            failAll(e);
        }
        return answer;
    }

    private void takeTurns() {
        for (Turn<?> turn = next(); turn != null; turn = next()) turn.take(admin);
    }

    private @Nullable Turn<?> next() {
        synchronized (waiting) {
            Turn<?> turn = waiting.poll();
            isBusy = turn != null;
            return turn;
        }
    }

    private void failAll(RejectedExecutionException why) {
        for (Turn<?> turn = next(); turn != null; turn = next()) turn.answer().completeExceptionally(why);
    }
}
