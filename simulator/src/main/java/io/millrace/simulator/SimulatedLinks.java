package io.millrace.simulator;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What lies between the machines of a network, each direction by itself. Machines are numbered in the order in which they were added,
 * from 0. As TCP does, both ends of a connection go on sending over a link that is cut, again and again, until they give up or the
 * link is mended.
 */
public final class SimulatedLinks {
    private static final long NANOS_PER_MS = 1_000_000;

    private record Link(int from, int to) {}

    private final Set<Link> cut = new HashSet<>();
    private final Map<Link, Long> delays = new HashMap<>();
    private final Map<Link, Long> nanosPerByte = new HashMap<>();

    private long mends;

    SimulatedLinks() {}

    /** Nothing comes through in this direction any more. */
    public void cut(int from, int to) {
        if (from != to) cut.add(new Link(from, to));
    }

    /** Bytes come through again. */
    public void mend(int from, int to) {
        if (cut.remove(new Link(from, to))) mends++;
    }

    /** How often something came through again that did not before. */
    public long mends() {
        return mends;
    }

    /** Everything in this direction takes up to twice so long more; 0 for as usual. */
    public void delay(int from, int to, long ms) {
        if (ms == 0) delays.remove(new Link(from, to));
        else delays.put(new Link(from, to), ms * NANOS_PER_MS);
    }

    /** At most so many bytes a millisecond come through in this direction on one connection; 0 for any number. */
    public void narrow(int from, int to, int bytesPerMs) {
        if (bytesPerMs == 0) nanosPerByte.remove(new Link(from, to));
        else nanosPerByte.put(new Link(from, to), NANOS_PER_MS / bytesPerMs);
    }

    /** All links are as they were at first. */
    public void mendAll() {
        mends++;
        cut.clear();
        delays.clear();
        nanosPerByte.clear();
    }

    /** Whether nothing comes through in this direction. */
    public boolean isCut(int from, int to) {
        return !cut.isEmpty() && cut.contains(new Link(from, to));
    }

    /** Whether everything comes through everywhere, as soon and as fast as ever. */
    public boolean areWell() {
        return cut.isEmpty() && delays.isEmpty() && nanosPerByte.isEmpty();
    }

    long delayNanos(int from, int to) {
        return delays.isEmpty() ? 0 : delays.getOrDefault(new Link(from, to), 0L);
    }

    long nanosFor(int from, int to, int bytes) {
        return nanosPerByte.isEmpty() ? 0 : bytes * nanosPerByte.getOrDefault(new Link(from, to), 0L);
    }
}
