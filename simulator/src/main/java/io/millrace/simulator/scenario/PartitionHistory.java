package io.millrace.simulator.scenario;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What clients did to one partition and saw of it, and the promises that it must keep: what is acknowledged stays at its
 * offset (R1), what was read once is read again (R3), every value is there once (T1) and each producer's in the order in
 * which they were sent (R10).
 */
final class PartitionHistory {
    private final String name;
    private final TreeMap<Long, String> known = new TreeMap<>();
    private final Map<String, List<String>> sentByProducer = new TreeMap<>();
    private final Set<String> unfinished = new HashSet<>();
    private final Watch watch;
    private long acknowledged;

    /** Who is told of acknowledgements, and knows what befell the disks. */
    interface Watch {
        /** A producer is told that these values were written from that offset on. */
        void acknowledged(long baseOffset, List<String> values);

        /** Whether a replica may be damaged, so that its broker refuses to give what is there. */
        default boolean mayBeDamaged() {
            return false;
        }

        /** A client is told that all below this offset is on all in-sync replicas. */
        default void highWatermark(long offset) {}
    }

    PartitionHistory(String name) {
        this(name, (baseOffset, values) -> {});
    }

    PartitionHistory(String name, Watch watch) {
        this.name = name;
        this.watch = watch;
    }

    void sending(String producer, List<String> values) {
        sentByProducer.computeIfAbsent(producer, _ -> new ArrayList<>()).addAll(values);
    }

    /** The last values of this producer may be there or not. */
    void gaveUp(String producer) {
        unfinished.add(producer);
    }

    void acknowledged(long baseOffset, List<String> values) {
        acknowledged += values.size();
        for (int i = 0; i < values.size(); i++) seen("acknowledged", baseOffset + i, values.get(i));
        watch.acknowledged(baseOffset, values);
    }

    /** Whether a broker may refuse what it has as damaged. */
    boolean mayBeDamaged() {
        return watch.mayBeDamaged();
    }

    /** A client is told of a high watermark. */
    void highWatermark(long offset) {
        watch.highWatermark(offset);
    }

    void read(long offset, String value) {
        seen("read", offset, value);
    }

    private void seen(String how, long offset, String value) {
        String before = known.putIfAbsent(offset, value);
        if (before != null && !before.equals(value))
            throw broken("offset " + offset + " was " + brief(before) + " and is now " + how + " as " + brief(value));
    }

    /** Where the partition ends at least, by what was acknowledged and read. */
    long knownEnd() {
        return known.isEmpty() ? 0 : known.lastKey() + 1;
    }

    long acknowledgedCount() {
        return acknowledged;
    }

    /** Holds the whole partition, read from the beginning when all producers had done, against what is known. */
    void check(List<String> whole) {
        for (Map.Entry<Long, String> one : known.entrySet()) {
            int offset = Math.toIntExact(one.getKey());
            if (offset >= whole.size())
                throw broken(
                        "offset " + offset + " with " + brief(one.getValue()) + " is lost; it ends at " + whole.size());
            if (!whole.get(offset).equals(one.getValue()))
                throw broken(
                        "at " + offset + " was " + brief(one.getValue()) + ", in the end " + brief(whole.get(offset)));
        }
        Set<String> once = new HashSet<>();
        for (String value : whole) if (!once.add(value)) throw broken(brief(value) + " is there twice");
        for (Map.Entry<String, List<String>> sent : sentByProducer.entrySet()) {
            List<String> found = new ArrayList<>(whole);
            found.removeIf(value -> !producerOf(value).equals(sent.getKey()));
            List<String> all = sent.getValue();
            if (unfinished.contains(sent.getKey())) all = all.subList(0, Math.min(found.size(), all.size()));
            if (!found.equals(all))
                throw broken("of " + sent.getKey() + " it holds " + found.size() + " values, not the " + all.size()
                        + " that were sent in their order");
        }
    }

    static String value(String producer, int number, String padding) {
        return producer + "/" + number + "/" + padding;
    }

    private static String producerOf(String value) {
        return value.substring(0, value.indexOf('/'));
    }

    private static String brief(String value) {
        return value.substring(0, value.lastIndexOf('/'));
    }

    AssertionError broken(String how) {
        return new AssertionError("partition " + name + ": " + how);
    }
}
