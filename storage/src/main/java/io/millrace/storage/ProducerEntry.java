package io.millrace.storage;

/**
 * What a log remembers of one producer: its epoch, its last five batches in a ring, and the transaction it has open.
 * Changed in place for every batch, without making objects.
 */
final class ProducerEntry {
    /** How many batches a retry may go back; the client's limit of requests in flight. */
    static final int WINDOW = 5;

    static final int NO_SEQUENCE = -1;
    static final long NO_OFFSET = -1;

    final long producerId;
    private short epoch = -1;
    private int coordinatorEpoch = -1;
    private long lastTimestamp = -1;
    private long currentTransactionFirstOffset = NO_OFFSET;

    private final int[] lastSequences = new int[WINDOW];
    private final int[] offsetDeltas = new int[WINDOW];
    private final long[] lastOffsets = new long[WINDOW];
    private final long[] timestamps = new long[WINDOW];
    private int oldest;
    private int count;

    ProducerEntry(long producerId) {
        this.producerId = producerId;
    }

    short epoch() {
        return epoch;
    }

    int coordinatorEpoch() {
        return coordinatorEpoch;
    }

    long lastTimestamp() {
        return lastTimestamp;
    }

    /** First offset of the open transaction, or -1. */
    long currentTransactionFirstOffset() {
        return currentTransactionFirstOffset;
    }

    boolean isEmpty() {
        return count == 0;
    }

    int lastSequence() {
        return count == 0 ? NO_SEQUENCE : lastSequences[newest()];
    }

    long lastOffset() {
        return count == 0 ? NO_OFFSET : lastOffsets[newest()];
    }

    int lastOffsetDelta() {
        return count == 0 ? 0 : offsetDeltas[newest()];
    }

    private int newest() {
        return (oldest + count - 1) % WINDOW;
    }

    /** The ring place of the batch with these sequences, or -1. */
    int find(short ofEpoch, int baseSequence, int lastSequence) {
        if (ofEpoch != epoch) return -1;
        for (int i = 0; i < count; i++) {
            int at = (oldest + i) % WINDOW;
            if (lastSequences[at] == lastSequence && Sequences.minus(lastSequence, offsetDeltas[at]) == baseSequence)
                return at;
        }
        return -1;
    }

    long baseOffsetAt(int ring) {
        return lastOffsets[ring] - offsetDeltas[ring];
    }

    long lastOffsetAt(int ring) {
        return lastOffsets[ring];
    }

    long timestampAt(int ring) {
        return timestamps[ring];
    }

    void appended(short batchEpoch, int lastSequence, long lastOffset, int offsetDelta, long timestamp) {
        moveToEpoch(batchEpoch);
        if (count == WINDOW) {
            oldest = (oldest + 1) % WINDOW;
            count--;
        }
        int at = (oldest + count) % WINDOW;
        lastSequences[at] = lastSequence;
        offsetDeltas[at] = offsetDelta;
        lastOffsets[at] = lastOffset;
        timestamps[at] = timestamp;
        count++;
        lastTimestamp = timestamp;
    }

    /** Puts a batch in the place before the newest one. There is a newest one. */
    void recalled(int lastSequence, long lastOffset, int offsetDelta, long timestamp) {
        int newest = newest();
        int newestSequence = lastSequences[newest];
        int newestDelta = offsetDeltas[newest];
        long newestOffset = lastOffsets[newest];
        long newestTimestamp = timestamps[newest];
        long lastKnown = lastTimestamp;
        count--;
        appended(epoch, lastSequence, lastOffset, offsetDelta, timestamp);
        appended(epoch, newestSequence, newestOffset, newestDelta, newestTimestamp);
        lastTimestamp = lastKnown;
    }

    void transactionBegan(long firstOffset) {
        currentTransactionFirstOffset = firstOffset;
    }

    void transactionEnded(short markerEpoch, int markerCoordinatorEpoch, long timestamp) {
        moveToEpoch(markerEpoch);
        coordinatorEpoch = markerCoordinatorEpoch;
        currentTransactionFirstOffset = NO_OFFSET;
        lastTimestamp = timestamp;
    }

    private void moveToEpoch(short newEpoch) {
        if (newEpoch == epoch) return;
        epoch = newEpoch;
        oldest = 0;
        count = 0;
    }

    static ProducerEntry of(ProducerSnapshot.Producer snapshot) {
        ProducerEntry entry = new ProducerEntry(snapshot.producerId());
        entry.epoch = snapshot.epoch();
        if (snapshot.lastOffset() >= 0)
            entry.appended(
                    snapshot.epoch(),
                    snapshot.lastSequence(),
                    snapshot.lastOffset(),
                    snapshot.offsetDelta(),
                    snapshot.timestamp());
        entry.lastTimestamp = snapshot.timestamp();
        entry.coordinatorEpoch = snapshot.coordinatorEpoch();
        entry.currentTransactionFirstOffset = snapshot.currentTransactionFirstOffset();
        return entry;
    }

    ProducerSnapshot.Producer toSnapshot() {
        return new ProducerSnapshot.Producer(
                producerId,
                epoch,
                lastSequence(),
                lastOffset(),
                lastOffsetDelta(),
                lastTimestamp,
                coordinatorEpoch,
                currentTransactionFirstOffset);
    }
}
