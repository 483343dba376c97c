package io.millrace.raft;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * How far the voters hold the leader's log on stable storage, and so what is committed. The leader's own log counts only
 * as far as it is forced.
 */
public final class LeaderProgress {
    private final long epochStartOffset;
    private final Map<Integer, Long> heldByVoter = new TreeMap<>();
    private long logEndOffset;
    private long highWatermark;

    /**
     * @param epochStartOffset offset of the leader's first batch
     * @param highWatermark what is known to be committed already
     */
    LeaderProgress(VoterSet voters, long epochStartOffset, long highWatermark) {
        this.epochStartOffset = epochStartOffset;
        this.logEndOffset = epochStartOffset;
        this.highWatermark = highWatermark;
        for (int id : voters.ids()) heldByVoter.put(id, 0L);
    }

    /** Where the leader's epoch starts. */
    public long epochStartOffset() {
        return epochStartOffset;
    }

    /** The leader's next offset. */
    public long logEndOffset() {
        return logEndOffset;
    }

    void appended(long newLogEndOffset) {
        if (newLogEndOffset < logEndOffset) {
            throw new IllegalStateException(
                    "leader's log end offset went back from " + logEndOffset + " to " + newLogEndOffset);
        }
        logEndOffset = newLogEndOffset;
    }

    /** A voter holds everything below {@code offset} on stable storage. */
    void held(int voterId, long offset) {
        if (offset > logEndOffset) {
            throw new IllegalStateException(
                    "voter " + voterId + " holds offset " + offset + " beyond the leader's " + logEndOffset);
        }
        heldByVoter.computeIfPresent(voterId, (id, before) -> Math.max(before, offset));
    }

    /**
     * The offset below which everything is committed: held by a majority, and taking in a record of the leader's own
     * epoch, for an older epoch's record held by a majority can still be overwritten. Never goes back.
     */
    long advanceHighWatermark() {
        long[] held = new long[heldByVoter.size()];
        int next = 0;
        for (long offset : heldByVoter.values()) held[next++] = offset;
        long byMajority = highestHeldByMajority(held);
        if (byMajority > epochStartOffset && byMajority > highWatermark) highWatermark = byMajority;
        return highWatermark;
    }

    /** The highest offset that more than half of the given offsets reach. */
    static long highestHeldByMajority(long[] offsets) {
        if (offsets.length == 0) throw new IllegalArgumentException("no voters");
        long[] sorted = offsets.clone();
        Arrays.sort(sorted);
        return sorted[(sorted.length - 1) / 2];
    }
}
