package io.millrace.client.producer;

import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

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
        if (!isAdaptive) return available[random.nextInt(available.length)];
        int[] waiting = new int[available.length];
        for (int i = 0; i < available.length; i++) waiting[i] = all[available[i]].batchesOnTheirWay();
        return available[draw(waiting, random)];
    }

    /**
     * Draws one, the likelier the less is waiting for it: where most is waiting the weight is 1, and elsewhere one more for each batch
     * less (KIP-794).
     *
     * @param waiting batches that wait for each, at least one number
     * @return an index into {@code waiting}
     */
    static int draw(int[] waiting, RandomGenerator random) {
        int most = 0;
        for (int each : waiting) most = Math.max(most, each);
        long weights = 0;
        for (int each : waiting) weights += most + 1 - each;
        long drawn = random.nextLong(weights);
        int chosen = 0;
        while (drawn >= most + 1 - waiting[chosen]) {
            drawn -= most + 1 - waiting[chosen];
            chosen++;
        }
        return chosen;
    }
}
