package io.millrace.client.producer;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/** Partitioners to choose from instead of the producer's own, and the hash by which keys find their partition. */
public final class Partitioners {
    private static final int SEED = 0x9747b28c;
    private static final int MULTIPLIER = 0x5bd1e995;
    private static final int SHIFT = 24;

    private Partitioners() {}

    /** One after the other, whatever the key; those without a leader are passed over while others have one. */
    public static Partitioner roundRobin() {
        ConcurrentHashMap<String, AtomicInteger> counters = new ConcurrentHashMap<>();
        return (topic, key, keyBytes, value, valueBytes, partitions) -> {
            int next =
                    counters.computeIfAbsent(topic, name -> new AtomicInteger()).getAndIncrement() & Integer.MAX_VALUE;
            int[] available = partitions.available();
            return available.length > 0 ? available[next % available.length] : next % partitions.count();
        };
    }

    /** Any, whatever the key; those without a leader are passed over while others have one. */
    public static Partitioner random() {
        return (topic, key, keyBytes, value, valueBytes, partitions) -> {
            int[] available = partitions.available();
            ThreadLocalRandom random = ThreadLocalRandom.current();
            return available.length > 0
                    ? available[random.nextInt(available.length)]
                    : random.nextInt(partitions.count());
        };
    }

    /**
     * The partition of a key, as Kafka's clients in Java have always chosen it.
     *
     * @param partitionCount at least 1
     */
    public static int forKey(byte[] keyBytes, int partitionCount) {
        return (murmur2(keyBytes) & Integer.MAX_VALUE) % partitionCount;
    }

    /** MurmurHash2 of 32 bits, with Kafka's seed. */
    static int murmur2(byte[] data) {
        int hash = SEED ^ data.length;
        int at = 0;
        for (; at + Integer.BYTES <= data.length; at += Integer.BYTES) {
            int word = (data[at] & 0xff)
                    | (data[at + 1] & 0xff) << 8
                    | (data[at + 2] & 0xff) << 16
                    | (data[at + 3] & 0xff) << 24;
            word *= MULTIPLIER;
            word ^= word >>> SHIFT;
            hash = hash * MULTIPLIER ^ word * MULTIPLIER;
        }
        int left = data.length - at;
        if (left > 0) {
            for (int i = left - 1; i >= 0; i--) hash ^= (data[at + i] & 0xff) << (8 * i);
            hash *= MULTIPLIER;
        }
        hash = (hash ^ hash >>> 13) * MULTIPLIER;
        return hash ^ hash >>> 15;
    }
}
