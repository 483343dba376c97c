package io.millrace.client.sending.run;

import io.millrace.client.sending.Batch;
import org.jspecify.annotations.Nullable;

/** The batch of one partition that still takes records, wherever it is kept. Asked on the lane; never waits. */
@FunctionalInterface
public interface OpenBatches {
    /**
     * Ends the batch that takes records.
     *
     * @return null if there is none, or if another thread is at it; that thread then ends it and hands it in by
     *     {@link SenderLane#sealed}
     */
    @Nullable
    Batch trySeal();
}
