package io.millrace.replication;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/** Whose turn it is to ask, in the order in which they came to have something to ask, and who waits until when. Told apart by {@code equals}. */
final class FetchTurns<P> {
    private final NavigableMap<Long, Set<P>> byTime = new TreeMap<>();
    private final Map<P, Long> waiting = new HashMap<>();
    private Set<P> due = new LinkedHashSet<>();

    /** It may ask now. */
    void now(P who) {
        wake(who);
        due.add(who);
    }

    /** It may ask from {@code atMs} on. */
    void later(P who, long atMs) {
        remove(who);
        waiting.put(who, atMs);
        byTime.computeIfAbsent(atMs, at -> new LinkedHashSet<>()).add(who);
    }

    /** It asks nothing until it is named again. */
    void remove(P who) {
        wake(who);
        due.remove(who);
    }

    private void wake(P who) {
        Long atMs = waiting.remove(who);
        if (atMs == null) return;
        Set<P> those = byTime.get(atMs);
        if (those != null && those.remove(who) && those.isEmpty()) byTime.remove(atMs);
    }

    /** Whether somebody may ask now, as of the last {@link #take}. */
    boolean isAnyDue() {
        return !due.isEmpty();
    }

    /** When the next of those who wait may ask; {@link Long#MAX_VALUE} if nobody waits. */
    long nextAtMs() {
        return byTime.isEmpty() ? Long.MAX_VALUE : byTime.firstKey();
    }

    /** Takes out all whose turn it is, first come first. */
    List<P> take(long nowMs) {
        while (!byTime.isEmpty() && byTime.firstKey() <= nowMs) {
            Set<P> those = byTime.pollFirstEntry().getValue();
            for (P each : those) waiting.remove(each);
            due.addAll(those);
        }
        if (due.isEmpty()) return List.of();
        List<P> all = new ArrayList<>(due);
        due = new LinkedHashSet<>();
        return all;
    }
}
