package io.millrace.replication;

import io.millrace.records.OffsetAndEpoch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A partition's log in memory, with what a power cut leaves of it. One entry has one offset. */
final class ModelLog implements ReplicaLog {
    /** A record. */
    record Entry(int epoch, long value) {}

    private record EpochStart(int epoch, long offset) {}

    private final List<Entry> entries = new ArrayList<>();
    private final List<EpochStart> epochs = new ArrayList<>();
    private long startOffset;
    private long forcedOffset;

    @Override
    public long logStartOffset() {
        return startOffset;
    }

    @Override
    public long logEndOffset() {
        return startOffset + entries.size();
    }

    @Override
    public int latestEpoch() {
        return epochs.isEmpty() ? -1 : epochs.getLast().epoch();
    }

    @Override
    public Optional<OffsetAndEpoch> endOffsetForEpoch(int epoch) {
        if (epochs.isEmpty() || epoch > latestEpoch()) return Optional.empty();
        int found = epoch;
        for (EpochStart start : epochs) {
            if (start.epoch() > epoch) return Optional.of(new OffsetAndEpoch(start.offset(), found));
            found = start.epoch();
        }
        return Optional.of(new OffsetAndEpoch(logEndOffset(), found));
    }

    /** The record at an offset that is in the log. */
    Entry entry(long offset) {
        return entries.get((int) (offset - startOffset));
    }

    /** The epoch of the record before an offset, -1 if that is not in the log. */
    int epochBefore(long offset) {
        return offset <= startOffset ? -1 : entry(offset - 1).epoch();
    }

    void beginEpoch(int epoch) {
        if (epoch > latestEpoch()) {
            epochs.removeIf(start -> start.offset() >= logEndOffset());
            epochs.add(new EpochStart(epoch, logEndOffset()));
        }
    }

    /** As if all records were from before leader epochs were kept. */
    void forgetEpochs() {
        epochs.clear();
    }

    void append(Entry entry) {
        if (entry.epoch() < latestEpoch())
            throw new AssertionError(entry + " is appended after epoch " + latestEpoch());
        beginEpoch(entry.epoch());
        entries.add(entry);
    }

    void truncateTo(long offset) {
        if (offset < startOffset || offset > logEndOffset())
            throw new AssertionError("cut at " + offset + " of " + this);
        entries.subList((int) (offset - startOffset), entries.size()).clear();
        epochs.removeIf(start -> start.offset() >= offset);
        forcedOffset = Math.min(forcedOffset, offset);
    }

    void startAnewAt(long offset) {
        if (offset < startOffset)
            throw new AssertionError("the start of " + this + " goes down to " + offset + " (R9)");
        entries.clear();
        epochs.clear();
        startOffset = offset;
        forcedOffset = offset;
    }

    void advanceStart(long offset) {
        if (offset < startOffset || offset > logEndOffset())
            throw new AssertionError(this + " is to start at " + offset + " (R9)");
        entries.subList(0, (int) (offset - startOffset)).clear();
        startOffset = offset;
        forcedOffset = Math.max(forcedOffset, offset);
        EpochStart holder = null;
        for (EpochStart start : epochs) if (start.offset() <= offset) holder = start;
        if (holder == null) return;
        int epoch = holder.epoch();
        epochs.removeIf(start -> start.epoch() <= epoch);
        epochs.addFirst(new EpochStart(epoch, offset));
    }

    long forcedOffset() {
        return forcedOffset;
    }

    void force(long offset) {
        forcedOffset = Math.max(forcedOffset, Math.min(offset, logEndOffset()));
    }

    @Override
    public String toString() {
        return "[" + startOffset + ", " + logEndOffset() + ") " + epochs;
    }
}
