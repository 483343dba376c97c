package io.millrace.replication;

import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * Those who wait until a log has come up to an offset, in offset order, so that whoever is released is a prefix.
 *
 * <p>Waiters arrive in the order of their offsets, because they wait for what they just appended; only one whose batch was
 * there already may come late.
 *
 * @param <W> who waits
 */
public final class OffsetWaiters<W> {
    private record Waiting<W>(long untilOffset, W waiter) {}

    private final ArrayDeque<Waiting<W>> waiting = new ArrayDeque<>();

    /**
     * Adds somebody who waits until {@code untilOffset} is reached. A producer that sends a batch again waits for an offset
     * below those of later batches; it then waits with the one before it, so that the released stay a prefix.
     *
     * @param untilOffset the offset just past what it waits for
     */
    public void add(long untilOffset, W waiter) {
        Waiting<W> last = waiting.peekLast();
        long inOrder = last == null ? untilOffset : Math.max(untilOffset, last.untilOffset());
        waiting.addLast(new Waiting<>(inOrder, waiter));
    }

    /** Hands over, in order, everybody whose offset is at or below {@code reachedOffset}. */
    public void release(long reachedOffset, Consumer<? super W> released) {
        for (Waiting<W> first = waiting.peekFirst();
                first != null && first.untilOffset() <= reachedOffset;
                first = waiting.peekFirst()) {
            waiting.removeFirst();
            released.accept(first.waiter());
        }
    }

    /** Hands over everybody, as when the partition is lost. */
    public void releaseAll(Consumer<? super W> released) {
        release(Long.MAX_VALUE, released);
    }

    /** Whether nobody waits. */
    public boolean isEmpty() {
        return waiting.isEmpty();
    }
}
