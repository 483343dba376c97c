package io.millrace.connection.run;

import io.millrace.connection.BufferPool;
import io.millrace.connection.ConversationCounters;
import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.protocol.ProtocolWriter;
import java.nio.ByteBuffer;

/**
 * What all conversations of one lane share: its clock, one buffer to read into, a pool, one writer of messages, and the
 * counters. A conversation that is idle therefore owns no buffer.
 */
public final class ConversationLane {
    /** Read at once by any conversation; measured better than a buffer for each. */
    private static final int READ_BUFFER_BYTES = BufferPool.SMALL_BYTES;

    private static final int WRITER_BYTES = 16 * 1024;

    /** A writer that has grown beyond this is not kept. */
    private static final int MAX_KEPT_WRITER_BYTES = 1024 * 1024;

    /** Stands in a gathering array where no buffer is. */
    static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** Buffers given to one gathering write. */
    static final int MAX_GATHERED = 64;

    private final Lane lane;
    private final Clock clock;
    private final BufferPool pool;
    private final ConversationCounters counters = new ConversationCounters();
    private final ByteBuffer readBuffer = ByteBuffer.allocateDirect(READ_BUFFER_BYTES);
    private final ByteBuffer[] gathered = new ByteBuffer[MAX_GATHERED];
    private ProtocolWriter writer = new ProtocolWriter(WRITER_BYTES);

    /** What the conversations of {@code lane} share from now on. */
    public ConversationLane(Lane lane, Clock clock, BufferPool pool) {
        this.lane = lane;
        this.clock = clock;
        this.pool = pool;
    }

    /** The lane. */
    public Lane lane() {
        return lane;
    }

    /** Counts what the lane's conversations do; touched on the lane only. */
    public ConversationCounters counters() {
        return counters;
    }

    /** The lane's buffers. */
    public BufferPool pool() {
        return pool;
    }

    long nowMs() {
        return clock.monotonicMs();
    }

    ByteBuffer readBuffer() {
        return readBuffer;
    }

    /** An array to gather buffers in, for one call; its user replaces them by {@link #NOTHING} afterwards, so that
     * none is kept alive by it. */
    ByteBuffer[] gathered() {
        return gathered;
    }

    /** The writer, empty. What it wrote has to be copied before the next message. */
    ProtocolWriter writer() {
        writer.reset();
        return writer;
    }

    /** Says how large the last message was, so that one large message does not pin its memory. */
    void wroteMessage(long sizeBytes) {
        if (sizeBytes > MAX_KEPT_WRITER_BYTES) writer = new ProtocolWriter(WRITER_BYTES);
    }
}
