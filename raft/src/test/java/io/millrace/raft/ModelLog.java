package io.millrace.raft;

import io.millrace.records.OffsetAndEpoch;
import io.millrace.storage.LeaderEpochs;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A metadata log in memory, with what a crash leaves of it. One entry has one offset. */
final class ModelLog implements LogOutline {
    private static final int ENTRY_BYTES = Integer.BYTES + Long.BYTES;

    /** What the latest snapshot holds, then what the log holds: everything from offset 0. */
    private final List<Entry> all = new ArrayList<>();

    private OffsetAndEpoch start = new OffsetAndEpoch(0, 0);
    private Optional<OffsetAndEpoch> snapshot = Optional.empty();
    private long forcedOffset;

    /** A record. */
    record Entry(int epoch, long value) {
        private static final long VOTERS = -1_000;

        /** A record that says who votes. */
        static Entry ofVoters(int epoch, VoterSet voters) {
            long mask = 0;
            for (int id : voters.ids()) mask |= 1L << id;
            return new Entry(epoch, VOTERS - mask);
        }

        /** Who votes from here on, if it says so. */
        Optional<VoterSet> voters() {
            if (value > VOTERS) return Optional.empty();
            List<Voter> voters = new ArrayList<>();
            for (int id = 0; id < Long.SIZE - 1; id++)
                if (((VOTERS - value) & (1L << id)) != 0) voters.add(QuorumModel.voter(id));
            return Optional.of(new VoterSet(voters));
        }
    }

    @Override
    public OffsetAndEpoch start() {
        return start;
    }

    @Override
    public OffsetAndEpoch end() {
        return new OffsetAndEpoch(all.size(), all.isEmpty() ? 0 : all.getLast().epoch());
    }

    @Override
    public List<LeaderEpochs.Entry> epochs() {
        List<LeaderEpochs.Entry> epochs = new ArrayList<>();
        for (int offset = (int) start.offset(); offset < all.size(); offset++) {
            int epoch = all.get(offset).epoch();
            if (epochs.isEmpty() || epochs.getLast().epoch() != epoch)
                epochs.add(new LeaderEpochs.Entry(epoch, offset));
        }
        return epochs;
    }

    @Override
    public Optional<OffsetAndEpoch> latestSnapshot() {
        return snapshot;
    }

    Entry entry(long offset) {
        return all.get((int) offset);
    }

    /** The epoch of the record before an offset. */
    int epochBefore(long offset) {
        return offset == 0 ? 0 : entry(offset - 1).epoch();
    }

    void append(Entry entry) {
        all.add(entry);
    }

    void truncateTo(long offset) {
        if (offset < start.offset()) throw new AssertionError("cut at " + offset + " before the start at " + start);
        all.subList((int) offset, all.size()).clear();
        forcedOffset = Math.min(forcedOffset, offset);
    }

    long forcedOffset() {
        return forcedOffset;
    }

    void force(long offset) {
        forcedOffset = Math.max(forcedOffset, offset);
    }

    /** What was not forced is gone, from some offset on. */
    void crash(long keptOffset) {
        truncateTo(keptOffset);
        forcedOffset = keptOffset;
    }

    /** Makes a snapshot of what is committed, and lets the log before it go. */
    void snapshotAt(long offset) {
        snapshot = Optional.of(new OffsetAndEpoch(offset, epochBefore(offset)));
        start = snapshot.get();
    }

    void install(OffsetAndEpoch id, List<Entry> entries) {
        all.clear();
        all.addAll(entries);
        start = id;
        snapshot = Optional.of(id);
        forcedOffset = id.offset();
    }

    ByteBuffer encode(long fromOffset, long untilOffset) {
        ByteBuffer bytes = ByteBuffer.allocate((int) (untilOffset - fromOffset) * ENTRY_BYTES);
        for (long offset = fromOffset; offset < untilOffset; offset++)
            bytes.putInt(entry(offset).epoch()).putLong(entry(offset).value());
        return bytes.flip();
    }

    static List<Entry> decode(ByteBuffer bytes) {
        List<Entry> entries = new ArrayList<>();
        for (ByteBuffer rest = bytes.duplicate(); rest.hasRemaining(); )
            entries.add(new Entry(rest.getInt(), rest.getLong()));
        return entries;
    }
}
