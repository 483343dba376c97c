package io.millrace.server.partitions;

import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import io.millrace.storage.AppendOutcome;
import io.millrace.storage.BatchPreparation;
import io.millrace.storage.LogConfig;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the batches of each partition in the order they came in while helpers work on some of them (ADR 24). Helpers may
 * work on several batches of a partition at once; each is handed on when those before it have been. Touched on the
 * partitions' lane only.
 */
public final class AppendOrder {
    /** Copies of batches that may wait; what comes beyond is worked on by the lane itself, which slows its clients down. */
    private static final long MAX_WAITING_BYTES = 64L << 20;

    /** A batch in its place. */
    private static final class Waiting {
        final int bytes;
        final Consumer<BatchPreparation> then;

        @Nullable
        BatchPreparation outcome;

        Waiting(int bytes, Consumer<BatchPreparation> then) {
            this.bytes = bytes;
            this.then = then;
        }
    }

    private final Map<TopicPartition, ArrayDeque<Waiting>> waiting = new HashMap<>();
    private long waitingBytes;
    private long recompressedBatches;
    private long bytesBefore;
    private long bytesAfter;

    /**
     * Prepares a batch and hands it on: at once if there is nothing to do and nothing before it.
     *
     * @param batch  a client's bytes; copied if they have to wait
     * @param lane   this lane
     * @param append called on this lane, in the order of the calls for the partition
     */
    public void submit(
            TopicPartition partition,
            ByteBuffer batch,
            LogConfig config,
            Lane lane,
            Consumer<BatchPreparation> append) {
        boolean isNeeded = BatchPreparation.isNeeded(batch, config);
        ArrayDeque<Waiting> before = waiting.get(partition);
        if (!isNeeded && before == null) {
            append.accept(new BatchPreparation.Ready(batch, false));
            return;
        }
        ArrayDeque<Waiting> queue = before == null ? new ArrayDeque<>() : before;
        if (before == null) waiting.put(partition, queue);
        ByteBuffer copy = ByteBuffer.allocate(batch.remaining()).put(0, batch, batch.position(), batch.remaining());
        Waiting place = new Waiting(copy.remaining(), append);
        queue.add(place);
        waitingBytes += place.bytes;
        if (!isNeeded || waitingBytes > MAX_WAITING_BYTES) {
            outcome(partition, place, BatchPreparation.of(copy, config));
            return;
        }
        lane.offload(
                () -> BatchPreparation.of(copy, config),
                outcome -> outcome(
                        partition,
                        place,
                        switch (outcome) {
                            case Lane.Outcome.Done<BatchPreparation>(BatchPreparation done) -> done;
                            case Lane.Outcome.Failed<BatchPreparation>(Exception cause) ->
                                new BatchPreparation.Refused(new AppendOutcome.Refused(
                                        ErrorCode.UNKNOWN_SERVER_ERROR,
                                        "The batch could not be packed anew: " + cause));
                        }));
    }

    private void outcome(TopicPartition partition, Waiting place, BatchPreparation outcome) {
        place.outcome = outcome;
        if (outcome instanceof BatchPreparation.Ready ready && ready.wasRecompressed()) {
            recompressedBatches++;
            bytesBefore += place.bytes;
            bytesAfter += ready.batch().remaining();
        }
        ArrayDeque<Waiting> queue = waiting.get(partition);
        while (queue != null) {
            Waiting first = queue.peek();
            if (first == null) {
                waiting.remove(partition);
                return;
            }
            BatchPreparation ready = first.outcome;
            if (ready == null) return;
            queue.remove();
            waitingBytes -= first.bytes;
            first.then.accept(ready);
        }
    }

    /** Batches packed anew since the start, for metrics. */
    public long recompressedBatches() {
        return recompressedBatches;
    }

    /** Bytes they had as they came. */
    public long bytesBefore() {
        return bytesBefore;
    }

    /** Bytes they have as they are stored. */
    public long bytesAfter() {
        return bytesAfter;
    }
}
