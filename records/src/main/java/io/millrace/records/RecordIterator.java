package io.millrace.records;

import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The records of one batch as objects. Those of an uncompressed batch are slices of it; a compressed one is unpacked once,
 * when the iterator is made, into memory of its own.
 */
public final class RecordIterator implements Iterator<Record> {
    private final RecordWalk walk;
    private boolean stepped;
    private boolean onRecord;

    /**
     * Begins with the first record of a batch, which {@link BatchHeader#check} has found whole.
     *
     * @throws InvalidBatch           if the header contradicts itself, or the records do not unpack within the limit
     * @throws CompressionUnavailable if the codec does not run on this machine
     */
    public RecordIterator(ByteBuffer buffer, int at, DecompressionLimit limit) {
        walk = new RecordWalk(limit, false);
        walk.begin(buffer, at);
    }

    /**
     * Whether there is another record.
     *
     * @throws InvalidBatch if there is, but it is malformed
     */
    @Override
    public boolean hasNext() {
        if (!stepped) {
            onRecord = walk.next();
            stepped = true;
        }
        return onRecord;
    }

    /**
     * The next record.
     *
     * @throws InvalidBatch           if it is malformed
     * @throws NoSuchElementException after the last one
     */
    @Override
    public Record next() {
        if (!hasNext()) throw new NoSuchElementException("the batch has no more records");
        stepped = false;
        return walk.record();
    }
}
