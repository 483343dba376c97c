package io.millrace.server.partitions;

import io.millrace.environment.Lane;
import io.millrace.records.TopicPartition;
import io.millrace.server.storage.LogDirectories;
import io.millrace.storage.PartitionLog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The logs of one lane that helpers are to open: few at a time for each log directory, so that helpers stay free for forces and
 * so that any number of logs may wait; those of internal topics first. Also knows which logs could not be opened. Touched only
 * on the lane.
 */
final class Openings {
    private final Lane lane;
    private final int atATime;
    private final IdentityHashMap<LogDirectories.InUse, ArrayDeque<Opening>> waiting = new IdentityHashMap<>();
    private final IdentityHashMap<LogDirectories.InUse, Integer> underWay = new IdentityHashMap<>();
    private final Map<TopicPartition, LogDirectories.InUse> opening = new LinkedHashMap<>();
    private final Map<TopicPartition, LogDirectories.InUse> offline = new LinkedHashMap<>();
    private final Map<TopicPartition, LogDirectories.InUse> dropped = new LinkedHashMap<>();
    private final List<Runnable> waitingToSettle = new ArrayList<>();
    private int opened;
    private long bytesScanned;

    private record Opening(
            TopicPartition name, Callable<PartitionLog> open, Consumer<Lane.Outcome<PartitionLog>> then) {}

    /** @param atATime most logs of one directory that are opened at a time, at least 1 */
    Openings(Lane lane, int atATime) {
        this.lane = lane;
        this.atATime = atATime;
    }

    /** Has a helper open a log when its turn comes; {@code then} is told on the lane. */
    void add(
            TopicPartition name,
            LogDirectories.InUse directory,
            Callable<PartitionLog> open,
            Consumer<Lane.Outcome<PartitionLog>> then) {
        opening.put(name, directory);
        ArrayDeque<Opening> queue = waiting.computeIfAbsent(directory, d -> new ArrayDeque<>());
        Opening one = new Opening(name, open, then);
        if (name.topic().startsWith("__")) queue.addFirst(one);
        else queue.addLast(one);
        next(directory);
    }

    private void next(LogDirectories.InUse directory) {
        ArrayDeque<Opening> queue = waiting.getOrDefault(directory, new ArrayDeque<>());
        while (underWay.getOrDefault(directory, 0) < atATime) {
            Opening one = queue.pollFirst();
            if (one == null) return;
            underWay.merge(directory, 1, Integer::sum);
            lane.offload(one.open(), outcome -> ended(directory, one, outcome));
        }
    }

    private void ended(LogDirectories.InUse directory, Opening one, Lane.Outcome<PartitionLog> outcome) {
        underWay.merge(directory, -1, Integer::sum);
        opening.remove(one.name());
        switch (outcome) {
            case Lane.Outcome.Done<PartitionLog>(PartitionLog log) -> {
                opened++;
                bytesScanned += log.recovery().bytesScanned();
            }
            case Lane.Outcome.Failed<PartitionLog> ignored -> offline.put(one.name(), directory);
        }
        one.then().accept(outcome);
        next(directory);
        settle();
    }

    private void settle() {
        if (!opening.isEmpty()) return;
        List<Runnable> then = List.copyOf(waitingToSettle);
        waitingToSettle.clear();
        for (Runnable one : then) one.run();
    }

    /** Runs {@code then} once no log is being opened; at once if none is. */
    void whenSettled(Runnable then) {
        if (opening.isEmpty()) then.run();
        else waitingToSettle.add(then);
    }

    /**
     * Opens no more of those whose turn has not come, in the directories that {@code of} takes; they stay {@linkplain #unopened
     * unopened}. Called while the node stops.
     */
    void dropWaiting(Predicate<LogDirectories.InUse> of) {
        waiting.forEach((directory, queue) -> {
            if (!of.test(directory)) return;
            for (Opening one : queue) {
                opening.remove(one.name());
                dropped.put(one.name(), directory);
            }
            queue.clear();
        });
        settle();
    }

    /** A log that was opened while the node stops could not be closed in order: it counts as one that was never opened. */
    void stayedOpen(TopicPartition name, LogDirectories.InUse directory) {
        offline.put(name, directory);
    }

    boolean isOpening(TopicPartition name) {
        return opening.containsKey(name);
    }

    boolean isOffline(TopicPartition name) {
        return offline.containsKey(name);
    }

    /** Forgets a log that could not be opened; where it lies, or null if there is none of that name. */
    LogDirectories.@Nullable InUse takeOffline(TopicPartition name) {
        return offline.remove(name);
    }

    /** Logs that are not open, for whatever reason, by the directory they lie in. */
    Map<TopicPartition, LogDirectories.InUse> unopened() {
        Map<TopicPartition, LogDirectories.InUse> unopened = new LinkedHashMap<>(opening);
        unopened.putAll(offline);
        unopened.putAll(dropped);
        return unopened;
    }

    OpeningCounts counts() {
        return new OpeningCounts(opening.size(), opened, offline.size(), bytesScanned);
    }
}
