package io.millrace.storage.compaction;

import io.millrace.records.BatchHeader;
import io.millrace.records.BatchRewriter;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.RecordWalk;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Decides batch by batch, in the order of a log from its first one, what of it is kept:
 *
 * <ul>
 *   <li>of records with the same key the last one;
 *   <li>a tombstone until its delete horizon has passed, which is set when compaction first meets it (KIP-534);
 *   <li>of aborted transactions nothing;
 *   <li>a transaction's marker as long as any of its batches is there, and from then on until a horizon has passed;
 *   <li>the last batch of a producer, without its records if none of them is kept;
 *   <li>batches that end behind {@code untilOffset}, as they are.
 * </ul>
 */
public final class BatchFilter {
    private final LatestOffsets latest;
    private final long untilOffset;
    private final AbortedRanges aborted;
    private final Map<Long, LastOfProducer> lastOfProducers;
    private final long wallMs;
    private final long deleteRetentionMs;
    private final RecordWalk walk;
    private final KeyBlock keys;
    private final BitSet isLatest = new BitSet();
    private int keysFound;
    private final BatchRewriter rewriter = new BatchRewriter();
    private final Set<Long> withData = new HashSet<>();
    private ByteBuffer rewritten = ByteBuffer.allocate(0);
    private boolean keepsAbort;
    private long recordsRead;
    private long recordsKept;

    /**
     * A filter for one run through a log.
     *
     * @param latest          the last offset of every key below {@code untilOffset} and above what was compacted before
     * @param untilOffset     the first offset that is left alone; a batch begins there
     * @param lastOfProducers by producer id
     * @param wallMs          now, in milliseconds since 1970
     * @param deleteRetentionMs {@code delete.retention.ms}
     */
    public BatchFilter(
            LatestOffsets latest,
            long untilOffset,
            AbortedRanges aborted,
            Map<Long, LastOfProducer> lastOfProducers,
            long wallMs,
            long deleteRetentionMs,
            DecompressionLimit limit) {
        this.latest = latest;
        this.untilOffset = untilOffset;
        this.aborted = aborted;
        this.lastOfProducers = lastOfProducers;
        this.wallMs = wallMs;
        this.deleteRetentionMs = deleteRetentionMs;
        this.walk = new RecordWalk(limit);
        this.keys = latest.block();
    }

    /** What becomes of a batch. */
    public enum Verdict {
        /** It stays as it is. */
        STAYS,
        /** {@link #rewritten} takes its place. */
        REWRITTEN,
        /** Nothing of it is kept. */
        GOES
    }

    /**
     * Decides about the batch at {@code at}, which is whole.
     *
     * @param isLast whether the file would lose its last offset with it; then at least an empty batch is kept
     * @throws io.millrace.records.InvalidBatch if its records cannot be read
     */
    public Verdict filter(ByteBuffer batch, int at, boolean isLast) {
        int recordCount = BatchHeader.recordCount(batch, at);
        recordsRead += recordCount;
        Verdict verdict = BatchHeader.isControl(batch, at) ? marker(batch, at, isLast) : data(batch, at, isLast);
        switch (verdict) {
            case STAYS -> recordsKept += recordCount;
            case REWRITTEN -> recordsKept += BatchHeader.recordCount(rewritten, 0);
            case GOES -> {}
        }
        return verdict;
    }

    /** The batch that takes the place of the last one; from position 0 to its limit, until the next call. */
    public ByteBuffer rewritten() {
        return rewritten;
    }

    private Verdict rewrittenAs(ByteBuffer batch) {
        rewritten = batch;
        return Verdict.REWRITTEN;
    }

    private Verdict emptied(ByteBuffer batch, int at, boolean stays) {
        return stays ? rewrittenAs(BatchRewriter.emptied(batch, at)) : Verdict.GOES;
    }

    /** Whether an abort marker that was just kept still has batches that it ends: its index entry is kept with it. */
    public boolean endsData() {
        return keepsAbort;
    }

