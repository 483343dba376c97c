package io.millrace.client.fetching;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Tells, batch by batch in the order of the log, which records of a fetched range belong to aborted transactions (KIP-98). A
 * transaction is aborted from its first offset up to its producer's abort marker.
 */
final class AbortedTransactions {
    private final ArrayDeque<FetchedRange.Aborted> ahead;
    private final Set<Long> aborting = new HashSet<>();

    AbortedTransactions(List<FetchedRange.Aborted> aborted) {
        List<FetchedRange.Aborted> inOrder = new ArrayList<>(aborted);
        inOrder.sort(Comparator.comparingLong(FetchedRange.Aborted::firstOffset));
        ahead = new ArrayDeque<>(inOrder);
    }

    /** Whether a transactional batch of this producer, which ends at that offset, is aborted. */
    boolean isAborted(long producerId, long lastOffset) {
        begunUpTo(lastOffset);
        return aborting.contains(producerId);
    }

    /** The producer's abort marker stands at that offset. */
    void ended(long producerId, long offset) {
        begunUpTo(offset);
        aborting.remove(producerId);
    }

    private void begunUpTo(long lastOffset) {
        for (FetchedRange.Aborted next = ahead.peek();
                next != null && next.firstOffset() <= lastOffset;
                next = ahead.peek()) {
            aborting.add(next.producerId());
            ahead.remove();
        }
    }
}
