package io.millrace.connection;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Gets the frames of one stream, in order. */
@FunctionalInterface
public interface FrameSink {
    /**
     * A whole frame has come in.
     *
     * @param frame its bytes after the length, from position to limit; valid only during the call, unless there is an owner
     * @param owner the buffer that holds the frame, and now the callee's to release; null if the bytes are on loan for the
     *     call only
     * @return false to get no further frame for now, even if more bytes are there
     */
    boolean onFrame(ByteBuffer frame, @Nullable PooledBuffer owner);
}
