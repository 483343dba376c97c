package io.millrace.raft;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Who votes, and at which kraft.version, at every offset of the log: a voter set counts as soon as it is in the log,
 * committed or not, and is gone when the log is truncated below it (KIP-853).
 */
public final class VoterHistory {
    /** The place of what the bootstrap snapshot {@code 0-0} says: before the log's first offset. */
    public static final long BOOTSTRAP_OFFSET = -1;

    private final VoterSet staticVoters;
    private final TreeMap<Long, VoterSet> voterSets = new TreeMap<>();
    private final TreeMap<Long, Short> kraftVersions = new TreeMap<>();

    /**
     * @param staticVoters those of {@code controller.quorum.voters}; they count while neither log nor snapshot names voters
     */
    public VoterHistory(VoterSet staticVoters) {
        this.staticVoters = staticVoters;
    }

    /** The log or a snapshot says at this offset who votes. */
    public void addVoters(long offset, VoterSet voters) {
        requireGrowing(voterSets, offset, "voters");
        voterSets.put(offset, voters);
    }

    /** The log or a snapshot says at this offset which kraft.version holds. */
    public void addKraftVersion(long offset, short kraftVersion) {
        requireGrowing(kraftVersions, offset, "kraft.version");
        kraftVersions.put(offset, kraftVersion);
    }

    private static void requireGrowing(NavigableMap<Long, ?> history, long offset, String what) {
        if (!history.isEmpty() && offset <= history.lastKey()) {
            throw new IllegalStateException(what + " at offset " + offset + " after that at " + history.lastKey());
        }
    }

    /** Who votes now. */
    public VoterSet voters() {
        return voterSets.isEmpty() ? staticVoters : voterSets.lastEntry().getValue();
    }

    /** The kraft.version that holds now; 0 if nothing says otherwise. */
    public short kraftVersion() {
        return kraftVersions.isEmpty() ? 0 : kraftVersions.lastEntry().getValue();
    }

    /** Offset of the newest record that says who votes or which kraft.version holds; {@link #BOOTSTRAP_OFFSET} if the log has none. */
    public long lastChangeOffset() {
        return Math.max(
                voterSets.isEmpty() ? BOOTSTRAP_OFFSET : voterSets.lastKey(),
                kraftVersions.isEmpty() ? BOOTSTRAP_OFFSET : kraftVersions.lastKey());
    }

    /** Who voted once the record at {@code offset} was in the log. */
    public VoterSet votersAt(long offset) {
        Map.Entry<Long, VoterSet> entry = voterSets.floorEntry(offset);
        return entry == null ? staticVoters : entry.getValue();
    }

    /** The kraft.version once the record at {@code offset} was in the log. */
    public short kraftVersionAt(long offset) {
        Map.Entry<Long, Short> entry = kraftVersions.floorEntry(offset);
        return entry == null ? 0 : entry.getValue();
    }

    /**
     * Whether only the bootstrap snapshot says who votes: then the first leader writes it into the log, for replicas that
     * have no such snapshot.
     */
    public boolean isOnlyInBootstrap() {
        return kraftVersion() > 0 && !voterSets.isEmpty() && voterSets.lastKey() == BOOTSTRAP_OFFSET;
    }

    /** The log was truncated: what was said from this offset on no longer holds. */
    public void truncateFrom(long offset) {
        voterSets.tailMap(offset, true).clear();
        kraftVersions.tailMap(offset, true).clear();
    }

    /** The log now starts here: forgets what was overruled before this offset. */
    public void forgetBefore(long offset) {
        forgetBefore(voterSets, offset);
        forgetBefore(kraftVersions, offset);
    }

    private static void forgetBefore(NavigableMap<Long, ?> history, long offset) {
        Long keep = history.floorKey(offset);
        if (keep != null) history.headMap(keep, false).clear();
    }
}
