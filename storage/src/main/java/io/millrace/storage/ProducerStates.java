package io.millrace.storage;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.BatchHeader;
import io.millrace.records.ControlRecord;
import io.millrace.storage.compaction.LastOfProducer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The producers of one log and their transactions (KIP-98, KIP-360, KIP-890). {@code check} decides about a batch and
 * changes nothing; {@code replay} is the only mutator, for batches appended by a leader, fetched by a follower and found
 * at recovery alike.
 */
final class ProducerStates {
    private static final short NO_EPOCH = -1;
    private static final int TRANSACTIONS_V2 = 2;

    private final Map<Long, ProducerEntry> producers = new HashMap<>(0);

    /** Open transactions: first offset to producer id. */
    private final TreeMap<Long, Long> open = new TreeMap<>();

    /** Ended transactions whose marker is not below the high watermark yet: first offset to marker offset. */
    private final TreeMap<Long, Long> unreplicated = new TreeMap<>();

    /** Becomes what another copy of the same log knows; that one must not be used any more. */
    void takeOver(ProducerStates others) {
        producers.clear();
        producers.putAll(others.producers);
        open.clear();
        open.putAll(others.open);
        unreplicated.clear();
        unreplicated.putAll(others.unreplicated);
    }

    /** A transaction that a marker ended. */
    record Ended(long producerId, long firstOffset, long markerOffset, boolean isAborted) {}

    /** What is wrong with a batch. */
    record Refusal(ErrorCode error, String message) {}

    /** Where the batch at this place was appended already, or null. */
    AppendOutcome.@Nullable Duplicate duplicate(ByteBuffer batch, int at, long logStartOffset) {
        ProducerEntry entry = producers.get(BatchHeader.producerId(batch, at));
        if (entry == null) return null;
        int ring = entry.find(
                BatchHeader.producerEpoch(batch, at),
                BatchHeader.baseSequence(batch, at),
                BatchHeader.lastSequence(batch, at));
        if (ring < 0) return null;
        return new AppendOutcome.Duplicate(
                entry.baseOffsetAt(ring), entry.lastOffsetAt(ring), entry.timestampAt(ring), logStartOffset);
    }

    /** Why a data batch may not be appended, or null if it may. */
    @Nullable
    Refusal checkData(ByteBuffer batch, int at, boolean checkSequence) {
        long producerId = BatchHeader.producerId(batch, at);
        short epoch = BatchHeader.producerEpoch(batch, at);
        ProducerEntry entry = producers.get(producerId);
        if (entry == null) return null;
        if (epoch < entry.epoch())
            return new Refusal(
                    ErrorCode.INVALID_PRODUCER_EPOCH,
                    "Epoch of producer " + producerId + " is " + epoch + ", which is smaller than the last seen epoch "
                            + entry.epoch());
        if (checkSequence) {
            Refusal outOfOrder = checkSequence(entry, epoch, BatchHeader.baseSequence(batch, at));
            if (outOfOrder != null) return outOfOrder;
        }
        if (entry.currentTransactionFirstOffset() >= 0 && !BatchHeader.isTransactional(batch, at))
            return new Refusal(
                    ErrorCode.INVALID_TXN_STATE,
                    "Producer " + producerId + " has a transaction open and sent a batch outside of it");
        return null;
    }

    private static @Nullable Refusal checkSequence(ProducerEntry entry, short epoch, int baseSequence) {
        if (entry.epoch() == NO_EPOCH) return null;
        if (epoch != entry.epoch()) {
            if (baseSequence == 0) return null;
            return new Refusal(
                    ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
                    "Producer " + entry.producerId + " begins epoch " + epoch + " with sequence " + baseSequence
                            + ", want 0 (the epoch before was " + entry.epoch() + ")");
        }
        if (Sequences.follows(entry.lastSequence(), baseSequence)) return null;
        return new Refusal(
                ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
                "Producer " + entry.producerId + " sent sequence " + baseSequence + " after " + entry.lastSequence());
    }

    /** Why a transaction marker may not be appended, or null if it may. */
    @Nullable
    Refusal checkMarker(long producerId, short epoch, int coordinatorEpoch, int transactionVersion) {
        ProducerEntry entry = producers.get(producerId);
        if (entry == null) return null;
        boolean bumps = transactionVersion >= TRANSACTIONS_V2;
        boolean isOld = bumps ? epoch <= entry.epoch() : epoch < entry.epoch();
        boolean isRetry = bumps
                && epoch == entry.epoch()
                && (entry.currentTransactionFirstOffset() < 0 || epoch == Short.MAX_VALUE);
        if (isOld && !isRetry)
            return new Refusal(
                    ErrorCode.INVALID_PRODUCER_EPOCH,
                    "Marker of producer " + producerId + " has epoch " + epoch + ", the last seen epoch is "
                            + entry.epoch());
        if (entry.coordinatorEpoch() > coordinatorEpoch)
            return new Refusal(
                    ErrorCode.TRANSACTION_COORDINATOR_FENCED,
                    "Marker of producer " + producerId + " comes from coordinator epoch " + coordinatorEpoch
                            + ", the last seen is " + entry.coordinatorEpoch());
        return null;
    }

    /** Notes a batch with a producer id that is now in the log; returns the transaction it ended, or null. */
    @Nullable
    Ended replay(ByteBuffer batch, int at) {
        long producerId = BatchHeader.producerId(batch, at);
        if (BatchHeader.isControl(batch, at)) return replayMarker(batch, at, producerId);
        ProducerEntry entry = producers.computeIfAbsent(producerId, ProducerEntry::new);
        long baseOffset = BatchHeader.baseOffset(batch, at);
        entry.appended(
                BatchHeader.producerEpoch(batch, at),
                BatchHeader.lastSequence(batch, at),
                BatchHeader.lastOffset(batch, at),
                BatchHeader.lastOffsetDelta(batch, at),
                BatchHeader.maxTimestamp(batch, at));
        if (BatchHeader.isTransactional(batch, at) && entry.currentTransactionFirstOffset() < 0) {
            entry.transactionBegan(baseOffset);
            open.put(baseOffset, producerId);
        }
        return null;
    }

