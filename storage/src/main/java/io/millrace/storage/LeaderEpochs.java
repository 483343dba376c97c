package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.records.OffsetAndEpoch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * At which offset each leader epoch of a log began (KIP-101, KIP-279). Epochs and start offsets both grow. The file
 * {@code leader-epoch-checkpoint} is text: version {@code 0}, the number of entries, then {@code epoch startOffset} per
 * line.
 */
public final class LeaderEpochs {
    /** Name of the file in the partition's directory. */
    public static final String FILE_NAME = "leader-epoch-checkpoint";

    private static final long NOWHERE = Long.MAX_VALUE;
    private static final int MAX_FILE_BYTES = 64 << 20;

    /**
     * An epoch that has records, or a leader that has just begun.
     *
     * @param epoch       leader epoch
     * @param startOffset its first offset
     */
    public record Entry(int epoch, long startOffset) {}

    private final ArrayList<Entry> entries = new ArrayList<>(2);

    /** Lowest offset at which something changed since the changes were last taken. */
    private long changedFrom = NOWHERE;

    /** The newest epoch, or -1. */
    int latestEpoch() {
        return entries.isEmpty() ? -1 : entries.getLast().epoch();
    }

    List<Entry> entries() {
        return List.copyOf(entries);
    }

    /** Notes where an epoch begins, unless it or a newer one is known; entries it contradicts go. */
    void assign(int epoch, long startOffset) {
        if (epoch < 0 || epoch <= latestEpoch()) return;
        while (!entries.isEmpty() && entries.getLast().startOffset() >= startOffset) entries.removeLast();
        entries.add(new Entry(epoch, startOffset));
        changedFrom = Math.min(changedFrom, startOffset);
    }

    /**
     * Notes what was told of a stretch of the log in which compaction may have left nothing: epochs newer than the newest
     * one, up to {@code lastEpoch}, that began in it. Without that an epoch whose first records are gone would seem to
     * begin at those that are left, and a follower that has others in their place would not be told to cut them.
     *
     * @param told      what is said of it, growing
     * @param lastEpoch the epoch of the batch behind the stretch, or the largest number
     * @param from      where the stretch begins
     * @param until     where it ends, exclusive
     */
    void assignWithin(List<Entry> told, int lastEpoch, long from, long until) {
        for (Entry entry : told) {
            if (entry.epoch() > lastEpoch || entry.startOffset() >= until) return;
            if (entry.startOffset() >= from) assign(entry.epoch(), entry.startOffset());
        }
    }

    /** Drops epochs that begin at this offset or later. */
    void truncateFromEnd(long endOffset) {
        while (!entries.isEmpty() && entries.getLast().startOffset() >= endOffset) {
            changedFrom = Math.min(changedFrom, entries.removeLast().startOffset());
        }
    }

    /** Drops epochs that end before this offset; the one that holds it begins there from now on. */
    void truncateFromStart(long startOffset) {
        int floor = -1;
        while (floor + 1 < entries.size() && entries.get(floor + 1).startOffset() <= startOffset) floor++;
        if (floor < 0 || entries.get(0).startOffset() == startOffset) return;
        Entry holder = entries.get(floor);
        entries.subList(0, floor + 1).clear();
        entries.add(0, new Entry(holder.epoch(), startOffset));
        changedFrom = 0;
    }

    void clear() {
        if (!entries.isEmpty()) changedFrom = 0;
        entries.clear();
    }

    /** The epoch that wrote an offset, or -1 if that is before all known epochs. */
    int epochAt(long offset) {
        for (int i = entries.size() - 1; i >= 0; i--)
            if (entries.get(i).startOffset() <= offset) return entries.get(i).epoch();
        return -1;
    }

    /**
     * Where the records of an epoch end, for a follower that has to truncate: the largest epoch known that is at most
     * the wanted one, and the offset at which the next epoch begins.
     */
    Optional<OffsetAndEpoch> endOffsetFor(int epoch, long logEndOffset) {
        if (epoch < 0 || entries.isEmpty() || epoch > latestEpoch()) return Optional.empty();
        if (epoch == latestEpoch()) return Optional.of(new OffsetAndEpoch(logEndOffset, epoch));
        int higher = 0;
        while (entries.get(higher).epoch() <= epoch) higher++;
        int found = higher == 0 ? epoch : entries.get(higher - 1).epoch();
        return Optional.of(new OffsetAndEpoch(entries.get(higher).startOffset(), found));
    }

    /**
     * Whether {@link #takeChanges} would give something that is about an offset below this one. An epoch without records, of
     * a leader that has just begun, is dropped at the next start anyway if that is the log end.
     */
    boolean hasChangedBelow(long offset) {
        return changedFrom < offset;
    }

    /** The file's new content if anything changed since the last call, or nothing. */
    Optional<byte[]> takeChanges() {
        if (changedFrom == NOWHERE) return Optional.empty();
        changedFrom = NOWHERE;
        return Optional.of(encode());
    }

    /** What {@link #takeChanges} gave could not be written: it is given again. */
    void putBackChanges() {
        changedFrom = 0;
    }

    /** Becomes what another copy of the same log knows. */
    void takeOver(LeaderEpochs others) {
        entries.clear();
        entries.addAll(others.entries);
        changedFrom = 0;
    }

    byte[] encode() {
        StringBuilder text = new StringBuilder("0\n").append(entries.size()).append('\n');
        for (Entry entry : entries)
            text.append(entry.epoch()).append(' ').append(entry.startOffset()).append('\n');
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Takes over what a file holds; entries that do not grow are dropped in favour of the later line, as Kafka does. */
    void load(List<Entry> read) {
        entries.clear();
        for (Entry entry : read) assign(entry.epoch(), entry.startOffset());
        changedFrom = NOWHERE;
    }

    /**
     * Reads the file of a partition.
     *
     * @throws CorruptLog if it is not in the format of version 0
     */
    public static List<Entry> read(Disk disk, Path file) throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (String[] fields : CheckpointText.parse(file, disk.readAll(file, MAX_FILE_BYTES), 2))
            entries.add(
                    new Entry((int) CheckpointText.number(file, fields[0]), CheckpointText.number(file, fields[1])));
        return entries;
    }
}
