package io.millrace.client.producer;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Chooses the partition of records without a key (KIP-480, KIP-794): the same one until a batch's worth of bytes has gone
 * there, then another, the likelier the less is waiting for it.
 */
final class StickyPartition {
    private static final int NONE = -1;

    private final int batchBytes;
    private final boolean isAdaptive;
    private volatile int current = NONE;
    /** Bytes since the partition was chosen; touched under its lock. */
    private int bytes;

    StickyPartition(int batchBytes, boolean isAdaptive) {
        this.batchBytes = batchBytes;
        this.isAdaptive = isAdaptive;
    }

    /** The partition that is chosen; under another's lock it may be another by now, see {@link #isStill}. */
    int current(TopicPartitions topic) {
        int chosen = current;
        return chosen == NONE || chosen >= topic.all().length ? chooseFirst(topic) : chosen;
    }

    private int chooseFirst(TopicPartitions topic) {
        int chosen = choose(topic, isAdaptive);
        current = chosen;
        return chosen;
    }

    /** Whether the partition is still the chosen one. Under its lock. */
    boolean isStill(int partition) {
        return current == partition;
    }

    /** A record was added. Under the partition's lock. */
    void added(int recordBytes) {
        bytes += recordBytes;
    }

    /**
     * The chosen partition needs a new batch, which is the time to choose another. Under the partition's lock.
     *
     * @param isFull whether its last batch was filled, rather than sent for its age
     * @return whether another was chosen
     */
    boolean moveOn(TopicPartitions topic, int partition, boolean isFull) {
        if (!isFull && bytes < batchBytes) return false;
        bytes = 0;
        int chosen = choose(topic, isAdaptive);
        current = chosen;
        return chosen != partition;
    }

    private static int choose(TopicPartitions topic, boolean isAdaptive) {
        int[] available = topic.view().available();
        SharedPartition[] all = topic.all();
        ThreadLocalRandom random = ThreadLocalRandom.current();
        if (available.length == 0) return random.nextInt(all.length);
        if (available.length == 1) return available[0];
        if (!isAdaptive) return available[random.nextInt(available.length)];
        int most = 0;
        for (int each : available) most = Math.max(most, all[each].batchesOnTheirWay());
        long weights = 0;
        for (int each : available) weights += Math.max(1, most + 1 - all[each].batchesOnTheirWay());
        long drawn = random.nextLong(weights);
        for (int each : available) {
            drawn -= Math.max(1, most + 1 - all[each].batchesOnTheirWay());
            if (drawn < 0) return each;
        }
        return available[available.length - 1]; // What is on its way has changed meanwhile.
    }
}
