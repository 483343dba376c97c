package io.millrace.client.producer;

import io.millrace.client.cluster.ClusterTopic;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** What sending threads know of a topic. Only the lane changes it; threads that need more than there is wait for it. */
final class TopicPartitions {
    private static final Partitioner.Partitions NO_VIEW = new Partitioner.Partitions(0, new int[0]);

    /** How often somebody who waits asks again; metadata has a pause of its own between two requests. */
    private static final long ASK_AGAIN_NANOS = 500_000_000;

    private final String name;
    private final StickyPartition sticky;
    private final ConcurrentLinkedQueue<Thread> waiters = new ConcurrentLinkedQueue<>();
    private volatile SharedPartition[] all = {};
    private volatile Partitioner.Partitions view = NO_VIEW;
    private volatile ErrorCode error = ErrorCode.NONE;

    TopicPartitions(String name, StickyPartition sticky) {
        this.name = name;
        this.sticky = sticky;
    }

    String name() {
        return name;
    }

    StickyPartition sticky() {
        return sticky;
    }

    /** All partitions, none while the topic is not known. */
    SharedPartition[] all() {
        return all;
    }

    Partitioner.Partitions view() {
        return view;
    }

    /** All partitions, and whether each has a leader. */
    List<PartitionInfo> describe() {
        Partitioner.Partitions known = view;
        List<PartitionInfo> infos = new ArrayList<>(known.count());
        for (int i = 0; i < known.count(); i++) {
            boolean hasLeader = Arrays.binarySearch(known.available(), i) >= 0;
            infos.add(new PartitionInfo(name, i, hasLeader));
        }
        return infos;
    }

    /** What the cluster says instead of partitions. */
    ErrorCode error() {
        return error;
    }

    /** Takes news in, on the lane. A topic never has fewer partitions than it had. */
    void learn(ClusterTopic topic, IntFunction<SharedPartition> newPartition) {
        error = topic.error();
        int count = Math.max(all.length, topic.partitionCount());
        if (count > all.length) {
            SharedPartition[] grown = Arrays.copyOf(all, count);
            for (int i = all.length; i < count; i++) grown[i] = newPartition.apply(i);
            all = grown;
        }
        int[] available = new int[count];
        int found = 0;
        for (int i = 0; i < count; i++) if (topic.leader(i).isKnown()) available[found++] = i;
        view = new Partitioner.Partitions(count, Arrays.copyOf(available, found));
        for (Thread waiter : waiters) LockSupport.unpark(waiter);
    }

    /** Lets those who wait look again. */
    void wakeAll() {
        for (Thread waiter : waiters) LockSupport.unpark(waiter);
    }

    /** Waits until a partition is there, or the time or the use of waiting is over; {@code ask} is run now and again meanwhile. */
    void awaitPartition(int partition, long deadlineNanos, Runnable ask, Waiting whileWaiting)
            throws InterruptedException {
        Thread self = Thread.currentThread();
        waiters.add(self);
        try {
            while (all.length <= partition && !whileWaiting.isOver()) {
                long leftNanos = deadlineNanos - System.nanoTime();
                if (leftNanos <= 0) return;
                if (Thread.interrupted()) throw new InterruptedException();
                ask.run();
                LockSupport.parkNanos(this, Math.min(leftNanos, ASK_AGAIN_NANOS));
            }
        } finally {
            waiters.remove(self);
        }
    }

    /** Whether waiting has no use any more. */
    @FunctionalInterface
    interface Waiting {
        boolean isOver();
    }

    /** The partition, null if it is not known. */
    @Nullable
    SharedPartition partition(int index) {
        SharedPartition[] known = all;
        return index < known.length ? known[index] : null;
    }
}
