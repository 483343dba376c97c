package io.millrace.connection;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Cuts one peer's stream of bytes into frames: a length of four bytes, big endian, then as many bytes. It does not read by
 * itself; its owner asks {@link #target} where to read to, and says {@link #filled} afterwards.
 *
 * <p>Most bytes pass through the lane's shared buffer, and frames that are whole in it are handed out where they lie. A
 * frame that is cut off is completed in a pooled buffer; if much of it is missing, it is read into that buffer directly.
 * Between frames a reader holds no buffer.
 *
 * <p>A length is only a claim. A stream gets memory at once for a frame no larger than those it has sent before, else in
 * proportion to the bytes that have come; and beyond {@link BufferPool#SMALL_BYTES} only within the pool's budget.
 *
 * <p>Guarded by {@code FrameBenchmark}.
 */
public final class FrameReader {
    /** A frame that lacks at least this many bytes is read straight into its own buffer, to save the copy. */
    private static final int DIRECT_READ_BYTES = 16 * 1024;

    /** What the length of a frame is believed without evidence. */
    private static final int INITIAL_TRUST_BYTES = 64 * 1024;

    /** How much more than what has come already is made room for. */
    private static final int GROWTH_FACTOR = 4;

    /** What came of the bytes that were read. */
    public sealed interface Progress {
        /** All of them were dealt with; more are welcome. */
        record Going() implements Progress {}

        /** The sink wants no more for now; the rest is held for {@link #resume}. */
        record Held() implements Progress {}

        /** A large frame needs memory that is not there; {@link #resume} when the pool has some. */
        record Starved() implements Progress {}

        /** The stream cannot go on. */
        record Refused(CloseReason reason) implements Progress {}

        /** The stream began in another protocol, and cannot go on. */
        record Foreign(ForeignProtocol protocol) implements Progress {}
    }

    private static final Progress GOING = new Progress.Going();
    private static final Progress HELD = new Progress.Held();
    private static final Progress STARVED = new Progress.Starved();

    private BufferPool pool;
    private int maxFrameBytes;
    private int trustBytes = INITIAL_TRUST_BYTES;
    private long framesBegun;

    /** How many bytes of the length have come, from 0 to 3, and their value so far. */
    private int lengthBytesSeen;

    private int lengthSoFar;

    /** The cut-off frame: its buffer's position is how much has come. */
    private @Nullable PooledBuffer partial;

    private int partialFrameBytes;

    /** Bytes that came behind the last frame the sink wanted. */
    private @Nullable PooledBuffer held;

    /** Whether the target last given out is the buffer of the cut-off frame. */
    private boolean readsIntoPartial;

    private boolean isReleased;

    /**
     * A reader at the beginning of a stream.
     *
     * @param maxFrameBytes longest frame allowed, without its length field; {@link BufferPool#MAX_BYTES} at most counts
     */
    public FrameReader(BufferPool pool, int maxFrameBytes) {
        this.pool = pool;
        this.maxFrameBytes = Math.min(maxFrameBytes, BufferPool.MAX_BYTES);
    }

    /** Changes the longest frame allowed, from the next frame on. */
    public void limitFrames(int newMaxFrameBytes) {
        maxFrameBytes = Math.min(newMaxFrameBytes, BufferPool.MAX_BYTES);
    }

    /** Whether a frame, or its length, has come in part. */
    public boolean isInFrame() {
        return partial != null || lengthBytesSeen > 0;
    }

    /** Whether bytes wait for {@link #resume}; nothing may be read before. */
    public boolean isHolding() {
        return held != null || isPartialStarved();
    }

    /** Counts the frames whose length has come: the same number means that it is still the same frame. */
    public long framesBegun() {
        return framesBegun;
    }

    /** Length of the frame that has come in part, 0 if there is none or its length is not known yet. */
    public int partialFrameBytes() {
        return partial == null ? 0 : partialFrameBytes;
    }

    /**
     * Where to read the next bytes to.
     *
     * @param shared the lane's buffer, for use until {@link #filled} returns
     */
    public ByteBuffer target(ByteBuffer shared) {
        if (isHolding()) throw new IllegalStateException("bytes are held; they come before those not read yet");
        PooledBuffer buffer = partial;
        readsIntoPartial = buffer != null && partialRoom(buffer) >= DIRECT_READ_BYTES;
        return buffer != null && readsIntoPartial ? limitToFrame(buffer) : shared.clear();
    }

    /**
     * Where to read to without going beyond the end of the frame, or the length, that has come in part.
     *
     * @param shared as for {@link #target}
     * @throws IllegalStateException between frames
     */
    public ByteBuffer targetWithinFrame(ByteBuffer shared) {
        if (!isInFrame()) throw new IllegalStateException("no frame has come in part");
        ByteBuffer into = target(shared);
        if (readsIntoPartial) return into;
        PooledBuffer buffer = partial;
        return into.limit(buffer == null ? Integer.BYTES - lengthBytesSeen : partialRoom(buffer));
    }

    /**
     * Takes its buffers from another pool from now on.
     *
     * @throws IllegalStateException unless it is between frames and holds nothing
     */
    public void lendFrom(BufferPool other) {
        if (isInFrame() || isHolding()) throw new IllegalStateException("a reader with buffers cannot change its pool");
        pool = other;
    }

    /**
     * Takes the bytes that have been read.
     *
     * @param target what {@link #target} returned, with its position behind the last byte read
     */
    public Progress filled(ByteBuffer target, FrameSink sink) {
        PooledBuffer buffer = partial;
        if (buffer != null && readsIntoPartial) {
            if (!isPartialFull(buffer)) return GOING;
            return finishOrGrowPartial(sink);
        }
        Progress progress = takeAll(target.flip(), sink);
        if (stops(progress) && target.hasRemaining()) hold(target);
        return progress;
    }

    /** Goes on after {@link Progress.Held} or {@link Progress.Starved}. */
    public Progress resume(FrameSink sink) {
        if (isPartialStarved()) {
            Progress progress = finishOrGrowPartial(sink);
            if (!(progress instanceof Progress.Going)) return progress;
        }
        PooledBuffer rest = held;
        if (rest == null) return GOING;
        Progress progress = takeAll(rest.bytes(), sink);
        if (isReleased) return progress;
        if (stops(progress) && rest.bytes().hasRemaining()) return progress;
        held = null;
        rest.release();
        return progress;
    }

    /** Gives all buffers back; the reader is not used any more. May be called while the sink has a frame. */
    public void release() {
        isReleased = true;
        if (partial != null) partial.release();
        if (held != null) held.release();
        partial = null;
        held = null;
    }

    private Progress takeAll(ByteBuffer in, FrameSink sink) {
        while (in.hasRemaining()) {
            Progress progress = partial == null ? takeFrame(in, sink) : completePartial(in, sink);
            if (!(progress instanceof Progress.Going)) return progress;
        }
        return GOING;
    }

    private Progress takeFrame(ByteBuffer in, FrameSink sink) {
        if (!takeLength(in)) return GOING;
        int frameBytes = lengthSoFar;
        lengthBytesSeen = 0;
        framesBegun++;
        if (framesBegun == 1) {
            ForeignProtocol foreign = ForeignProtocol.of(frameBytes).orElse(null);
            if (foreign != null) return new Progress.Foreign(foreign);
        }
        CloseReason refusal = refusal(frameBytes);
        if (refusal != null) return new Progress.Refused(refusal);
        if (in.remaining() < frameBytes) {
            beginPartial(frameBytes, in);
            return isPartialFull(requirePartial()) ? finishOrGrowPartial(sink) : GOING;
        }
        int at = in.position();
        in.position(at + frameBytes);
        return deliver(in.slice(at, frameBytes), null, sink);
    }

    private boolean takeLength(ByteBuffer in) {
        if (lengthBytesSeen == 0 && in.remaining() >= Integer.BYTES) {
            lengthSoFar = in.getInt();
            return true;
        }
        if (lengthBytesSeen == 0) lengthSoFar = 0;
        while (in.hasRemaining() && lengthBytesSeen < Integer.BYTES) {
            lengthSoFar = (lengthSoFar << 8) | (in.get() & 0xff);
            lengthBytesSeen++;
        }
        return lengthBytesSeen == Integer.BYTES;
    }

    private @Nullable CloseReason refusal(int frameBytes) {
        if (frameBytes < 0) {
            return new CloseReason(
                    CloseReason.Kind.FRAME_REFUSED, "sent a frame whose length is negative: " + frameBytes);
        }
        if (frameBytes > maxFrameBytes) {
            return new CloseReason(
                    CloseReason.Kind.FRAME_REFUSED,
                    "sent a frame of " + frameBytes + " bytes, the most allowed here is " + maxFrameBytes);
        }
        return null;
    }

    private void beginPartial(int frameBytes, ByteBuffer in) {
        int roomBytes = Math.min(frameBytes, roomFor(in.remaining()));
        // What has come fits in a small buffer, as the shared buffer is no larger; growing is where it may starve.
        PooledBuffer buffer = pool.tryLend(roomBytes, this).orElse(null);
        if (buffer == null) buffer = pool.lend(Math.min(frameBytes, BufferPool.SMALL_BYTES));
        buffer.bytes().put(in);
        partial = buffer;
        partialFrameBytes = frameBytes;
    }

    private int roomFor(int receivedBytes) {
        return (int) Math.min(Integer.MAX_VALUE / 2, Math.max(trustBytes, (long) receivedBytes * GROWTH_FACTOR));
    }

    private Progress completePartial(ByteBuffer in, FrameSink sink) {
        PooledBuffer buffer = requirePartial();
        ByteBuffer bytes = limitToFrame(buffer);
        int takenBytes = Math.min(in.remaining(), bytes.remaining());
        bytes.put(bytes.position(), in, in.position(), takenBytes);
        bytes.position(bytes.position() + takenBytes);
        in.position(in.position() + takenBytes);
        return isPartialFull(buffer) ? finishOrGrowPartial(sink) : GOING;
    }

    private Progress finishOrGrowPartial(FrameSink sink) {
        PooledBuffer buffer = requirePartial();
        int receivedBytes = buffer.bytes().position();
        if (receivedBytes == partialFrameBytes) {
            partial = null;
            trustBytes = Math.max(trustBytes, partialFrameBytes);
            return deliver(buffer.bytes().flip(), buffer, sink);
        }
        int roomBytes = Math.min(partialFrameBytes, roomFor(receivedBytes));
        PooledBuffer larger = pool.tryLend(roomBytes, this).orElse(null);
        if (larger == null) return STARVED;
        larger.bytes().put(buffer.bytes().flip());
        buffer.release();
        partial = larger;
        return GOING;
    }

    private static Progress deliver(ByteBuffer frame, @Nullable PooledBuffer owner, FrameSink sink) {
        return sink.onFrame(frame, owner) ? GOING : HELD;
    }

    private static boolean stops(Progress progress) {
        return progress instanceof Progress.Held || progress instanceof Progress.Starved;
    }

    private void hold(ByteBuffer in) {
        if (isReleased) return;
        PooledBuffer buffer = pool.lend(in.remaining());
        buffer.bytes().put(in).flip();
        held = buffer;
    }

    private boolean isPartialStarved() {
        return partial != null && isPartialFull(partial);
    }

    private boolean isPartialFull(PooledBuffer buffer) {
        return partialRoom(buffer) == 0;
    }

    private int partialRoom(PooledBuffer buffer) {
        return Math.min(partialFrameBytes, buffer.capacityBytes())
                - buffer.bytes().position();
    }

    private ByteBuffer limitToFrame(PooledBuffer buffer) {
        return buffer.bytes().limit(Math.min(partialFrameBytes, buffer.capacityBytes()));
    }

    private PooledBuffer requirePartial() {
        PooledBuffer buffer = partial;
        if (buffer == null) throw new IllegalStateException("no frame has come in part");
        return buffer;
    }
}
