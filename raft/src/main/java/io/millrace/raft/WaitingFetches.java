package io.millrace.raft;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;

/** Fetches that found nothing new, until there is something or they have waited long enough. */
public final class WaitingFetches {
    /** More than replicas any cluster has; whoever comes then is answered at once. */
    private static final int MOST = 10_000;

    private final List<Waiting> waiting = new ArrayList<>();

    /** A fetch whose answer is due at a moment, at the latest. */
    record Waiting(long call, long fromOffset, long knownHighWatermark, long dueMs) {}

    WaitingFetches() {}

    /** Lets a fetch wait, if there is room. */
    boolean add(Waiting fetch) {
        return waiting.size() < MOST && waiting.add(fetch);
    }

    /** Takes those out that something new has come for: records, or word that more is committed (KIP-1166). */
    List<Waiting> takeServed(long logEndOffset, long highWatermark) {
        return take(fetch -> fetch.fromOffset() < logEndOffset || fetch.knownHighWatermark() < highWatermark);
    }

    /** Takes those out that have waited long enough. */
    List<Waiting> takeDue(long nowMs) {
        return take(fetch -> fetch.dueMs() <= nowMs);
    }

    /** Takes all out. */
    List<Waiting> takeAll() {
        return take(fetch -> true);
    }

    /** When the first is due. */
    long nextDueMs() {
        long next = Long.MAX_VALUE;
        for (Waiting fetch : waiting) next = Math.min(next, fetch.dueMs());
        return next;
    }

    private List<Waiting> take(Predicate<Waiting> wanted) {
        List<Waiting> taken = new ArrayList<>();
        for (Iterator<Waiting> each = waiting.iterator(); each.hasNext(); ) {
            Waiting fetch = each.next();
            if (!wanted.test(fetch)) continue;
            taken.add(fetch);
            each.remove();
        }
        return taken;
    }
}
