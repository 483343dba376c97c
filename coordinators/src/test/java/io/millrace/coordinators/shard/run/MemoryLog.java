package io.millrace.coordinators.shard.run;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.BatchHeader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A partition in memory; commits what is appended at once, unless told to wait. */
public final class MemoryLog implements ShardLog, ShardLoader {
    private final List<ByteBuffer> batches = new ArrayList<>();
    private long endOffset;
    private long highWatermark;
    private boolean isCommittingAtOnce = true;
    private @Nullable ErrorCode refusal;

    /** From now on the high watermark moves with {@link #commit} only. */
    public void holdCommits() {
        isCommittingAtOnce = false;
    }

    /** Ends {@link #holdCommits}; what waits is committed with {@link #commit}, or with the next that is appended. */
    public void commitAtOnce() {
        isCommittingAtOnce = true;
    }

    /** All that was appended is committed. */
    public void commit() {
        highWatermark = endOffset;
    }

    public void commitTo(long offset) {
        highWatermark = offset;
    }

    /** From now on appends are refused; null for no more. */
    public void refuse(@Nullable ErrorCode error) {
        refusal = error;
    }

    /** The log of a replica that got only what is committed. */
    public MemoryLog committedCopy() {
        MemoryLog copy = new MemoryLog();
        for (ByteBuffer batch : batches) {
            if (BatchHeader.nextOffset(batch, 0) <= highWatermark) copy.append(batch.duplicate());
        }
        return copy;
    }

    /** The log of a replica that got what is committed and some more, and holds commits: it has yet to learn who else has it. */
    public MemoryLog copyUpTo(long untilOffset) {
        MemoryLog copy = new MemoryLog();
        copy.holdCommits();
        copy.highWatermark = highWatermark;
        for (ByteBuffer batch : batches) {
            if (BatchHeader.nextOffset(batch, 0) <= untilOffset) copy.append(batch.duplicate());
        }
        return copy;
    }

    public long endOffset() {
        return endOffset;
    }

    public List<ByteBuffer> batches() {
        return batches;
    }

    @Override
    public Appended append(ByteBuffer batch) {
        if (refusal != null) return new Appended.Refused(refusal);
        ByteBuffer stored =
                ByteBuffer.allocate(batch.remaining()).put(batch.duplicate()).flip();
        BatchHeader.setBaseOffset(stored, 0, endOffset);
        batches.add(stored);
        endOffset = BatchHeader.nextOffset(stored, 0);
        if (isCommittingAtOnce) highWatermark = endOffset;
        return new Appended.At(endOffset - 1);
    }

    @Override
    public long highWatermark() {
        return highWatermark;
    }

    @Override
    public long startOffset() {
        return 0;
    }

    @Override
    public void read(long fromOffset, int maxBytes, Consumer<Slice> then) {
        if (fromOffset >= endOffset) {
            then.accept(new Slice.End());
            return;
        }
        List<ByteBuffer> slice = new ArrayList<>();
        int bytes = 0;
        long nextOffset = fromOffset;
        for (ByteBuffer batch : batches) {
            if (BatchHeader.nextOffset(batch, 0) <= fromOffset) continue;
            if (!slice.isEmpty() && bytes + batch.remaining() > maxBytes) break;
            slice.add(batch);
            bytes += batch.remaining();
            nextOffset = BatchHeader.nextOffset(batch, 0);
        }
        ByteBuffer joined = ByteBuffer.allocate(bytes);
        for (ByteBuffer batch : slice) joined.put(batch.duplicate());
        then.accept(new Slice.Batches(joined.flip(), nextOffset));
    }
}
