package io.millrace.client.producer;

import io.millrace.client.facade.CallbackThread;
import io.millrace.client.transaction.GroupOffsets;
import io.millrace.client.transaction.TransactionPhase;
import io.millrace.client.transaction.TransactionTrouble;
import io.millrace.client.transaction.run.CommandEnd;
import io.millrace.client.transaction.run.TransactionLane;
import io.millrace.environment.Lane;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The transactional calls of an application: each is carried out on the lane, and waited for. A call that was not waited for
 * to its end goes on, and the same call made again waits for it.
 */
final class TransactionCalls implements TransactionLane.Listener {
    /** Commands, in the words of an application. */
    private enum Verb {
        INITIALIZE("initTransactions"),
        BEGIN("beginTransaction"),
        SEND_OFFSETS("sendOffsetsToTransaction"),
        COMMIT("commitTransaction"),
        ABORT("abortTransaction");

        private final String method;

        Verb(String method) {
            this.method = method;
        }
    }

    private record Call(
            Verb verb, @Nullable GroupOffsets offsets, CompletableFuture<Optional<TransactionTrouble>> outcome) {
        boolean isSame(Call other) {
            return verb == other.verb && Objects.equals(offsets, other.offsets);
        }
    }

    private static final System.Logger LOG = System.getLogger(Producer.class.getName());

    private final String clientId;
    private final Lane lane;
    private final long maxBlockMs;
    private final CallbackThread callbacks;
    /** The call that is waited for, or was not to its end. */
    private final AtomicReference<@Nullable Call> unfinished = new AtomicReference<>();

    private volatile TransactionPhase phase = TransactionPhase.UNINITIALIZED;
    private volatile @Nullable TransactionTrouble trouble;
    private volatile String retrying = "";
    /** Ends, with a sentence, when a broker does not let this client in; another one is next then. */
    private volatile CompletableFuture<String> refusal = new CompletableFuture<>();

    TransactionCalls(String clientId, Lane lane, long maxBlockMs, CallbackThread callbacks) {
        this.clientId = clientId;
        this.lane = lane;
        this.maxBlockMs = maxBlockMs;
        this.callbacks = callbacks;
    }

    @Override
    public void onPhase(TransactionPhase now, @Nullable TransactionTrouble why) {
        trouble = why;
        phase = now;
    }

    @Override
    public void onRetry(String sentence) {
        retrying = sentence;
    }

    /** A broker does not let this client in, which no waiting mends. The lane's. */
    void loginRefused(String sentence) {
        CompletableFuture<String> told = refusal;
        refusal = new CompletableFuture<>();
        told.complete(sentence);
    }

    /** The lane has broken: nothing will be told any more. */
    void broke(Throwable cause) {
        Call waiting = unfinished.get();
        if (waiting != null) waiting.outcome().completeExceptionally(cause);
    }

    /** Throws unless records can be taken into a transaction now. */
    void requireOpen() {
        if (phase == TransactionPhase.OPEN) return;
        TransactionTrouble why = trouble;
        if (why != null) throw TransactionFailure.of(why);
        throw new IllegalStateException(
                phase == TransactionPhase.UNINITIALIZED
                        ? "the producer is transactional: call initTransactions and beginTransaction first"
                        : "no transaction is open: call beginTransaction first");
    }

    void initialize(TransactionLane transactions) {
        call(transactions, new Call(Verb.INITIALIZE, null, new CompletableFuture<>()), transactions::initialize);
    }

    void begin(TransactionLane transactions) {
        call(transactions, new Call(Verb.BEGIN, null, new CompletableFuture<>()), then -> {
            transactions.beginTransaction();
            then.ended(null);
        });
    }

    void sendOffsets(TransactionLane transactions, GroupOffsets offsets) {
        call(
                transactions,
                new Call(Verb.SEND_OFFSETS, offsets, new CompletableFuture<>()),
                then -> transactions.sendOffsets(offsets, then));
    }

