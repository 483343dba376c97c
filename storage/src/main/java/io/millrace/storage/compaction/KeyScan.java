package io.millrace.storage.compaction;

import io.millrace.records.BatchHeader;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.RecordWalk;
import java.nio.ByteBuffer;

/** Notes the last offset of every key, batch by batch, as far as there is room. */
public final class KeyScan {
    private final LatestOffsets latest;
    private final AbortedRanges aborted;
    private final RecordWalk walk;
    private final KeyBlock keys;

    /** A scan into a map. */
    public KeyScan(LatestOffsets latest, AbortedRanges aborted, DecompressionLimit limit) {
        this.latest = latest;
        this.aborted = aborted;
        this.walk = new RecordWalk(limit);
        this.keys = latest.block();
    }

    /**
     * Notes the keys of a whole batch; those of aborted transactions and control batches have none.
     *
     * @param fromOffset records before it are not noted: the log begins within the batch, or they were noted long ago
     * @return false if there may not be room for all of them; nothing was noted then
     * @throws io.millrace.records.InvalidBatch if its records cannot be read
     */
    public boolean note(ByteBuffer batch, int at, long fromOffset) {
        if (BatchHeader.isControl(batch, at)) return true;
        if (BatchHeader.isTransactional(batch, at)
                && aborted.contains(BatchHeader.producerId(batch, at), BatchHeader.baseOffset(batch, at))) return true;
        long most = Math.min(BatchHeader.recordCount(batch, at), BatchHeader.lastOffset(batch, at) + 1 - fromOffset);
        if (latest.room() < most) return false;
        walk.begin(batch, at);
        while (walk.next()) {
            if (!walk.hasKey() || walk.offset() < fromOffset) continue;
            keys.add(walk.bytes(), walk.keyAt(), walk.keyBytes(), walk.offset());
            if (keys.isFull()) noteKeys();
        }
        noteKeys();
        return true;
    }

    private void noteKeys() {
        latest.put(keys);
        keys.clear();
    }
}
