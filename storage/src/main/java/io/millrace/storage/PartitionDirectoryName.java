package io.millrace.storage;

import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import java.util.Locale;
import java.util.Optional;

/**
 * What the name of a directory within a log directory says. A partition's own is {@code topic-partition}; one on its way
 * out, in or aside has a unique id and a suffix: {@code topic.uniqueid-delete} with the partition before the dot.
 *
 * @param partition whose directory it is
 * @param state     what is going on with it
 */
public record PartitionDirectoryName(TopicPartition partition, State state) {
    private static final int MAX_NAME_CHARS = 255;

    /** What a partition's directory is for. */
    public enum State {
        /** The partition's log. */
        CURRENT(""),
        /** Waits for its deletion. */
        DELETE("-delete"),
        /** A copy being filled from another log directory (KIP-113). */
        FUTURE("-future"),
        /** Set aside because the cluster does not know of it here (KIP-858). */
        STRAY("-stray");

        private final String suffix;

        State(String suffix) {
            this.suffix = suffix;
        }
    }

    /** The partition's own directory name. */
    public static String of(TopicPartition partition) {
        return partition.topic() + "-" + partition.partition();
    }

    /**
     * A directory name for a partition that is deleted, moved or set aside. A long topic name is cut so that the whole
     * fits into what file systems allow.
     *
     * @param uniqueId makes the name unique
     */
    public static String of(TopicPartition partition, State state, Uuid uniqueId) {
        if (state == State.CURRENT) return of(partition);
        String id = String.format(
                Locale.ROOT, "%016x%016x", uniqueId.mostSignificantBits(), uniqueId.leastSignificantBits());
        String tail = "-" + partition.partition() + "." + id + state.suffix;
        String topic = partition.topic();
        int topicChars = Math.min(topic.length(), MAX_NAME_CHARS - tail.length());
        return topic.substring(0, topicChars) + tail;
    }

    /** Reads a name; nothing if no partition's directory is called so. */
    public static Optional<PartitionDirectoryName> parse(String name) {
        State state = State.CURRENT;
        String rest = name;
        for (State candidate : State.values()) {
            if (candidate == State.CURRENT || !name.endsWith(candidate.suffix)) continue;
            int dot = name.lastIndexOf('.');
            if (dot < 0) continue;
            state = candidate;
            rest = name.substring(0, dot);
        }
        int dash = rest.lastIndexOf('-');
        if (dash < 1 || dash == rest.length() - 1) return Optional.empty();
        try {
            int partition = Integer.parseInt(rest.substring(dash + 1));
            if (partition < 0) return Optional.empty();
            return Optional.of(
                    new PartitionDirectoryName(new TopicPartition(rest.substring(0, dash), partition), state));
        } catch (IllegalArgumentException notAPartition) {
            return Optional.empty();
        }
    }
}
