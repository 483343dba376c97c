package io.millrace.client.producer;

import io.millrace.client.sending.SendResult;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A record on its way: a future that costs next to nothing, as all records of a batch share what they wait for. Waiting
 * suits virtual threads. {@link #toCompletableFuture} makes a future that can be composed; what follows it runs on the
 * producer's callback thread unless it is told otherwise.
 */
public class Delivery implements Future<RecordMetadata> {
    private final BatchOutcome batch;
    private final long timestamp;
    private final int place;
    private final int keyBytes;
    private final int valueBytes;

    Delivery(BatchOutcome batch, int place, long timestamp, int keyBytes, int valueBytes) {
        this.batch = batch;
        this.place = place;
        this.timestamp = timestamp;
        this.keyBytes = keyBytes;
        this.valueBytes = valueBytes;
    }

    int place() {
        return place;
    }

    /** Where the record is; not to be called before it is known, or if it was not delivered. */
    RecordMetadata metadata() {
        if (!(batch.resultOf(place) instanceof SendResult.Written(long baseOffset, long logAppendTimeMs))) {
            throw new IllegalStateException("the record is not known to be delivered");
        }
        return new RecordMetadata(
                batch.topic(),
                batch.partition(),
                baseOffset < 0 ? -1 : baseOffset + batch.placeInPart(place),
                logAppendTimeMs < 0 ? timestamp : logAppendTimeMs,
                keyBytes,
                valueBytes);
    }

    /** Why the record was not delivered; null if it was, or if that is not known yet. */
    @Nullable
    SendFailure failure() {
        if (!(batch.resultOf(place) instanceof SendResult.Failed failed)) return null;
        String own = failed.byRecord().get(batch.placeInPart(place));
        String sentence = own == null ? failed.sentence() : failed.sentence() + "; this record: " + own;
        return new SendFailure(failed.error(), sentence, failed.isOutcomeUnknown());
    }

    @Override
    public boolean isDone() {
        return batch.resultOf(place) != null;
    }

    /** {@inheritDoc} It never is: what was handed in is sent. */
    @Override
    public boolean isCancelled() {
        return false;
    }

    /** {@inheritDoc} It cannot be: false, and nothing happens. */
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        return false;
    }

    /**
     * Waits until it is known what became of the record; that is within {@code delivery.timeout.ms}.
     *
     * @throws ExecutionException if it was not delivered; the cause is a {@link SendFailure}
     */
    @Override
    public RecordMetadata get() throws InterruptedException, ExecutionException {
        batch.await(place, System.nanoTime() + Long.MAX_VALUE / 2);
        return known();
    }

    /**
     * Waits until it is known what became of the record.
     *
     * @throws ExecutionException if it was not delivered; the cause is a {@link SendFailure}
     * @throws TimeoutException if it is not known by then
     */
    @Override
    public RecordMetadata get(long timeout, TimeUnit unit)
            throws InterruptedException, ExecutionException, TimeoutException {
        if (batch.await(place, System.nanoTime() + unit.toNanos(timeout)) == null) {
            throw new TimeoutException("nothing known of the record after " + timeout + " " + unit);
        }
        return known();
    }

    /**
     * Waits as {@link #get()} does, for callers without checked exceptions.
     *
     * @throws SendFailure if the record was not delivered, or the thread was interrupted, which it then still is
     */
    public RecordMetadata await() {
        try {
            batch.await(place, System.nanoTime() + Long.MAX_VALUE / 2);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SendFailure(
                    io.millrace.protocol.ErrorCode.NETWORK_EXCEPTION, "interrupted while waiting for a delivery", true);
        }
        SendFailure failure = failure();
        if (failure != null) throw failure;
        return metadata();
    }

    private RecordMetadata known() throws ExecutionException {
        SendFailure failure = failure();
        if (failure != null) throw new ExecutionException(failure);
        return metadata();
    }

    /** A future of the same outcome; a failure is a {@link SendFailure}. Cancelling it has no effect on the record. */
    public CompletableFuture<RecordMetadata> toCompletableFuture() {
        CompletableFuture<RecordMetadata> future = new CompletableFuture<>();
        batch.whenKnown(this, future);
        return future;
    }
}
