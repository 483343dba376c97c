package io.millrace.cli.reassign;

import io.millrace.cli.terminal.Sizes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalDouble;

/** How fast bytes arrive, by what they were in the last while, and how long the rest will take at that. */
final class MoveMeter {
    /** How far back the speed is looked at. */
    private static final long WINDOW_MS = 20_000;

    /** How long nothing has to arrive until it is said. */
    private static final long STALLED_MS = 30_000;

    private static final double MS_PER_SECOND = 1_000;

    private record Look(long atMs, long bytes) {}

    private final Deque<Look> looks = new ArrayDeque<>();
    private long lastGainMs;

    /**
     * Takes note of how far it is.
     *
     * @param bytes that are there by now
     */
    void saw(long nowMs, long bytes) {
        if (looks.isEmpty() || bytes > looks.getLast().bytes()) lastGainMs = nowMs;
        looks.addLast(new Look(nowMs, bytes));
        while (looks.size() > 2 && nowMs - looks.getFirst().atMs() > WINDOW_MS) looks.removeFirst();
    }

    /** Bytes per second; empty before anything was seen to arrive. */
    OptionalDouble bytesPerSecond() {
        if (looks.size() < 2) return OptionalDouble.empty();
        long ms = looks.getLast().atMs() - looks.getFirst().atMs();
        long bytes = looks.getLast().bytes() - looks.getFirst().bytes();
        return ms <= 0 || bytes <= 0 ? OptionalDouble.empty() : OptionalDouble.of(bytes * MS_PER_SECOND / ms);
    }

    /** A line about it. */
    String line(long partitionsDone, long partitions, long allBytes) {
        if (looks.isEmpty()) throw new IllegalStateException("nothing was seen yet");
        long bytes = looks.getLast().bytes();
        StringBuilder line = new StringBuilder();
        line.append(partitionsDone).append(" of ").append(partitions).append(" partitions, ");
        line.append(Sizes.bytes(bytes)).append(" of ").append(Sizes.bytes(allBytes));
        if (allBytes > 0)
            line.append(" (").append(100 * Math.min(bytes, allBytes) / allBytes).append(" %)");
        OptionalDouble speed = bytesPerSecond();
        if (speed.isPresent()) {
            line.append(", ").append(Sizes.bytes((long) speed.getAsDouble())).append("/s, ");
            line.append(Sizes.time(Math.max(0, allBytes - bytes) / speed.getAsDouble()))
                    .append(" to go");
        }
        long stalledMs = looks.getLast().atMs() - lastGainMs;
        if (stalledMs >= STALLED_MS)
            line.append(", nothing for ")
                    .append(Sizes.time(stalledMs / MS_PER_SECOND))
                    .append(": are all brokers up?");
        return line.toString();
    }
}
