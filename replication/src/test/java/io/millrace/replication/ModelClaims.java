package io.millrace.replication;

import io.millrace.replication.ModelLog.Entry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What must always hold of a replicated partition, looked at from outside, by the plain definitions of the contract. */
final class ModelClaims {
    private final Map<Integer, Integer> leaderByEpoch = new HashMap<>();
    private final Map<String, Written> written = new HashMap<>();

    /** What anybody was ever allowed to read, by offset. */
    private final List<Entry> committed = new ArrayList<>();

    /** A record, and in which of its lives each broker wrote it last. */
    private record Written(Entry entry, Map<Integer, Integer> lives) {}

    private int acknowledgedCount;
    private int cutCount;
    private int grownCount;

    long committedCount() {
        return committed.size();
    }

    int acknowledgedCount() {
        return acknowledgedCount;
    }

    int leaderCount() {
        return leaderByEpoch.size();
    }

    int cutCount() {
        return cutCount;
    }

    int grownCount() {
        return grownCount;
    }

    /** A log was cut. */
    void cuts() {
        cutCount++;
    }

    /** Somebody was taken into the in-sync set. */
    void grows() {
        grownCount++;
    }

    /** R13: one leader an epoch. And LeaderCompleteness: it has all that was ever committed. */
    void leads(int epoch, int id, ModelLog log) {
        Integer before = leaderByEpoch.put(epoch, id);
        if (before != null && before != id)
            throw new AssertionError("epoch " + epoch + " is led by " + before + " and " + id);
        holdsAllCommitted(log, "leader " + id);
    }

    /** R8: whoever may become leader has all that was ever committed. */
    void holdsAllCommitted(ModelLog log, String who) {
        if (log.logEndOffset() < committed.size())
            throw new AssertionError(who + " holds " + log + ", committed is " + committed.size());
        agrees(log, committed.size(), who);
    }

    /** R2 and R3: what is committed is so everywhere and for ever. */
    void agrees(ModelLog log, long untilOffset, String who) {
        for (long offset = Math.max(log.logStartOffset(), untilOffset - 30); offset < untilOffset; offset++)
            agreesAt(log, offset, who);
    }

    private void agreesAt(ModelLog log, long offset, String who) {
        if (!log.entry(offset).equals(committed.get((int) offset)))
            throw new AssertionError(who + " holds " + log.entry(offset) + " at offset " + offset + ", committed is "
                    + committed.get((int) offset));
    }

    /** All of it, where {@link #agrees} looks at the last ones only. */
    void agreesWholly(ModelLog log, long untilOffset, String who) {
        for (long offset = log.logStartOffset(); offset < untilOffset; offset++) agreesAt(log, offset, who);
    }

    /** R11: an epoch and an offset mean one record. */
    void holds(long offset, Entry entry, int id, int life) {
        Written here =
                written.computeIfAbsent(entry.epoch() + "/" + offset, place -> new Written(entry, new HashMap<>()));
        if (!here.entry().equals(entry))
            throw new AssertionError("at offset " + offset + " is " + entry + ", elsewhere " + here.entry());
        here.lives().put(id, life);
    }

    /** Whether a broker has written that record in a life that is over, so that the end of that life may have taken it. */
    boolean heldBefore(long offset, Entry entry, int id, int life) {
        Written here = written.get(entry.epoch() + "/" + offset);
        return here != null && here.lives().getOrDefault(id, life) < life;
    }

    /** R3: a replica lets readers read up to there. */
    void shows(ModelLog log, long fromOffset, long untilOffset, int id) {
        if (untilOffset > log.logEndOffset())
            throw new AssertionError(id + " has high watermark " + untilOffset + " in " + log);
        for (long offset = Math.max(log.logStartOffset(), fromOffset); offset < untilOffset; offset++) {
            if (offset < committed.size()) agreesAt(log, offset, String.valueOf(id));
            else if (offset == committed.size()) committed.add(log.entry(offset));
            else throw new AssertionError(id + " shows offset " + offset + " after " + committed.size());
        }
    }

    /** R1: what is acknowledged is committed there; that it stays so, the other claims say. */
    void acknowledges(long offset, Entry entry) {
        if (offset >= committed.size() || !committed.get((int) offset).equals(entry))
            throw new AssertionError("acknowledged is " + entry + " at offset " + offset + ", committed is "
                    + (offset < committed.size() ? committed.get((int) offset) : committed.size()));
        acknowledgedCount++;
    }
}
