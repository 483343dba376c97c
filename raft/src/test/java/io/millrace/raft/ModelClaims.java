package io.millrace.raft;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What must always hold of a quorum, looked at from outside, by the plain definitions. */
final class ModelClaims {
    private final Map<Integer, Integer> leaderByEpoch = new HashMap<>();
    private final Map<String, ReplicaKey> votes = new HashMap<>();
    private final Map<String, Written> written = new HashMap<>();
    private final List<ModelLog.Entry> committed = new ArrayList<>();

    private record Written(ModelLog.Entry entry, int epochBefore) {}

    long committedCount() {
        return committed.size();
    }

    int leaderCount() {
        return leaderByEpoch.size();
    }

    /** M1: one leader an epoch. */
    void leads(int epoch, int id, ModelLog log) {
        Integer before = leaderByEpoch.put(epoch, id);
        if (before == null) holdsAllCommitted(log, id);
        else if (before != id) throw new AssertionError("epoch " + epoch + " is led by " + before + " and " + id);
    }

    /** M3: whoever leads has everything that was ever committed. */
    private void holdsAllCommitted(ModelLog log, int id) {
        if (log.end().offset() < committed.size())
            throw new AssertionError("leader " + id + " holds " + log.end() + ", committed is " + committed.size());
        agrees(log, committed.size(), id);
    }

    /** M1: one vote an epoch. */
    void votes(int voter, int epoch, ReplicaKey candidate) {
        ReplicaKey before = votes.put(voter + " in " + epoch, candidate);
        if (before != null && !before.equals(candidate))
            throw new AssertionError(voter + " voted for " + before + " and " + candidate + " in epoch " + epoch);
    }

    /** M2: the same epoch and offset mean the same record, and the same before it. */
    void holds(long offset, ModelLog.Entry entry, int epochBefore) {
        Written here = new Written(entry, epochBefore);
        Written before = written.putIfAbsent(entry.epoch() + "/" + offset, here);
        if (before != null && !before.equals(here))
            throw new AssertionError("at offset " + offset + " is " + here + ", elsewhere " + before);
        if (entry.epoch() < epochBefore) throw new AssertionError("epoch " + entry.epoch() + " after " + epochBefore);
    }

    /** M4: what is committed is committed everywhere and for ever; and KAFKA-12619. */
    void commits(ModelLog log, long offset, int id, boolean isLeading, int epoch) {
        if (offset > log.end().offset()) throw new AssertionError(id + " commits " + offset + " of " + log.end());
        agrees(log, Math.min(offset, committed.size()), id);
        if (offset <= committed.size()) return;
        if (!isLeading) throw new AssertionError(id + " does not lead and commits " + offset + " before its leader");
        if (log.epochBefore(offset) != epoch)
            throw new AssertionError(id + " leads epoch " + epoch + " and commits no record of it: " + offset);
        while (committed.size() < offset) committed.add(log.entry(committed.size()));
    }

    /** What is committed is on the stable storage of a majority. */
    void isHeldByMajority(long offset, List<ModelLog> voters) {
        int holders = 0;
        for (ModelLog log : voters) {
            boolean holds =
                    log.forcedOffset() >= offset && log.entry(offset - 1).equals(committed.get((int) offset - 1));
            if (holds) holders++;
        }
        if (2 * holders <= voters.size())
            throw new AssertionError(
                    "offset " + offset + " is committed and held by " + holders + " of " + voters.size());
    }

    void agrees(ModelLog log, long untilOffset, int id) {
        for (long offset = 0; offset < untilOffset; offset++) {
            if (!log.entry(offset).equals(committed.get((int) offset)))
                throw new AssertionError(id + " holds " + log.entry(offset) + " at offset " + offset + ", committed is "
                        + committed.get((int) offset));
        }
    }
}
