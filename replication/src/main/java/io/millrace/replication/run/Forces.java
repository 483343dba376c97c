package io.millrace.replication.run;

import io.millrace.environment.Lane;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.function.BooleanSupplier;

/**
 * The forces of one lane's logs: those that want one wait in line, and a few of each log directory are under way at a time.
 * What is appended to a log while it waits, or while it is being forced, shares its next force. Touched only on that lane.
 *
 * <p>A log's turn comes no sooner than the next turn of the lane, so that the appends that came with it share its force. More
 * than one at a time, because file systems merge concurrent forces into one commit of their journal; few, because those that
 * wait gather more, and other work wants the helpers too.
 */
public final class Forces {
    /** Most forces of one lane and log directory at a time. */
    static final int AT_A_TIME = 2;

    private final Lane lane;
    private final Map<Path, Line> lines = new HashMap<>();
    private final long[] byAppends = new long[ForceNumbers.BOUNDS.size() + 1];
    private long forces;
    private long totalNanos;
    private long appends;

    /** Those who wait for one log directory, in order. */
    private static final class Line {
        final Queue<BooleanSupplier> waiting = new ArrayDeque<>();
        int underWay;
        boolean isCalled;
    }

    /** Makes the forces of a lane. */
    public Forces(Lane lane) {
        this.lane = lane;
    }

    /**
     * Puts a log in line. Once in line it must not be put there again before its turn.
     *
     * @param directory the log directory, which stands for a disk
     * @param begin run on the lane when its turn has come: begins a force, whose end is told to {@link #ended}, and returns
     *     true; or false if the log does not want one any more
     */
    void request(Path directory, BooleanSupplier begin) {
        Line line = lines.computeIfAbsent(directory, first -> new Line());
        line.waiting.add(begin);
        call(line);
    }

    private void call(Line line) {
        if (line.isCalled || line.underWay >= AT_A_TIME || line.waiting.isEmpty()) return;
        line.isCalled = true;
        lane.execute(() -> {
            line.isCalled = false;
            while (line.underWay < AT_A_TIME) {
                BooleanSupplier first = line.waiting.poll();
                if (first == null) return;
                if (first.getAsBoolean()) line.underWay++;
            }
        });
    }

    /** A force that {@link #request} began has ended, however; the next in line has its turn. */
    void ended(Path directory) {
        Line line = lines.get(directory);
        if (line == null || line.underWay == 0) throw new IllegalStateException("no force of " + directory + " began");
        line.underWay--;
        call(line);
    }

    /** Counts a force that succeeded. */
    void count(long nanos, long appendCount) {
        forces++;
        totalNanos += nanos;
        appends += appendCount;
        int at = 0;
        while (at < ForceNumbers.BOUNDS.size() && appendCount > ForceNumbers.BOUNDS.get(at)) at++;
        byAppends[at]++;
    }

    /** What they have cost so far. */
    public ForceNumbers numbers() {
        int waiting = 0;
        for (Line line : lines.values()) waiting += line.waiting.size();
        return new ForceNumbers(
                forces, totalNanos, appends, Arrays.stream(byAppends).boxed().toList(), waiting);
    }
}