    private Verdict marker(ByteBuffer batch, int at, boolean isLast) {
        long producerId = BatchHeader.producerId(batch, at);
        boolean hadData = withData.remove(producerId);
        boolean isBeyond = BatchHeader.lastOffset(batch, at) >= untilOffset;
        keepsAbort = hadData || isBeyond;
        if (isBeyond || hadData) return Verdict.STAYS;
        if (BatchHeader.recordCount(batch, at) == 0)
            return isLast || isLastMarkerOfProducer(batch, at) ? Verdict.STAYS : Verdict.GOES;
        if (!BatchHeader.hasDeleteHorizon(batch, at)) return withHorizon(batch, at);
        boolean isDue = wallMs >= BatchHeader.baseTimestamp(batch, at);
        if (!isDue || isLastMarkerOfProducer(batch, at)) return Verdict.STAYS;
        return emptied(batch, at, isLast);
    }

    private Verdict withHorizon(ByteBuffer batch, int at) {
        rewriter.begin();
        walk.begin(batch, at);
        while (walk.next()) rewriter.keep(walk);
        return rewrittenAs(rewriter.build(batch, at, wallMs + deleteRetentionMs));
    }

    private boolean isLastMarkerOfProducer(ByteBuffer batch, int at) {
        LastOfProducer last = lastOfProducers.get(BatchHeader.producerId(batch, at));
        return last != null && last.lastOffset() < 0 && last.epoch() == BatchHeader.producerEpoch(batch, at);
    }

    private Verdict data(ByteBuffer batch, int at, boolean isLast) {
        boolean isTransactional = BatchHeader.isTransactional(batch, at);
        if (isTransactional) withData.add(BatchHeader.producerId(batch, at));
        if (BatchHeader.lastOffset(batch, at) >= untilOffset) return Verdict.STAYS;
        boolean stays = isLast || isLastOfProducer(batch, at);
        if (BatchHeader.recordCount(batch, at) == 0) return stays ? Verdict.STAYS : Verdict.GOES;
        if (isTransactional && aborted.contains(BatchHeader.producerId(batch, at), BatchHeader.baseOffset(batch, at)))
            return emptied(batch, at, stays);
        boolean hasHorizon = BatchHeader.hasDeleteHorizon(batch, at);
        boolean keepsTombstones = !hasHorizon || wallMs < BatchHeader.baseTimestamp(batch, at);
        boolean hasTombstones = false;
        rewriter.begin();
        walk.begin(batch, at);
        lookUpKeys();
        walk.rewind();
        int key = 0;
        while (walk.next()) {
            // A record without a key, from before the topic was compacted, has no later one that could stand for it: it
            // goes.
            if (!walk.hasKey() || !isLatest.get(key++)) continue;
            if (!walk.hasValue() && !keepsTombstones) continue;
            hasTombstones |= !walk.hasValue();
            rewriter.keep(walk);
        }
        if (rewriter.recordCount() == 0) return emptied(batch, at, stays);
        boolean setsHorizon = hasTombstones && !hasHorizon;
        if (rewriter.recordCount() == BatchHeader.recordCount(batch, at) && !setsHorizon) return Verdict.STAYS;
        return rewrittenAs(
                rewriter.build(batch, at, setsHorizon ? wallMs + deleteRetentionMs : BatchRewriter.SAME_HORIZON));
    }

    /** Leaves a bit in {@link #isLatest} for each record that has a key. */
    private void lookUpKeys() {
        isLatest.clear();
        keysFound = 0;
        while (walk.next()) {
            if (!walk.hasKey()) continue;
            keys.add(walk.bytes(), walk.keyAt(), walk.keyBytes(), walk.offset());
            if (keys.isFull()) lookUp();
        }
        lookUp();
    }

    private void lookUp() {
        latest.findLatest(keys, isLatest, keysFound);
        keysFound += keys.count();
        keys.clear();
    }

    private boolean isLastOfProducer(ByteBuffer batch, int at) {
        if (!BatchHeader.hasProducerId(batch, at)) return false;
        LastOfProducer last = lastOfProducers.get(BatchHeader.producerId(batch, at));
        return last != null && last.lastOffset() == BatchHeader.lastOffset(batch, at);
    }

    /** Records met so far. */
    public long recordsRead() {
        return recordsRead;
    }

    /** Records of these that stay. */
    public long recordsKept() {
        return recordsKept;
    }
}
