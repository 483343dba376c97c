package io.millrace.coordinators.shard.run;

import io.millrace.protocol.ErrorCode;
import java.nio.ByteBuffer;

/** The partition that a shard leads, as the shard sees it. Called only on the shard's lane. */
public interface ShardLog {
    /**
     * Appends one batch as the partition's leader; assigns its offsets and leader epoch in place.
     *
     * <p>It may call {@link ShardRuntime#onHighWatermark} before it returns.
     */
    Appended append(ByteBuffer batch);

    /** Offsets below are committed. */
    long highWatermark();

    /** What became of an append. */
    sealed interface Appended {
        /** The batch is in the log, its last record at {@code lastOffset}. */
        record At(long lastOffset) implements Appended {}

        /** Nothing was written. */
        record Refused(ErrorCode error) implements Appended {}
    }
}