    private @Nullable Ended replayMarker(ByteBuffer batch, int at, long producerId) {
        ControlRecord.EndTransaction marker = TransactionMarker.read(batch, at);
        if (marker == null) return null;
        ProducerEntry entry = producers.computeIfAbsent(producerId, ProducerEntry::new);
        long firstOffset = entry.currentTransactionFirstOffset();
        long markerOffset = BatchHeader.baseOffset(batch, at);
        entry.transactionEnded(
                BatchHeader.producerEpoch(batch, at), marker.coordinatorEpoch(), BatchHeader.maxTimestamp(batch, at));
        if (firstOffset < 0) return null;
        open.remove(firstOffset);
        unreplicated.put(firstOffset, markerOffset);
        return new Ended(producerId, firstOffset, markerOffset, !marker.isCommit());
    }

    /** The last stable offset once this transaction is over, as the transaction index keeps it. */
    long lastStableOffsetAfter(Ended ended) {
        return open.isEmpty() ? ended.markerOffset() + 1 : open.firstKey();
    }

    void highWatermarkAdvanced(long highWatermark) {
        while (!unreplicated.isEmpty() && unreplicated.firstEntry().getValue() < highWatermark)
            unreplicated.pollFirstEntry();
    }

    /** First offset of a transaction that is open or whose end is not replicated, or -1. */
    long firstUnstableOffset() {
        if (open.isEmpty() && unreplicated.isEmpty()) return -1;
        long first = Long.MAX_VALUE;
        if (!open.isEmpty()) first = open.firstKey();
        if (!unreplicated.isEmpty()) first = Math.min(first, unreplicated.firstKey());
        return first;
    }

    /** First offset of the oldest open transaction, or -1. */
    long firstUndecidedOffset() {
        return open.isEmpty() ? -1 : open.firstKey();
    }

    /** Forgets producers without an open transaction that were silent for the whole period. */
    int expire(long nowMs, long expirationMs) {
        int before = producers.size();
        producers.values().removeIf(entry -> isExpired(entry, nowMs, expirationMs));
        return before - producers.size();
    }

    private static boolean isExpired(ProducerEntry entry, long nowMs, long expirationMs) {
        return entry.currentTransactionFirstOffset() < 0 && nowMs - entry.lastTimestamp() >= expirationMs;
    }

    void clear() {
        producers.clear();
        open.clear();
        unreplicated.clear();
    }

    /** Takes over a snapshot in place of everything known. */
    void load(List<ProducerSnapshot.Producer> snapshot, long nowMs, long expirationMs) {
        clear();
        for (ProducerSnapshot.Producer producer : snapshot) {
            ProducerEntry entry = ProducerEntry.of(producer);
            if (isExpired(entry, nowMs, expirationMs)) continue;
            producers.put(entry.producerId, entry);
            if (entry.currentTransactionFirstOffset() >= 0)
                open.put(entry.currentTransactionFirstOffset(), entry.producerId);
        }
    }

    byte[] toSnapshot() {
        return ProducerSnapshot.encode(producers.values());
    }

    int count() {
        return producers.size();
    }

    int openCount() {
        return open.size();
    }

    /** Open transactions whose producer has been silent for longer than this. */
    int lateCount(long wallMs, long silentMs) {
        int late = 0;
        for (long producerId : open.values()) {
            ProducerEntry entry = producers.get(producerId);
            if (entry != null && wallMs - entry.lastTimestamp() > silentMs) late++;
        }
        return late;
    }

    /**
     * Notes a data batch that lies before the last one known of its producer. A snapshot keeps one batch of each producer;
     * this gives the window back that a retry may go back by. Called for batches in the order of the log.
     */
    void recall(ByteBuffer batch, int at) {
        ProducerEntry entry = producers.get(BatchHeader.producerId(batch, at));
        if (entry == null
                || entry.epoch() != BatchHeader.producerEpoch(batch, at)
                || BatchHeader.lastOffset(batch, at) >= entry.lastOffset()) return;
        entry.recalled(
                BatchHeader.lastSequence(batch, at),
                BatchHeader.lastOffset(batch, at),
                BatchHeader.lastOffsetDelta(batch, at),
                BatchHeader.maxTimestamp(batch, at));
    }

    /** The last batch of every producer, or its epoch if only a marker of it is known. */
    Map<Long, LastOfProducer> lastOfEach() {
        Map<Long, LastOfProducer> last = new HashMap<>();
        producers.forEach((id, entry) -> last.put(id, new LastOfProducer(entry.lastOffset(), entry.epoch())));
        return last;
    }

    List<ActiveProducer> active() {
        List<ActiveProducer> active = new ArrayList<>(producers.size());
        for (ProducerEntry entry : producers.values())
            active.add(new ActiveProducer(
                    entry.producerId,
                    entry.epoch(),
                    entry.lastSequence(),
                    entry.lastTimestamp(),
                    entry.coordinatorEpoch(),
                    entry.currentTransactionFirstOffset()));
        return active;
    }

    /** Whether this producer, in this epoch, has a transaction open. */
    boolean hasOpenTransaction(long producerId, short epoch) {
        ProducerEntry entry = producers.get(producerId);
        return entry != null && entry.epoch() == epoch && entry.currentTransactionFirstOffset() >= 0;
    }
}