    void commit(TransactionLane transactions) {
        call(transactions, new Call(Verb.COMMIT, null, new CompletableFuture<>()), transactions::commit);
    }

    void abort(TransactionLane transactions) {
        call(transactions, new Call(Verb.ABORT, null, new CompletableFuture<>()), transactions::abort);
    }

    /** Waits for an end that is under way, or aborts what is open; not longer than a call waits. */
    void endBeforeClose(TransactionLane transactions, long deadlineNanos) {
        long leftMs = Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime()));
        try {
            endWithin(transactions, Math.min(leftMs, maxBlockMs));
        } catch (TransactionFailure | IllegalStateException failure) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    clientId + ": closed before the end of its transaction was known, which the cluster aborts"
                            + " after transaction.timeout.ms if need be",
                    failure);
        }
    }

    private void endWithin(TransactionLane transactions, long waitMs) {
        Call before = unfinished.get();
        boolean isEnding = before != null && (before.verb() == Verb.COMMIT || before.verb() == Verb.ABORT);
        if (before != null && isEnding) {
            await(before, waitMs);
        } else if (phase == TransactionPhase.OPEN || phase == TransactionPhase.ABORTABLE) {
            Call abort = new Call(Verb.ABORT, null, new CompletableFuture<>());
            unfinished.set(abort);
            start(transactions, abort, transactions::abort);
            await(abort, waitMs);
        }
    }

    private void call(TransactionLane transactions, Call fresh, Consumer<CommandEnd> command) {
        if (callbacks.isCurrent()) {
            throw new IllegalStateException("a callback cannot wait for what comes after it");
        }
        Call before = unfinished.get();
        if (before != null && before.isSame(fresh)) {
            await(before, maxBlockMs);
            return;
        }
        // Offsets on their way are given up with their transaction.
        boolean mayPass = before == null || (fresh.verb() == Verb.ABORT && before.verb() == Verb.SEND_OFFSETS);
        if (!mayPass || !unfinished.compareAndSet(before, fresh)) {
            throw new IllegalStateException((before == null ? "another call" : before.verb().method)
                    + " is still under way: call it again until it is known what came of it");
        }
        start(transactions, fresh, command);
        await(fresh, maxBlockMs);
    }

    private void start(TransactionLane transactions, Call call, Consumer<CommandEnd> command) {
        lane.execute(() -> {
            TransactionTrouble why = transactions.trouble();
            if (why != null && (why.isFatal() || call.verb() != Verb.ABORT)) {
                call.outcome().complete(Optional.of(why));
                return;
            }
            try {
                command.accept(then -> call.outcome().complete(Optional.ofNullable(then)));
            } catch (IllegalStateException refused) {
                call.outcome().completeExceptionally(refused);
            }
        });
    }

    private void await(Call call, long waitMs) {
        CompletableFuture<String> refused = refusal;
        try {
            CompletableFuture.anyOf(call.outcome(), refused).get(waitMs, TimeUnit.MILLISECONDS);
            if (!call.outcome().isDone())
                throw TransactionFailure.loginRefused(
                        call.verb().method + " waits for a broker that does not let it in: " + refused.join()
                                + "; it goes on, and can be waited for by calling it again");
            Optional<TransactionTrouble> outcome = call.outcome().join();
            unfinished.compareAndSet(call, null);
            if (outcome.isPresent()) throw TransactionFailure.of(outcome.get());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw TransactionFailure.timeout("interrupted while waiting for " + call.verb().method);
        } catch (TimeoutException e) {
            String why = retrying;
            throw TransactionFailure.timeout(call.verb().method + " has not ended after " + waitMs
                    + " ms; it goes on, and can be waited for by calling it again"
                    + (why.isEmpty() ? "" : "; last trouble: " + why));
        } catch (ExecutionException e) {
            unfinished.compareAndSet(call, null);
            Throwable cause = e.getCause();
            throw new IllegalStateException(cause == null ? "broken" : String.valueOf(cause.getMessage()), cause);
        }
    }
}
